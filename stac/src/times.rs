//! Points in time as publishers write them.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::rfc3339::{SECOND, microseconds};

/// The first instant that an item may say: 0001-01-01T00:00:00Z. RFC 3339 has the year before, and clients in Python do
/// not: one item of that year, and they read no collection and no page that it is in.
const FIRST: i64 = -62_135_596_800 * SECOND;

/// The last one: 9999-12-31T23:59:59.999999Z.
const LAST: i64 = 253_402_300_800 * SECOND - 1;

/// Which end of a day is meant where only a date is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Its first second.
    Begin,
    /// Its last second.
    End,
}

/// A point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// In microseconds since the Unix epoch.
    pub(super) micros: i64,
    /// As STAC has it: RFC 3339 in UTC.
    pub(super) text: String,
}

/// Reads a date, or a date and a time. Without an offset it is in UTC. `None` also where that is not in the years 1 to
/// 9999 in UTC.
pub(super) fn read(text: &str, side: Side) -> Option<Moment> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let time = rest.strip_prefix(['T', 't', ' ']);
    let full = match (rest.is_empty(), time) {
        (true, _) if side == Side::Begin => format!("{date}T00:00:00Z"),
        (true, _) => format!("{date}T23:59:59Z"),
        (false, Some(time)) => format!("{date}T{}", with_offset(time.trim_start())),
        (false, None) => return None,
    };
    of_micros(microseconds(&full)?)
}

/// Whether a time is written as STAC has it: a date, a time and an offset. Few programs know leap seconds, or a year 0,
/// which an offset may lead out of.
pub(super) fn is_full(text: &str) -> bool {
    let well_known = text.get(17..19) != Some("60") && !text.starts_with("0000");
    well_known && microseconds(text).is_some()
}

/// A time of day with seconds and an offset.
fn with_offset(time: &str) -> String {
    let at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = time.split_at_checked(at).unwrap_or((time, ""));
    let clock = clock.trim_end();
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let offset = if offset.is_empty() { "Z" } else { offset };
    format!("{clock}{seconds}{offset}")
}

/// The point in time that is so many seconds after the Unix epoch.
pub(super) fn of_seconds(seconds: u64) -> Option<Moment> {
    of_micros(i64::try_from(seconds).ok()?.checked_mul(SECOND)?)
}

fn of_micros(micros: i64) -> Option<Moment> {
    if !(FIRST..=LAST).contains(&micros) {
        return None;
    }
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
    Some(Moment { micros, text: moment.format(&Rfc3339).ok()? })
}

/// The point in time that a value says.
pub(super) fn of_value(value: &Value, side: Side) -> Result<Moment, String> {
    let text = value.as_str().ok_or_else(|| format!("{value} is no date: write it as text"))?;
    read(text, side).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        format!(
            "{text:?} is no date of the years 1 to 9999: write 2024-05-31, or 2024-05-31T10:00:00Z"
        )
    })
}

/// A span: both ends of `extent.temporal`. A last one that is missing or null is `until`.
pub(super) fn of_span(value: &Value, until: &Moment) -> Result<(Moment, Moment), String> {
    let ends = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let (begin, end) = match ends {
        [begin] | [begin, Value::Null] => (of_value(begin, Side::Begin)?, None),
        [begin, end] => (of_value(begin, Side::Begin)?, Some(of_value(end, Side::End)?)),
        _ => return Err("a span is a list of two dates".to_owned()),
    };
    let end = end.unwrap_or_else(|| until.clone().max_of(&begin));
    if begin.micros > end.micros {
        return Err("it ends before it begins".to_owned());
    }
    Ok((begin, end))
}

impl Moment {
    fn max_of(self, other: &Self) -> Self {
        if self.micros >= other.micros { self } else { other.clone() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_ways_to_write_a_time() {
        for (written, read_as) in [
            ("2023-11-01", "2023-11-01T00:00:00Z"),
            ("2023-11-01T12:00:00.0", "2023-11-01T12:00:00Z"),
            ("2023-11-01 12:00", "2023-11-01T12:00:00Z"),
            ("2023-11-01T12:00:00.25+02:00", "2023-11-01T10:00:00.25Z"),
            ("2023-11-01t12:00z", "2023-11-01T12:00:00Z"),
            ("1960-02-29T00:00:00Z", "1960-02-29T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00.123456Z"),
            ("0001-01-01", "0001-01-01T00:00:00Z"),
            ("0000-12-31T23:00:00-01:00", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(read(written, Side::Begin).unwrap().text, read_as, "{written}");
        }
        assert_eq!(read("2023-11-01", Side::End).unwrap().text, "2023-11-01T23:59:59Z");
        assert_eq!(read("1970-01-01T00:00:01.5Z", Side::Begin).unwrap().micros, 1_500_000);
        assert_eq!(read("1969-12-31T23:59:59Z", Side::Begin).unwrap().micros, -1_000_000);
        assert_eq!(of_seconds(86_400).unwrap().text, "1970-01-02T00:00:00Z");
    }

    #[test]
    fn times_as_stac_has_them() {
        for full in ["2024-01-01T00:00:00Z", "2024-01-01t00:00:00.000+02:00"] {
            assert!(is_full(full), "{full}");
        }
        for other in [
            "2024-01-01",
            "2024-01-01T00:00Z",
            "2024-01-01 00:00:00Z",
            "2016-12-31T23:59:60Z",
            "0000-12-31T23:00:00-01:00",
        ] {
            assert!(!is_full(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for bad in [
            "",
            "2024",
            "2024-13-40",
            "2023-02-29",
            "2024-01-01T25:00:00Z",
            "2024-01-01X",
            "yesterday",
            "2024-01-01T12",
            "9999-12-31T23:59:59-10:00",
            "9999-12-31T23:59:60Z",
            "0000-01-01",
            "0000-12-31T23:59:59.999999Z",
            "0001-01-01T00:00:00+10:00",
            "äääääääääääää",
            "2024-01-01T10:00:00+99:99",
            "2024-1-1",
        ] {
            assert_eq!(read(bad, Side::Begin), None, "{bad}");
        }
        assert_eq!(of_seconds(u64::MAX), None);
        assert!(of_value(&json!(2024), Side::Begin).is_err());
    }

    #[test]
    fn spans() {
        let until = of_seconds(1_700_000_000).unwrap();
        let span = |value: Value| of_span(&value, &until).map(|(a, b)| (a.text, b.text));
        let of = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        let (begin, end) = ("2023-01-01T00:00:00Z", "2023-01-31T23:59:59Z");
        assert_eq!(span(json!(["2023-01-01", "2023-01-31"])), of(begin, end));
        assert_eq!(span(json!(["2023-01-01", null])), of(begin, &until.text));
        assert_eq!(span(json!(["2023-01-01"])), of(begin, &until.text));
        for bad in
            [json!([]), json!("2023-01-01"), json!([null, "2023-01-01"]), json!(["2024", "2025"])]
        {
            assert!(span(bad.clone()).is_err(), "{bad}");
        }
        assert!(span(json!(["2023-02-01", "2023-01-01"])).unwrap_err().contains("before"));
    }
}
