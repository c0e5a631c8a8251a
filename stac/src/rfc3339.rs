//! Instants as RFC 3339 writes them.

use time::{Date, Month};

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;

/// An instant of RFC 3339 in microseconds since the Unix epoch. What is finer is cut off; a leap second is the second
/// after it.
pub(super) fn microseconds(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let days = day(date)?;
    let rest = rest.strip_prefix(['T', 't'])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let seconds = clock_seconds(clock)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (fraction, rest) = rest.split_at_checked(digits)?;
            (millionths(fraction)?, rest)
        }
    };
    let offset = offset_seconds(rest)?;
    Some((days * 86_400 + seconds - offset) * SECOND + fraction)
}

/// The days since the Unix epoch.
fn day(date: &str) -> Option<i64> {
    let (year, rest) = date.split_at_checked(4)?;
    let (month, day) = rest.strip_prefix('-')?.split_once('-')?;
    let month = Month::try_from(two_digits(month)?).ok()?;
    let year = digits(year, 4)?.try_into().ok()?;
    let date = Date::from_calendar_date(year, month, two_digits(day)?).ok()?;
    Some(
        i64::from(date.to_julian_day())
            - i64::from(Date::from_ordinal_date(1970, 1).ok()?.to_julian_day()),
    )
}

fn clock_seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':').map(two_digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let holds = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    holds.then(|| i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second))
}

fn offset_seconds(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let holds = hours < 24 && minutes < 60;
    holds.then(|| sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60))
}

fn millionths(fraction: &str) -> Option<i64> {
    let first: String = fraction.chars().chain("000000".chars()).take(6).collect();
    if fraction.is_empty() { None } else { first.parse().ok() }
}

fn two_digits(text: &str) -> Option<u8> {
    digits(text, 2)?.try_into().ok()
}

fn digits(text: &str, length: usize) -> Option<u32> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:01.5z", 1_500_000),
            ("1970-01-01T00:00:00.0000019Z", 1),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:30:00-00:30", 0),
            ("1969-12-31T23:59:60Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] {
            assert_eq!(microseconds(text), Some(micros), "{text}");
        }
    }
}
