//! Names of snapshots: `20260131T235959Z-7`, the time in UTC and a number that counts up. The number says
//! which is newer, whatever clocks did.

use std::fmt;

/// The name of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotName {
    // First, so that names sort by it.
    number: u64,
    text: String,
}

const ENDING: &str = ".snapshot";

impl SnapshotName {
    /// The name of a snapshot that is made at `now` (seconds since the Unix epoch) after `last`.
    pub(super) fn after(last: Option<&Self>, now: u64) -> Self {
        let number = last.map_or(1, |last| last.number.saturating_add(1));
        Self { number, text: format!("{}-{number}", utc(now)) }
    }

    /// Reads a name, as an operator may type it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (time, number) = text.split_once('-')?;
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
        if !digits(date) || !digits(clock) || !digits(number) {
            return None;
        }
        Some(Self { number: number.parse().ok()?, text: text.to_owned() })
    }

    /// Reads the name of a snapshot's file; `None` for other files.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        Self::parse(name.strip_suffix(ENDING)?)
    }

    pub(super) fn file(&self) -> String {
        format!("{}{ENDING}", self.text)
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A time as `YYYYMMDDTHHMMSSZ`.
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar. Years are counted from the
/// first of March, so that the day that leap years add is the last.
fn date(days: u64) -> (u64, u64, u64) {
    // Days since 0000-03-01, then within the 400 years after which the calendar repeats.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March: 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31 days and the rest.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_utc() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_800_000_000, "20270115T080000Z"),
            (4_107_542_400, "21000301T000000Z"),
            (4_107_542_399, "21000228T235959Z"),
            (1_735_689_599, "20241231T235959Z"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn names_count_up_whatever_the_clock_does() {
        let first = SnapshotName::after(None, 1_800_000_000);
        assert_eq!(first.file(), "20270115T080000Z-1.snapshot");
        let second = SnapshotName::after(Some(&first), 0);
        assert_eq!(second.to_string(), "19700101T000000Z-2");
        assert!(second > first);
        assert_eq!(SnapshotName::of_file(&second.file()), Some(second));
        for other in
            ["", "x", "1T1Z-", "1T1-1", "../1T1Z-1", "1T1Z--1", "1T1Z-1.snapshot", "1T1Z-1/"]
        {
            assert_eq!(SnapshotName::parse(other), None, "{other}");
        }
    }
}
