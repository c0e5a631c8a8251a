//! The objects of the model and who refers to whom. It owns sets of objects and their closure; it
//! does not know what is stored.
//!
//! Two flists share a chunk: manifest 0 → directory D → chunks X and Y; manifest 1 → directory E → Y.
//! The numbers are in topological order: who refers has a smaller number than who is referred to.

use std::fmt;

/// How many objects there are.
pub(super) const COUNT: usize = 6;
/// What an object is called in a trace, by its number.
const NAMES: [&str; COUNT] = ["M0", "M1", "D", "E", "X", "Y"];
/// What an object refers to, by its number.
const BELOW: [Set; COUNT] =
    [Set(0b00_0100), Set(0b00_1000), Set(0b11_0000), Set(0b10_0000), Set(0), Set(0)];

/// A set of objects: a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Set(u8);

impl Set {
    /// No object.
    pub(super) const NONE: Self = Self(0);
    /// Every object.
    pub(super) const ALL: Self = Self(0b11_1111);
    /// The directories.
    pub(super) const DIRECTORIES: Self = Self(0b00_1100);

    /// One object.
    pub(super) fn one(object: usize) -> Self {
        Self(1 << object)
    }

    /// The objects with these numbers.
    pub(super) fn of(objects: &[usize]) -> Self {
        objects.iter().fold(Self::NONE, |set, object| set.and(Self::one(*object)))
    }

    /// What is in either.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one and not in the other.
    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in both.
    pub(super) fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of the other is in this one.
    pub(super) fn holds(self, other: Self) -> bool {
        other.without(self).is_empty()
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The objects, who refers before who is referred to.
    pub(super) fn each(self) -> impl DoubleEndedIterator<Item = usize> {
        (0..COUNT).filter(move |object| self.holds(Self::one(*object)))
    }

    /// These objects and all that is below them.
    pub(super) fn closure(self) -> Self {
        self.each().fold(self, |all, object| all.and(BELOW[object].closure()))
    }

    /// These objects and what is below them, as far as the way down is present.
    pub(super) fn closure_within(self, present: Self) -> Self {
        let here = self.common(present);
        here.each().fold(here, |all, object| all.and(BELOW[object].closure_within(present)))
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.each().map(|object| NAMES[object])).finish()
    }
}

/// Everything that belongs to a flist, its manifest too.
pub(super) fn flist(number: usize) -> Set {
    Set::one(number).closure()
}
