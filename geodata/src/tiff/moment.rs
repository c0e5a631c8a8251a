//! Moments as rasters write them, in the form of RFC 3339.

use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, Time};

/// The moment that a text means, in UTC. One without a zone is in UTC.
pub(super) fn read(text: &str) -> Option<String> {
    let text = text.trim();
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| without_zone(text))?;
    let moment = moment.checked_to_offset(time::UtcOffset::UTC)?;
    // A year of nothing is what cameras write that do not know.
    if moment.year() > 0 { moment.format(&Rfc3339).ok() } else { None }
}

/// `2024:05:01 10:11:12` as TIFF has it, or with `-` and `T`; seconds may have a fraction.
fn without_zone(text: &str) -> Option<OffsetDateTime> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once(['T', ' '])?;
    let (date, time) = (numbers(date, &[':', '-', '/'])?, time.trim());
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let time = numbers(time, &[':'])?;
    let [year, month, day] = date;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    let [hour, minute, second] = time.map(u8::try_from);
    let time = Time::from_hms_nano(hour.ok()?, minute.ok()?, second.ok()?, nanoseconds(fraction)?);
    // A year of nothing is what cameras write that do not know.
    let moment = OffsetDateTime::new_utc(date, time.ok()?);
    (year > 0).then_some(moment)
}

fn numbers(text: &str, between: &[char]) -> Option<[u16; 3]> {
    let mut parts = text.split(between);
    let mut number = || {
        let part = parts.next()?;
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    };
    let found = [number()?, number()?, number()?];
    parts.next().is_none().then_some(found)
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let text = format!("{fraction:0<9}");
    if digits { text.get(..9)?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        let cases = [
            ("2024:05:01 10:11:12", Some("2024-05-01T10:11:12Z")),
            ("2024-05-01 10:11:12", Some("2024-05-01T10:11:12Z")),
            ("2024-05-01T10:11:12Z", Some("2024-05-01T10:11:12Z")),
            ("2024-05-01T10:11:12.5", Some("2024-05-01T10:11:12.5Z")),
            ("2024-05-01T10:11:12+02:00", Some("2024-05-01T08:11:12Z")),
            ("9999-12-31T23:59:59-23:59", None),
            ("0000-01-01T00:00:00+23:59", None),
            ("0000:00:00 00:00:00", None),
            ("0000:01:01 00:00:00", None),
            ("0000-01-01T00:00:00Z", None),
            ("0001-01-01T00:00:00+02:00", None),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
            ("2024:02:30 00:00:00", None),
            ("2024:05:01", None),
            ("2024:05:01 10:11", None),
            ("2024:05:01 10:11:12:13", None),
            ("yesterday", None),
            ("+1:+1:+1 1:1:1", None),
            ("", None),
        ];
        for (text, moment) in cases {
            assert_eq!(read(text).as_deref(), moment, "{text}");
        }
    }
}
