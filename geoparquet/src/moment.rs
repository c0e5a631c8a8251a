//! Times of items: which members are times, and their microseconds since the Unix epoch.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The properties that STAC defines as times.
const TIMES: [&str; 8] = [
    "datetime",
    "start_datetime",
    "end_datetime",
    "created",
    "updated",
    "published",
    "expires",
    "unsubscribed",
];

/// Whether a property is a time.
pub(crate) fn is_time(name: &str) -> bool {
    TIMES.contains(&name)
}

/// A time in microseconds; none if microseconds do not say it: it is finer, a leap second, or no time.
pub(crate) fn microseconds(text: &str) -> Option<i64> {
    // The reader would take a leap second for the second before it.
    let second = text.get(17..19)?;
    let read = OffsetDateTime::parse(text, &Rfc3339).ok().filter(|_| second != "60")?;
    let fraction = text.get(19..).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
    let digits = fraction.bytes().take_while(u8::is_ascii_digit);
    let finer = digits.skip(6).any(|digit| digit != b'0');
    let all = read.unix_timestamp_nanos().checked_div(1_000)?;
    if finer { None } else { all.try_into().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_microseconds() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T01:00:00.5+01:00", Some(500_000)),
            ("1969-12-31T23:59:59.999999Z", Some(-1)),
            ("1970-01-01T00:00:00.000001000Z", Some(1)),
            ("1970-01-01T00:00:00.0000001Z", None),
            ("2016-12-31T23:59:60Z", None),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800_000_000)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799_000_000)),
            ("2024-13-01T00:00:00Z", None),
            ("2024-01-01", None),
            ("", None),
            ("1970-01-01T00:00:\u{e9}0Z", None),
        ] {
            assert_eq!(microseconds(text), expected, "{text}");
        }
    }
}
