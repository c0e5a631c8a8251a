//! What is true of every item that a filter finds, as far as an index can use it: it may be true of others, too. What
//! it says nothing of is not bounded.

use flisthub_cql2::{Comparison, Date, End, Expr, Spatial, Temporal, Timestamp};

use super::bare;
use super::boxes::{area, around, bounds};
use crate::{Bounds, Interval};

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// What a filter implies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Implied {
    /// The item's geometry meets this box.
    pub bounds: Option<Bounds>,
    /// The item's `datetime` is in this span.
    pub datetime: Option<Interval>,
    /// Its id is one of these.
    pub ids: Option<Vec<String>>,
    /// Its collection is one of these.
    pub collections: Option<Vec<String>>,
}

impl Implied {
    /// What a predicate implies.
    pub(super) fn by(predicate: &Expr) -> Self {
        match predicate {
            Expr::And(parts) => parts.iter().map(Self::by).fold(Self::default(), Self::and),
            Expr::Or(parts) => {
                let mut each = parts.iter().map(Self::by);
                let first = each.next().unwrap_or_default();
                each.fold(first, Self::or)
            }
            Expr::Compare(operator, pair) => match &**pair {
                (Expr::Property(name), value) => Self::compared(*operator, name, value),
                (value, Expr::Property(name)) => Self::compared(turned(*operator), name, value),
                _ => Self::default(),
            },
            Expr::Between(three) => match &**three {
                (Expr::Property(name), low, high) => Self::compared(
                    Comparison::GreaterOrEqual,
                    name,
                    low,
                )
                .and(Self::compared(Comparison::LessOrEqual, name, high)),
                _ => Self::default(),
            },
            Expr::In(of, list) => match &**of {
                Expr::Property(name) => {
                    let mut each =
                        list.iter().map(|value| Self::compared(Comparison::Equal, name, value));
                    let first = each.next().unwrap_or_default();
                    each.fold(first, Self::or)
                }
                _ => Self::default(),
            },
            Expr::Spatial(operator, pair) if *operator != Spatial::Disjoint => match &**pair {
                (Expr::Property(name), place) | (place, Expr::Property(name))
                    if name == "geometry" =>
                {
                    Self { bounds: bounds(place), ..Self::default() }
                }
                _ => Self::default(),
            },
            Expr::Temporal(operator, pair) => match &**pair {
                (Expr::Property(name), when) if bare(name) == "datetime" => {
                    Self { datetime: related(*operator, when, false), ..Self::default() }
                }
                (when, Expr::Property(name)) if bare(name) == "datetime" => {
                    Self { datetime: related(*operator, when, true), ..Self::default() }
                }
                _ => Self::default(),
            },
            _ => Self::default(),
        }
    }

    fn compared(operator: Comparison, name: &str, value: &Expr) -> Self {
        let nothing = Self::default();
        match (name, value) {
            ("id", Expr::Text(text)) if operator == Comparison::Equal => {
                Self { ids: Some(vec![text.clone()]), ..nothing }
            }
            ("collection", Expr::Text(text)) if operator == Comparison::Equal => {
                Self { collections: Some(vec![text.clone()]), ..nothing }
            }
            _ if bare(name) == "datetime" => {
                let Some((first, last)) = moment(value) else { return nothing };
                let (from, until) = (Some(first), Some(last));
                let datetime = match operator {
                    Comparison::Equal => Interval { start: from, end: until },
                    Comparison::NotEqual => return nothing,
                    Comparison::Less | Comparison::LessOrEqual => {
                        Interval { start: None, end: until }
                    }
                    Comparison::Greater | Comparison::GreaterOrEqual => {
                        Interval { start: from, end: None }
                    }
                };
                Self { datetime: Some(datetime), ..nothing }
            }
            _ => nothing,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            bounds: either(self.bounds, other.bounds, |one, two| {
                if area(&two) < area(&one) { two } else { one }
            }),
            datetime: either(self.datetime, other.datetime, |one, two| Interval {
                start: one.start.max(two.start),
                end: either(one.end, two.end, i64::min),
            }),
            ids: either(self.ids, other.ids, |one, two| common(one, &two)),
            collections: either(self.collections, other.collections, |one, two| common(one, &two)),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            bounds: self.bounds.zip(other.bounds).and_then(|(one, two)| around(&one, &two)),
            datetime: self.datetime.zip(other.datetime).map(|(one, two)| Interval {
                start: one.start.zip(two.start).map(|(one, two)| one.min(two)),
                end: one.end.zip(two.end).map(|(one, two)| one.max(two)),
            }),
            ids: self.ids.zip(other.ids).map(all),
            collections: self.collections.zip(other.collections).map(all),
        }
    }
}

/// What both say, where both say something.
fn either<T>(one: Option<T>, two: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, two) {
        (Some(one), Some(two)) => Some(both(one, two)),
        (one, two) => one.or(two),
    }
}

fn common(mut one: Vec<String>, two: &[String]) -> Vec<String> {
    one.retain(|name| two.contains(name));
    one
}

fn all((mut one, two): (Vec<String>, Vec<String>)) -> Vec<String> {
    one.extend(two);
    one.sort_unstable();
    one.dedup();
    one
}

/// The operator that says the same of the operands the other way round.
pub(super) fn turned(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Less => Comparison::Greater,
        Comparison::Greater => Comparison::Less,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// The microseconds in which a literal begins and ends, with one more on each side: the index cuts off what is finer.
fn moment(value: &Expr) -> Option<(i64, i64)> {
    match value {
        Expr::Date(day) => Some(day_of(*day)),
        Expr::Timestamp(at) => Some(instant(*at)),
        _ => None,
    }
}

fn day_of(day: Date) -> (i64, i64) {
    (micros(day.first_second()) - 1, micros(day.end_second()) + 1)
}

fn instant(at: Timestamp) -> (i64, i64) {
    let at = micros(at.seconds()) + i64::from(at.nanoseconds() / 1_000);
    (at - 1, at + 1)
}

fn micros(seconds: i64) -> i64 {
    seconds.saturating_mul(MICROS)
}

/// When an instant is that lies so to a literal, or the literal to it.
fn related(operator: Temporal, when: &Expr, is_turned: bool) -> Option<Interval> {
    let (first, last) = span(when)?;
    let after = Interval { start: last, end: None };
    let before = Interval { start: None, end: first };
    let found = match operator {
        Temporal::Disjoint => return None,
        Temporal::After if is_turned => before,
        Temporal::After => after,
        Temporal::Before if is_turned => after,
        Temporal::Before => before,
        // All others have something in common.
        _ => Interval { start: first, end: last },
    };
    Some(widened(found))
}

/// Both ends moved by what the index cuts off.
fn widened(span: Interval) -> Interval {
    Interval { start: span.start.map(|at| at - 1), end: span.end.map(|at| at + 1) }
}

/// The ends of a literal; `None` is an open one. Nothing where an end is none.
fn span(when: &Expr) -> Option<(Option<i64>, Option<i64>)> {
    let Expr::Interval(ends) = when else {
        return moment(when).map(|(first, last)| (Some(first), Some(last)));
    };
    let end = |end: &End| match end {
        End::Open => Some(None),
        End::At(value) => moment(value).map(Some),
    };
    let (first, last) = (end(&ends.0)?, end(&ends.1)?);
    Some((first.map(|(first, _)| first), last.map(|(_, last)| last)))
}
