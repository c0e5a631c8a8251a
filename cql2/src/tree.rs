//! What a filter says: one tree for both encodings. Which expression may stand where is `kinds.rs`, reading and writing
//! are `text` and `json`.

use crate::geometry::{BBox, Geometry};
use crate::moments::{Date, Timestamp};
use crate::number::Number;
use crate::operators::{Arithmetic, ArrayRelation, Comparison, Spatial, Temporal};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// `TRUE` or `FALSE`.
    Boolean(bool),
    /// A character literal. As the pattern of [`Expr::Like`] its `%`, `_` and `\` mean something.
    Text(String),
    /// A number.
    Number(Number),
    /// A day.
    Date(Date),
    /// An instant.
    Timestamp(Timestamp),
    /// From one end to another, both within.
    Interval(Box<(End, End)>),
    /// A geometry.
    Geometry(Box<Geometry>),
    /// A box.
    BBox(Box<BBox>),
    /// A list of values of any kind.
    Array(Vec<Expr>),
    /// The value of a property.
    Property(String),
    /// A function that the standard does not have: its name, and what it is called with.
    Function(String, Vec<Expr>),
    /// All hold; two or more.
    And(Vec<Expr>),
    /// One holds; two or more.
    Or(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// Two scalars compare so.
    Compare(Comparison, Box<(Expr, Expr)>),
    /// A text is like a pattern.
    Like(Box<(Expr, Expr)>),
    /// The first is not less than the second, nor greater than the third.
    Between(Box<(Expr, Expr, Expr)>),
    /// A scalar is one of a list, which is not empty.
    In(Box<Expr>, Vec<Expr>),
    /// It has no value.
    IsNull(Box<Expr>),
    /// Two geometries lie so to one another.
    Spatial(Spatial, Box<(Expr, Expr)>),
    /// Two times lie so to one another.
    Temporal(Temporal, Box<(Expr, Expr)>),
    /// Two arrays lie so to one another.
    Arrays(ArrayRelation, Box<(Expr, Expr)>),
    /// A text without regard to case.
    CaseI(Box<Expr>),
    /// A text without regard to accents.
    AccentI(Box<Expr>),
    /// Two numbers make another. The standard has no sign before a name: `-a` is `-1 * a`.
    Arithmetic(Arithmetic, Box<(Expr, Expr)>),
}

/// An end of an interval.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// There is none on this side.
    Open,
    /// A date, a timestamp, a property or a function.
    At(Expr),
}

impl Expr {
    /// What it is directly made of, in the order of writing.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Boolean(_)
            | Self::Text(_)
            | Self::Number(_)
            | Self::Date(_)
            | Self::Timestamp(_)
            | Self::Geometry(_)
            | Self::BBox(_)
            | Self::Property(_) => Vec::new(),
            Self::Interval(ends) => {
                [&ends.0, &ends.1].into_iter().filter_map(|end| end.expression()).collect()
            }
            Self::Array(parts) | Self::Function(_, parts) | Self::And(parts) | Self::Or(parts) => {
                parts.iter().collect()
            }
            Self::Not(of) | Self::IsNull(of) | Self::CaseI(of) | Self::AccentI(of) => vec![of],
            Self::Compare(_, pair)
            | Self::Like(pair)
            | Self::Spatial(_, pair)
            | Self::Temporal(_, pair)
            | Self::Arrays(_, pair)
            | Self::Arithmetic(_, pair) => vec![&pair.0, &pair.1],
            Self::Between(three) => vec![&three.0, &three.1, &three.2],
            Self::In(of, list) => std::iter::once(&**of).chain(list).collect(),
        }
    }

    /// How many levels it has: 1 for a literal. The stack that this needs grows with it.
    pub(crate) fn height(&self) -> usize {
        if let Self::Geometry(geometry) = self {
            return geometry.height();
        }
        1 + self.children().into_iter().map(Self::height).max().unwrap_or(0)
    }
}

impl End {
    fn expression(&self) -> Option<&Expr> {
        match self {
            Self::Open => None,
            Self::At(expression) => Some(expression),
        }
    }
}
