//! What becomes of a kind: a column, or a structure of columns, each with its number in the file.

use super::kind::Kind;
use super::leaf::{Leaf, LeafKind};

/// A column or a structure of columns.
#[derive(Debug)]
pub(crate) enum Column {
    Leaf { kind: LeafKind, at: usize },
    List(Box<Column>),
    Group(Vec<(String, Column)>),
    Box { first: usize, heights: bool },
}

impl Column {
    /// The columns of a kind; `leaves` are all that there are so far.
    pub(crate) fn of(kind: &Kind, in_list: bool, leaves: &mut Vec<Leaf>) -> Self {
        let kind = match kind {
            Kind::List(element) => return Self::List(Box::new(Self::of(element, true, leaves))),
            Kind::Object(members) if !members.is_empty() => {
                let member = |(name, kind): (&String, &Kind)| {
                    (name.clone(), Self::of(kind, in_list, leaves))
                };
                return Self::Group(members.iter().map(member).collect());
            }
            Kind::Box { heights } => {
                let (first, count) = (leaves.len(), kind.leaves());
                leaves.extend((0..count).map(|_| Leaf::new(LeafKind::Real, in_list)));
                return Self::Box { first, heights: *heights };
            }
            Kind::Truth => LeafKind::Truth,
            Kind::Number(numbers) if numbers.are_whole() => LeafKind::Whole,
            Kind::Number(numbers) if numbers.are_real() => LeafKind::Real,
            Kind::Moment => LeafKind::Moment,
            Kind::Text | Kind::Unknown => LeafKind::Text,
            Kind::Shape => LeafKind::Shape,
            Kind::Number(_) | Kind::Object(_) | Kind::Json => LeafKind::Json,
        };
        let at = leaves.len();
        leaves.push(Leaf::new(kind, in_list));
        Self::Leaf { kind, at }
    }

    /// The numbers of its columns: the first one, and how many.
    pub(crate) fn span(&self) -> (usize, usize) {
        match self {
            Self::Leaf { at, .. } => (*at, 1),
            Self::List(element) => element.span(),
            Self::Group(members) => {
                let mut spans = members.iter().map(|(_, member)| member.span());
                let first = spans.next().unwrap_or_default();
                let others = spans.map(|(_, count)| count).sum::<usize>();
                (first.0, first.1.saturating_add(others))
            }
            Self::Box { first, heights } => (*first, if *heights { 6 } else { 4 }),
        }
    }
}
