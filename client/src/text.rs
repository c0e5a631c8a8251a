//! Bytes, numbers and times as people read them.

use std::fmt::Write as _;

/// Bytes of a name with everything escaped that could move a cursor, colour a screen or hide: control
/// characters, marks that turn the direction of writing, bytes that are no UTF-8, and `\` itself.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for part in bytes.utf8_chunks() {
        for char in part.valid().chars() {
            if char == '\\' { text.push_str("\\\\") } else { push_harmless(&mut text, char) }
        }
        for byte in part.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// A message of ours, in which a hub's or an archive's words may stand. Line breaks stay.
pub(crate) fn harmless(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    for char in message.chars() {
        if char == '\n' { text.push(char) } else { push_harmless(&mut text, char) }
    }
    text
}

fn push_harmless(text: &mut String, char: char) {
    let turns =
        matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if char.is_control() || turns || matches!(char, '\u{2028}' | '\u{2029}') {
        text.extend(char.escape_default());
    } else {
        text.push(char);
    }
}

/// Bytes in the unit that gives one to four digits.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// Seconds since the Unix epoch as a date and time, UTC.
pub(crate) fn time(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Howard Hinnant's algorithm: days counted from 1 March of the year 0, in eras of 400 years.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + next;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", rest / 3600, rest % 3600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_reaches_the_terminal_as_a_command() {
        assert_eq!(shown(b"a\x1b[31m\n\\\xff\xc2\x9b"), "a\\u{1b}[31m\\n\\\\\\xff\\u{9b}");
        assert_eq!(shown("b\u{202e}gpj".as_bytes()), "b\\u{202e}gpj");
        assert_eq!(shown("ü€ 😀".as_bytes()), "ü€ 😀");
        assert_eq!(harmless("one\ntwo\x07"), "one\ntwo\\u{7}");
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, shown) in [
            (0, "1970-01-01 00:00"),
            (-1, "1969-12-31 23:59"),
            (951_782_400, "2000-02-29 00:00"),
            (1_795_242_900, "2026-11-21 06:35"),
            (4_107_542_400, "2100-03-01 00:00"),
            (-62_135_596_800, "0001-01-01 00:00"),
        ] {
            assert_eq!(time(seconds), shown, "{seconds}");
        }
        // No time that a tree can hold may stop the listing.
        let _ = (time(i64::MAX), time(i64::MIN));
    }
}
