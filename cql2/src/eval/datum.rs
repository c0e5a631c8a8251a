//! What an expression can have as its value, and how two of them compare.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::times::{Moment, Span};
use crate::geometry::Geometry;
use crate::json;
use crate::number::Number;

/// Arrays of properties are looked into so deep.
const DEPTH: usize = 64;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum<'a> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Moment(Moment),
    Span(Span),
    Geometry(Geometry),
    Array(Vec<Datum<'a>>),
    /// It is there, and nothing compares to it.
    Other,
}

impl<'a> Datum<'a> {
    pub(super) fn from_json(value: Cow<'a, Value>) -> Self {
        Self::nested(value, DEPTH)
    }

    fn nested(value: Cow<'a, Value>, depth: usize) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self::Other };
        match value {
            Cow::Borrowed(Value::String(text)) => Self::Text(Cow::Borrowed(text)),
            Cow::Owned(Value::String(text)) => Self::Text(Cow::Owned(text)),
            Cow::Borrowed(Value::Array(parts)) => {
                let each = parts.iter().map(|part| Self::nested(Cow::Borrowed(part), depth));
                Self::Array(each.collect())
            }
            Cow::Owned(Value::Array(parts)) => {
                let each = parts.into_iter().map(|part| Self::nested(Cow::Owned(part), depth));
                Self::Array(each.collect())
            }
            simple => match &*simple {
                Value::Null => Self::Null,
                Value::Bool(value) => Self::Boolean(*value),
                Value::Number(number) => json::number(number).map_or(Self::Other, Self::Number),
                // Spatial functions read the geometries of properties for themselves; here are those in arrays.
                Value::Object(members) if depth < DEPTH - 1 => {
                    json::read_geometry(members).map_or(Self::Other, Self::Geometry)
                }
                _ => Self::Other,
            },
        }
    }

    /// How long a text is, in bytes.
    pub(super) fn length(&self) -> usize {
        self.text().map_or(0, str::len)
    }

    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }

    pub(super) fn number(&self) -> Option<Number> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn array(&self) -> Option<&[Self]> {
        if let Self::Array(parts) = self { Some(parts) } else { None }
    }

    /// The instant or day that it is, or that its text says.
    pub(super) fn moment(&self) -> Option<Moment> {
        match self {
            Self::Moment(moment) => Some(*moment),
            Self::Text(text) => Moment::parse(text),
            _ => None,
        }
    }

    /// The time that it is, or that its text says.
    pub(super) fn span(&self) -> Option<Span> {
        match self {
            Self::Span(span) => Some(*span),
            Self::Moment(moment) => Some(Span::of(*moment)),
            Self::Text(text) => Span::parse(text),
            _ => None,
        }
    }

    /// The order of two values of one kind; nothing for others. A text is compared to a time as the time that it says.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => Some(left.cmp(right)),
            (Self::Number(left), Self::Number(right)) => Some(left.compare(*right)),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Moment(_), Self::Moment(_) | Self::Text(_))
            | (Self::Text(_), Self::Moment(_)) => {
                let both = self.moment().zip(other.moment());
                both.map(|(left, right)| left.compare(right))
            }
            _ => None,
        }
    }
}
