//! Instants as RFC 3339 writes them, as the index has them.

use flisthub_cql2::Timestamp;

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;

/// An instant of RFC 3339 in microseconds since the Unix epoch. What is finer is cut off; a leap second is the second
/// after it. `None` also where it is not in the years 0 to 9999 in UTC.
pub(super) fn microseconds(text: &str) -> Option<i64> {
    let at = Timestamp::parse(text)?;
    at.seconds().checked_mul(SECOND)?.checked_add(i64::from(at.nanoseconds() / 1_000))
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
        for beyond in ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-01:00"] {
            assert_eq!(microseconds(beyond), None, "{beyond}");
        }
    }
}
