//! What a column holds, as far as is known from the values that were seen.

use indexmap::IndexMap;

use super::number::Numbers;

/// What a column or a part of it holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Nothing was seen but null.
    Unknown,
    Truth,
    Number(Numbers),
    Text,
    /// Times that microseconds say.
    Moment,
    List(Box<Kind>),
    Object(IndexMap<String, Kind>),
    /// A geometry as WKB.
    Shape,
    /// A box, with heights or without.
    Box {
        heights: bool,
    },
    /// What has no other type: JSON text.
    Json,
}

impl Kind {
    /// A list of them.
    pub(crate) fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// An object with members of these names, all of them text.
    pub(crate) fn texts(names: &[&str]) -> Self {
        Self::Object(names.iter().map(|name| ((*name).to_owned(), Self::Text)).collect())
    }

    /// Columns that the file has for it.
    pub(crate) fn leaves(&self) -> usize {
        match self {
            Self::List(element) => element.leaves(),
            // An empty one has no form but JSON.
            Self::Object(members) => members.values().map(Self::leaves).sum::<usize>().max(1),
            Self::Box { heights } => {
                if *heights {
                    6
                } else {
                    4
                }
            }
            _ => 1,
        }
    }

    /// Whether there are lists in it: then values take as many places as their lists are long.
    pub(crate) fn has_lists(&self) -> bool {
        match self {
            Self::List(_) => true,
            Self::Object(members) => members.values().any(Self::has_lists),
            _ => false,
        }
    }
}
