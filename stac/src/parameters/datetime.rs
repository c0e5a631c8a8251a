//! `datetime`: an instant of RFC 3339, or two with `/` between them, of which one may be open.

use super::error::ParameterError;
use crate::Interval;
use crate::rfc3339::microseconds;

fn wrong(message: &str) -> ParameterError {
    ParameterError::new("datetime", message)
}

/// Reads an instant or a span.
pub(super) fn of_text(text: &str) -> Result<Interval, ParameterError> {
    let Some((start, end)) = text.split_once('/') else {
        let at = Some(instant(text)?);
        return Ok(Interval { start: at, end: at });
    };
    let end_of = |text: &str| match text {
        "" | ".." => Ok(None),
        text => instant(text).map(Some),
    };
    match (end_of(start)?, end_of(end)?) {
        (None, None) => Err(wrong("one end of it at least must be an instant")),
        (Some(start), Some(end)) if start > end => Err(wrong("it ends before it begins")),
        (start, end) => Ok(Interval { start, end }),
    }
}

fn instant(text: &str) -> Result<i64, ParameterError> {
    let form = "it must be as 2024-05-01T12:00:00Z, or two such with / between them, of which one may be ..";
    microseconds(text).ok_or_else(|| wrong(form))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfc3339::SECOND;

    #[test]
    fn spans_may_be_open_at_one_end() {
        let (one, two) = ("1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z");
        let span = |start, end| Interval { start, end };
        for (text, expected) in [
            (one.to_owned(), span(Some(SECOND), Some(SECOND))),
            (format!("{one}/{two}"), span(Some(SECOND), Some(2 * SECOND))),
            (format!("{one}/{one}"), span(Some(SECOND), Some(SECOND))),
            (format!("{one}/.."), span(Some(SECOND), None)),
            (format!("{one}/"), span(Some(SECOND), None)),
            (format!("../{one}"), span(None, Some(SECOND))),
            (format!("/{one}"), span(None, Some(SECOND))),
        ] {
            assert_eq!(of_text(&text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "/",
            "..",
            "../..",
            "/..",
            "../",
            "/1984-04-12T23:20:50.52Z/1985-04-12T23:20:50.52Z",
            "1984-04-12T23:20:50.52Z/1985-04-12T23:20:50.52Z/",
            "1986-04-12T23:20:50.52Z/1985-04-12T23:20:50.52Z",
            "1985-04-12",
            "2024-13-40",
            "2024",
            "1937-01-01T12:00:27.87+0100",
            "37-01-01T12:00:27.87Z",
            "1985-12-12T23:20:50.52",
            "21985-12-12T23:20:50.52Z",
            "1985-13-12T23:20:50.52Z",
            "1985-12-32T23:20:50.52Z",
            "2023-02-29T00:00:00Z",
            "1985-12-01T25:20:50.52Z",
            "1985-12-01T24:00:00Z",
            "1985-12-01T00:60:50.52Z",
            "1985-12-01T00:06:61.52Z",
            "1990-12-31T23:59:61Z",
            "1985-04-12T23:20:50.Z",
            "1985-04-12T23:20:50,Z",
            "1985-04-12T23:20:50,5Z",
            "1985-04-12 23:20:50Z",
            "1985-04-12T23:20:50Z ",
            "1985-04-12T23:20:50+24:00",
            "1985-04-12T+3:20:50Z",
            "1985-04-12T23:20:5\u{e9}Z",
            "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert!(of_text(text).is_err(), "{text}");
        }
    }
}
