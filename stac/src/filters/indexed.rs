//! What a filter says of values that the index keeps: a condition that is true of every item that the filter finds, and,
//! where the index keeps all that it asks for, of no others.

use std::collections::BTreeSet;

use flisthub_cql2::{Comparison, Expr};

use super::columns::{COLUMNS, Scalar, bit};
use super::literals::{array, compared, field, like, one_of};

/// Conditions of one filter, more of which are not worth it.
pub(super) const MOST: usize = 200;

/// What the index has of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Its id.
    Id,
    /// Its collection.
    Collection,
    /// The value of that one of [`COLUMNS`].
    Column(usize),
}

/// A condition: true, false or unknown, as in SQL and in the language.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// All hold.
    All(Vec<Known>),
    /// One holds.
    Any(Vec<Known>),
    /// It does not hold.
    Not(Box<Known>),
    /// Whatever the item is.
    Always(bool),
    /// Unknown, whatever the value is that is kept: it does not compare so. One that is marked may.
    Unknown(Field),
    /// A value compares so.
    Compare(Field, Comparison, Scalar),
    /// Two values compare so.
    Fields(Field, Comparison, Field),
    /// A value is one of these; if it is none, that is unknown where the last says so.
    OneOf(Field, Vec<Scalar>, bool),
    /// There is no value.
    IsNull(Field),
}

/// What the index knows of what a filter finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Index {
    /// It is true of every item that is found and has no marked value that it asks for. `None`: nothing is known.
    pub known: Option<Known>,
    /// Whether such an item is found wherever it is true.
    pub exact: bool,
}

impl Index {
    /// What is known of a predicate.
    pub(super) fn of(predicate: &Expr) -> Self {
        let mut reading = Reading { exact: true, conditions: 0 };
        let known = reading.read(predicate, false).filter(|_| reading.conditions <= MOST);
        let exact = reading.exact && known.is_some();
        Self { known, exact }
    }

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        let exact = self.exact && other.exact;
        let known = match (self.known, other.known) {
            (Some(one), Some(two)) => Some(Known::All(vec![one, two])),
            (one, two) => one.or(two),
        };
        Self { known, exact }
    }

    /// The bits of the columns that it asks for.
    pub fn bits(&self) -> i64 {
        let fields = self.known.as_ref().map(Known::fields).unwrap_or_default();
        fields.iter().fold(0, |bits, field| match field {
            Field::Column(place) => bits | bit(*place),
            Field::Id | Field::Collection => bits,
        })
    }

    /// Conditions of one column each, by which items may be found: all of them hold.
    pub fn ranges(&self) -> Vec<Known> {
        let mut found: Vec<(usize, Vec<Known>)> = Vec::new();
        let mut open: Vec<&Known> = self.known.iter().collect();
        while let Some(known) = open.pop() {
            match known {
                Known::All(parts) => open.extend(parts),
                Known::Compare(Field::Column(place), operator, _)
                    if *operator == Comparison::NotEqual || !is_finding(*place) => {}
                Known::Compare(Field::Column(place), ..)
                | Known::OneOf(Field::Column(place), ..)
                    if is_finding(*place) =>
                {
                    match found.iter_mut().find(|(known, _)| known == place) {
                        Some((_, all)) => all.push(known.clone()),
                        None => found.push((*place, vec![known.clone()])),
                    }
                }
                _ => {}
            }
        }
        found.into_iter().map(|(_, all)| Known::All(all)).collect()
    }
}

fn is_finding(place: usize) -> bool {
    COLUMNS.get(place).is_some_and(|column| column.finds)
}

impl Known {
    /// What it asks for.
    pub fn fields(&self) -> BTreeSet<Field> {
        let (mut found, mut open) = (BTreeSet::new(), vec![self]);
        while let Some(known) = open.pop() {
            match known {
                Self::All(parts) | Self::Any(parts) => open.extend(parts),
                Self::Not(of) => open.push(of),
                Self::Always(_) => {}
                Self::Unknown(field)
                | Self::Compare(field, ..)
                | Self::OneOf(field, ..)
                | Self::IsNull(field) => {
                    found.insert(*field);
                }
                Self::Fields(one, _, two) => found.extend([*one, *two]),
            }
        }
        found
    }
}

