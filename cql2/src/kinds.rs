//! Which expressions may stand where, as the grammar of the standard has it. Both readers ask here, so that they take
//! the same filters.

use crate::moments::{Date, Timestamp};
use crate::operators::Temporal;
use crate::tree::{End, Expr};

/// What may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything that is true or false, and functions. A property is not: it is written `name = TRUE`.
    Boolean,
    /// A value that can be compared.
    Scalar,
    /// A text.
    Character,
    /// A literal text, or one without regard to case or accents.
    Pattern,
    /// A number.
    Numeric,
    /// A geometry or a box.
    Spatial,
    /// An instant or an interval.
    Temporal,
    /// An interval: instants that are literal are none.
    Interval,
    /// An end of an interval.
    Instant,
    /// An array.
    Array,
    /// What can have no value: anything but an array.
    Nullable,
    /// Anything.
    Any,
}

impl Kind {
    /// How errors call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "a predicate",
            Self::Scalar => {
                "a text, a number, a date, a timestamp, TRUE, FALSE, a property or a function"
            }
            Self::Character => "a text, a property or a function",
            Self::Pattern => "a text, alone or in CASEI or ACCENTI",
            Self::Numeric => "a number, arithmetic, a property or a function",
            Self::Spatial => "a geometry, a box, a property or a function",
            Self::Temporal => "a date, a timestamp, an interval, a property or a function",
            Self::Interval => "an interval, a property or a function",
            Self::Instant => "a date, a timestamp, \"..\", a property or a function",
            Self::Array => "an array, a property or a function",
            Self::Nullable => "a value that is no array",
            Self::Any => "a value",
        }
    }

    /// What a temporal function takes.
    pub(crate) fn of_temporal(operator: Temporal) -> Self {
        if operator.takes_instants() { Self::Temporal } else { Self::Interval }
    }

    pub(crate) fn takes(self, expression: &Expr) -> bool {
        match expression {
            Expr::Function(..) => self != Self::Pattern,
            Expr::Property(_) => !matches!(self, Self::Boolean | Self::Pattern),
            Expr::Boolean(_) => {
                matches!(self, Self::Boolean | Self::Scalar | Self::Nullable | Self::Any)
            }
            Expr::Text(_) => matches!(
                self,
                Self::Scalar | Self::Character | Self::Pattern | Self::Nullable | Self::Any
            ),
            Expr::CaseI(of) | Expr::AccentI(of) => match self {
                Self::Pattern => Self::Pattern.takes(of),
                _ => matches!(self, Self::Scalar | Self::Character | Self::Nullable | Self::Any),
            },
            Expr::Number(_) | Expr::Arithmetic(..) => {
                matches!(self, Self::Scalar | Self::Numeric | Self::Nullable | Self::Any)
            }
            Expr::Date(_) | Expr::Timestamp(_) => matches!(
                self,
                Self::Scalar | Self::Temporal | Self::Instant | Self::Nullable | Self::Any
            ),
            Expr::Interval(_) => {
                matches!(self, Self::Temporal | Self::Interval | Self::Nullable | Self::Any)
            }
            Expr::Geometry(_) | Expr::BBox(_) => {
                matches!(self, Self::Spatial | Self::Nullable | Self::Any)
            }
            Expr::Array(_) => matches!(self, Self::Array | Self::Any),
            Expr::And(_)
            | Expr::Or(_)
            | Expr::Not(_)
            | Expr::Compare(..)
            | Expr::Like(_)
            | Expr::Between(_)
            | Expr::In(..)
            | Expr::IsNull(_)
            | Expr::Spatial(..)
            | Expr::Temporal(..)
            | Expr::Arrays(..) => matches!(self, Self::Boolean | Self::Nullable | Self::Any),
        }
    }
}

/// How errors call what stands at a place.
pub(crate) fn described(expression: &Expr) -> &'static str {
    match expression {
        Expr::Boolean(_) => "TRUE or FALSE",
        Expr::Text(_) => "a text",
        Expr::Number(_) => "a number",
        Expr::Date(_) => "a date",
        Expr::Timestamp(_) => "a timestamp",
        Expr::Interval(_) => "an interval",
        Expr::Geometry(_) => "a geometry",
        Expr::BBox(_) => "a box",
        Expr::Array(_) => "an array",
        Expr::Property(_) => "a property",
        Expr::Function(..) => "a function",
        Expr::CaseI(_) => "CASEI",
        Expr::AccentI(_) => "ACCENTI",
        Expr::Arithmetic(..) => "arithmetic",
        _ => "a predicate",
    }
}

/// The end of an interval that a text gives; nothing when it gives none.
pub(crate) fn end_of_interval(text: &str) -> Option<End> {
    if text == ".." {
        return Some(End::Open);
    }
    let date = Date::parse(text).map(Expr::Date);
    date.or_else(|| Timestamp::parse(text).map(Expr::Timestamp)).map(End::At)
}

/// Whether an interval certainly begins after it ends, so that nobody can have meant it.
pub(crate) fn reversed(start: &End, end: &End) -> bool {
    let (End::At(start), End::At(end)) = (start, end) else { return false };
    // The first second of the start against the last one of the end.
    let first = match start {
        Expr::Date(date) => (date.first_second(), 0),
        Expr::Timestamp(instant) => (instant.seconds(), instant.nanoseconds()),
        _ => return false,
    };
    match end {
        Expr::Date(date) => first >= (date.end_second(), 0),
        Expr::Timestamp(instant) => first > (instant.seconds(), instant.nanoseconds()),
        _ => false,
    }
}
