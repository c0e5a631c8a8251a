//! Dates and timestamps as RFC 3339 writes them, years 0000 to 9999.

use std::fmt;

use time::{Date as Calendar, Month};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The Julian day of 1970-01-01.
const EPOCH: i32 = 2_440_588;

/// The first second of the year 0000, and of the year 10000, since 1970.
const FIRST: i64 = -62_167_219_200;
const END: i64 = 253_402_300_800;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(Calendar);

impl Date {
    /// Reads `YYYY-MM-DD`; nothing when it is not one, or there is no such day.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_at_checked(4)?;
        let (month, day) = rest.strip_prefix('-')?.split_once('-')?;
        let month = Month::try_from(u8::try_from(digits(month, 2)?).ok()?).ok()?;
        let (year, day) = (i32::try_from(digits(year, 4)?).ok()?, digits(day, 2)?);
        Calendar::from_calendar_date(year, month, u8::try_from(day).ok()?).ok().map(Self)
    }

    /// The first second of the day in UTC, since 1970.
    pub fn first_second(self) -> i64 {
        i64::from(self.0.to_julian_day() - EPOCH) * DAY
    }

    /// The second after the last one of the day in UTC, since 1970.
    pub fn end_second(self) -> i64 {
        self.first_second() + DAY
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(out, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

/// An instant, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

impl Timestamp {
    /// Reads a date and time of RFC 3339. The standard writes them in UTC only; any offset is taken, and only the
    /// instant is kept. What is finer than a nanosecond is cut off; a leap second is the second after it. Nothing when
    /// the text is not such an instant, or one outside of the years 0000 to 9999 in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let (clock, rest) = rest.strip_prefix(['T', 't'])?.split_at_checked(8)?;
        let (nanoseconds, rest) = match rest.strip_prefix('.') {
            None => (0, rest),
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let (fraction, rest) = rest.split_at_checked(digits)?;
                (billionths(fraction)?, rest)
            }
        };
        let seconds = Date::parse(date)?.first_second() + clock_seconds(clock)? - offset(rest)?;
        (FIRST..END).contains(&seconds).then_some(Self { seconds, nanoseconds })
    }

    /// Whole seconds since 1970 in UTC, rounded down.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds since that second.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }
}

impl fmt::Display for Timestamp {
    /// In UTC, with no more digits of the fraction than are needed.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = i32::try_from(self.seconds.div_euclid(DAY)).map_err(|_| fmt::Error)?;
        let date = Calendar::from_julian_day(days + EPOCH).map_err(|_| fmt::Error)?;
        let clock = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
        write!(out, "{}T{hour:02}:{minute:02}:{second:02}", Date(date))?;
        if self.nanoseconds != 0 {
            let fraction = format!("{:09}", self.nanoseconds);
            write!(out, ".{}", fraction.trim_end_matches('0'))?;
        }
        write!(out, "Z")
    }
}

fn clock_seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':').map(|part| digits(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let holds = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    holds.then(|| i64::from(hour * 3_600 + minute * 60 + second))
}

fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3_600 + minutes * 60))
}

fn billionths(fraction: &str) -> Option<u32> {
    let first: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    if fraction.is_empty() { None } else { first.parse().ok() }
}

fn digits(text: &str, length: usize) -> Option<u32> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_and_written_in_utc() {
        for (text, written) in [
            ("1969-07-20T20:17:40Z", "1969-07-20T20:17:40Z"),
            ("1969-07-20t22:17:40.25000+02:00", "1969-07-20T20:17:40.25Z"),
            ("2020-01-01T00:00:00.1234567899Z", "2020-01-01T00:00:00.123456789Z"),
            ("1969-12-31T23:30:00-00:30", "1970-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60z", "2017-01-01T00:00:00Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ] {
            let instant = Timestamp::parse(text).unwrap();
            assert_eq!(instant.to_string(), written, "{text}");
            assert_eq!(Timestamp::parse(written), Some(instant), "{text}");
        }
        assert_eq!(Timestamp::parse("1970-01-02T00:00:01Z").unwrap().seconds(), 86_401);
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2020-01-01",
            "2020-01-01T00:00:00",
            "2020-01-01 00:00:00Z",
            "2020-01-01T24:00:00Z",
            "2020-01-01T00:60:00Z",
            "2020-01-01T00:00:61Z",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00+24:00",
            "2020-01-01T00:00:00Zjunk",
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:60Z",
            "2020-01-01T00:00:00é",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for text in ["2024-02-29", "0000-01-01", "9999-12-31"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        for text in
            ["2023-02-29", "2020-13-01", "2020-00-01", "2020-1-01", "20200101", "+020-01-01"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::parse("1970-01-02").unwrap().first_second(), 86_400);
        assert_eq!(Date::parse("1970-01-02").unwrap().end_second(), 172_800);
    }
}