impl Known {
    /// Whether it may hold of an item that has no value of these, marked or not.
    pub fn may_hold_without(&self, absent: &BTreeSet<Field>) -> bool {
        self.may_be(absent).0
    }

    /// Whether it may be true, and whether it may be false.
    fn may_be(&self, absent: &BTreeSet<Field>) -> (bool, bool) {
        let compared = |is_absent: bool| (!is_absent, !is_absent);
        match self {
            Self::All(parts) => {
                let each = || parts.iter().map(|part| part.may_be(absent));
                (each().all(|part| part.0), each().any(|part| part.1))
            }
            Self::Any(parts) => {
                let each = || parts.iter().map(|part| part.may_be(absent));
                (each().any(|part| part.0), each().all(|part| part.1))
            }
            Self::Not(of) => {
                let (may_be_true, may_be_false) = of.may_be(absent);
                (may_be_false, may_be_true)
            }
            Self::Always(is) => (*is, !is),
            Self::OneOf(_, values, _) if values.is_empty() => (true, true),
            Self::Unknown(field) | Self::Compare(field, ..) | Self::OneOf(field, ..) => {
                compared(absent.contains(field))
            }
            Self::Fields(one, _, two) => compared(absent.contains(one) || absent.contains(two)),
            Self::IsNull(field) => (true, !absent.contains(field)),
        }
    }
}

/// One reading of a filter. What is not known of a part is `None`, and then the whole is not exact.
struct Reading {
    exact: bool,
    conditions: usize,
}

impl Reading {
    /// Something that is true wherever the predicate is, or wherever it is false if it `is_not` to hold.
    fn read(&mut self, predicate: &Expr, is_not: bool) -> Option<Known> {
        let and = |one: Option<Known>, two: Option<Known>| Some(Known::All(vec![one?, two?]));
        match predicate {
            Expr::And(parts) => self.junction(parts, true, is_not),
            Expr::Or(parts) => self.junction(parts, false, is_not),
            Expr::Not(of) => self.read(of, !is_not),
            Expr::Between(three) => {
                let above = compared(&three.0, Comparison::GreaterOrEqual, &three.1);
                let below = compared(&three.0, Comparison::LessOrEqual, &three.2);
                self.take(and(above, below), is_not)
            }
            Expr::Compare(operator, pair) => {
                self.take(compared(&pair.0, *operator, &pair.1), is_not)
            }
            Expr::In(of, list) => self.take(one_of(of, list), is_not),
            Expr::Arrays(_, pair) => self.take(array(&pair.0, &pair.1), is_not),
            Expr::IsNull(of) => self.take(field(of).map(Known::IsNull), is_not),
            Expr::Boolean(holds) => self.take(Some(Known::Always(*holds)), is_not),
            Expr::Like(pair) => match like(&pair.0, &pair.1) {
                Some((known, true)) => self.take(Some(known), is_not),
                // It is true of more than what matches, so that it says nothing of what does not.
                Some((known, false)) if !is_not => {
                    self.exact = false;
                    self.take(Some(known), false)
                }
                _ => self.take(None, is_not),
            },
            _ => self.take(None, is_not),
        }
    }

    fn take(&mut self, known: Option<Known>, is_not: bool) -> Option<Known> {
        self.conditions += 1;
        self.exact &= known.is_some();
        known.map(|known| if is_not { Known::Not(Box::new(known)) } else { known })
    }

    /// All parts, or any of them; what does not hold of all holds not of any.
    fn junction(&mut self, parts: &[Expr], is_all: bool, is_not: bool) -> Option<Known> {
        let each: Vec<Option<Known>> = parts.iter().map(|part| self.read(part, is_not)).collect();
        if is_all == is_not {
            return each.into_iter().collect::<Option<_>>().map(Known::Any);
        }
        let known: Vec<Known> = each.into_iter().flatten().collect();
        (!known.is_empty()).then_some(Known::All(known))
    }
}
