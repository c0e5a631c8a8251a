//! Parts of time in which items are counted: of the calendar, in UTC.

use time::{Date, Month};

use crate::rfc3339::SECOND;

/// Microseconds of a day.
const DAY: i64 = 86_400 * SECOND;

/// The day of the Unix epoch, as `time` counts days.
const EPOCH: i64 = 2_440_588;

/// How long a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A month.
    Month,
    /// Three months, the first ones from January on.
    Quarter,
    /// A year.
    Year,
}

/// As they are asked for.
pub(super) const WORDS: [(&str, Unit); 8] = [
    ("year", Unit::Year),
    ("quarter", Unit::Quarter),
    ("month", Unit::Month),
    ("week", Unit::Week),
    ("day", Unit::Day),
    ("hour", Unit::Hour),
    ("minute", Unit::Minute),
    ("second", Unit::Second),
];

impl Unit {
    /// Microseconds, of which whole ones each part has.
    pub fn grain(self) -> i64 {
        match self {
            Self::Second => SECOND,
            Self::Minute => 60 * SECOND,
            Self::Hour => 3_600 * SECOND,
            _ => DAY,
        }
    }

    /// When the part begins in which a time is, both in microseconds since the Unix epoch. `None`: the calendar ends before.
    pub(super) fn begin(self, time: i64) -> Option<i64> {
        let day = time.div_euclid(DAY);
        let begin = match self {
            Self::Second | Self::Minute | Self::Hour | Self::Day => {
                return Some(time.div_euclid(self.grain()) * self.grain());
            }
            // The epoch was a Thursday.
            Self::Week => day - (day + 3).rem_euclid(7),
            Self::Month => first(day, |month| month)?,
            Self::Quarter => first(day, |month| (month - 1) / 3 * 3 + 1)?,
            Self::Year => first(day, |_| 1)?,
        };
        begin.checked_mul(DAY)
    }
}

/// The first day of a month of the same year as that day.
fn first(day: i64, month: impl FnOnce(u8) -> u8) -> Option<i64> {
    let date = Date::from_julian_day(i32::try_from(day + EPOCH).ok()?).ok()?;
    let month = Month::try_from(month(u8::from(date.month()))).ok()?;
    let first = Date::from_calendar_date(date.year(), month, 1).ok()?;
    Some(i64::from(first.to_julian_day()) - EPOCH)
}
