//! Days, instants and intervals: how they compare, and how they lie to one another.

use std::cmp::Ordering;

use crate::moments::{Date, Timestamp};
use crate::operators::Temporal;

/// Seconds and nanoseconds since 1970.
type Instant = (i64, u32);

/// A day or an instant: the first and the last instant of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    first: Instant,
    last: Instant,
}

impl Moment {
    pub(super) fn day(date: Date) -> Self {
        Self { first: (date.first_second(), 0), last: (date.end_second() - 1, 999_999_999) }
    }

    pub(super) fn instant(instant: Timestamp) -> Self {
        let instant = (instant.seconds(), instant.nanoseconds());
        Self { first: instant, last: instant }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let date = Date::parse(text).map(Self::day);
        date.or_else(|| Timestamp::parse(text).map(Self::instant))
    }

    /// Less is wholly before, greater wholly after. Else one is a day and the other within it: they are equal as far as
    /// the coarser of the two can tell.
    pub(super) fn compare(self, other: Self) -> Ordering {
        if self.last < other.first {
            Ordering::Less
        } else if self.first > other.last {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

/// An end of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bound {
    Past,
    At(Moment),
    Future,
}

impl Bound {
    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::At(left), Self::At(right)) => left.compare(right),
            (Self::Past, Self::Past) | (Self::Future, Self::Future) => Ordering::Equal,
            (Self::Past, _) | (_, Self::Future) => Ordering::Less,
            (Self::Future, _) | (_, Self::Past) => Ordering::Greater,
        }
    }
}

/// From one end to another, both within.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    start: Bound,
    end: Bound,
}

impl Span {
    /// Nothing when it would begin after it ends.
    pub(super) fn new(start: Bound, end: Bound) -> Option<Self> {
        start.compare(end).is_le().then_some(Self { start, end })
    }

    pub(super) fn of(moment: Moment) -> Self {
        Self { start: Bound::At(moment), end: Bound::At(moment) }
    }

    /// Reads a day, an instant, or an interval of them as ISO 8601 has it, `start/end`, with `..` for an open end.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some((start, end)) = text.split_once('/') else {
            return Moment::parse(text).map(Self::of);
        };
        let bound = |text: &str, open: Bound| {
            if text == ".." { Some(open) } else { Moment::parse(text).map(Bound::At) }
        };
        Self::new(bound(start, Bound::Past)?, bound(end, Bound::Future)?)
    }
}

/// As the Time Ontology in OWL defines the relations, by the order of the four ends.
pub(super) fn relate(operator: Temporal, first: &Span, second: &Span) -> bool {
    let starts = first.start.compare(second.start);
    let ends = first.end.compare(second.end);
    let end_start = first.end.compare(second.start);
    let start_end = first.start.compare(second.end);
    match operator {
        Temporal::After => start_end.is_gt(),
        Temporal::Before => end_start.is_lt(),
        Temporal::Disjoint => start_end.is_gt() || end_start.is_lt(),
        Temporal::Equals => starts.is_eq() && ends.is_eq(),
        Temporal::Intersects => start_end.is_le() && end_start.is_ge(),
        Temporal::Contains => starts.is_lt() && ends.is_gt(),
        Temporal::During => starts.is_gt() && ends.is_lt(),
        Temporal::FinishedBy => starts.is_lt() && ends.is_eq(),
        Temporal::Finishes => starts.is_gt() && ends.is_eq(),
        Temporal::Meets => end_start.is_eq(),
        Temporal::MetBy => start_end.is_eq(),
        Temporal::OverlappedBy => starts.is_gt() && start_end.is_lt() && ends.is_gt(),
        Temporal::Overlaps => starts.is_lt() && end_start.is_gt() && ends.is_lt(),
        Temporal::StartedBy => starts.is_eq() && ends.is_gt(),
        Temporal::Starts => starts.is_eq() && ends.is_lt(),
    }
}
