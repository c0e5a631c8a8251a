//! A filter that was read: a tree that keeps the limits and the grammar. How it is read and written is `text`'s and
//! `json`'s, what it means `eval`'s.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::ReadError;
use crate::eval::{self, EvaluateError, Properties};
use crate::tree::Expr;
use crate::{json, planar, text};

/// A filter of the Common Query Language: a predicate within the limits of [`crate::limits`], with every expression
/// where the standard has it.
///
/// ```
/// use flisthub_cql2::Filter;
///
/// let filter = Filter::from_text("eo:cloud_cover < 10 AND NOT S_DISJOINT(geometry, BBOX(5, 50, 6, 51))")?;
/// assert_eq!(filter.properties().into_iter().collect::<Vec<_>>(), ["eo:cloud_cover", "geometry"]);
/// # Ok::<(), flisthub_cql2::ReadError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    root: Expr,
}

impl Filter {
    /// Reads the text encoding.
    pub fn from_text(filter: &str) -> Result<Self, ReadError> {
        text::parse(filter).map(|root| Self { root })
    }

    /// Writes the text encoding: what is read from it is the same filter. Filters that were not read from text may be
    /// longer than a text may be.
    pub fn to_text(&self) -> String {
        text::write(&self.root)
    }

    /// Reads the JSON encoding. How many bytes the document may have is for the caller to say: there are other ways to
    /// read JSON than from bytes. What is made of it has the same limits as a text.
    pub fn from_json(filter: &Value) -> Result<Self, ReadError> {
        json::read(filter).map(|root| Self { root })
    }

    /// Writes the JSON encoding: what is read from it is the same filter.
    pub fn to_json(&self) -> Value {
        json::write(&self.root)
    }

    /// Whether the filter holds of something with these properties: true, false, or nothing where it is unknown, as SQL
    /// has it. Only what is true is to be found.
    ///
    /// The work is bounded whatever the filter and the properties have: what takes more than [`crate::limits::STEPS`] is
    /// an error.
    pub fn evaluate(
        &self,
        properties: &(impl Properties + ?Sized),
    ) -> Result<Option<bool>, EvaluateError> {
        eval::evaluate(&self.root, properties)
    }

    /// The predicate.
    pub fn root(&self) -> &Expr {
        &self.root
    }

    /// The names of all properties that are asked for.
    pub fn properties(&self) -> BTreeSet<&str> {
        self.names(|expression| match expression {
            Expr::Property(name) => Some(name),
            _ => None,
        })
    }

    /// The names of all functions that the standard does not have.
    pub fn functions(&self) -> BTreeSet<&str> {
        self.names(|expression| match expression {
            Expr::Function(name, _) => Some(name),
            _ => None,
        })
    }

    /// What is wrong with a polygon of the filter: rings that cross themselves or one another, holes outside, parts that
    /// overlap. Such polygons are read, and what is answered of them may be wrong or unknown. It is not asked of a
    /// geometry of several rings that are more than 16 or have more than 120 positions, nor of more than 500 positions of
    /// the whole filter, where it would take long.
    pub fn broken_geometry(&self) -> Option<String> {
        let (mut open, mut left) = (vec![&self.root], planar::COMPARED);
        while let Some(expression) = open.pop() {
            if let Expr::Geometry(geometry) = expression
                && let Some(fault) = planar::broken(geometry, &mut left)
            {
                return Some(fault);
            }
            open.extend(expression.children());
        }
        None
    }

    fn names(&self, name: fn(&Expr) -> Option<&str>) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![&self.root];
        while let Some(expression) = open.pop() {
            found.extend(name(expression));
            open.extend(expression.children());
        }
        found
    }
}
