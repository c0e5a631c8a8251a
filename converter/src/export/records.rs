//! PAX records: what a ustar header has no room for.

use std::fmt::Write as _;

/// The records of one header, in the order they are asked for.
#[derive(Default)]
pub(super) struct Records(Vec<u8>);

impl Records {
    /// The member's name.
    pub(super) fn path(&mut self, name: &[u8]) {
        self.add(b"path", name);
    }

    /// What the member links to.
    pub(super) fn link(&mut self, target: &[u8]) {
        self.add(b"linkpath", target);
    }

    /// A number whose field has room for `digits` octal digits; gives what the field says.
    pub(super) fn number(&mut self, key: &str, value: u64, digits: u32) -> u64 {
        if value < 1 << (3 * digits) {
            return value;
        }
        self.add(key.as_bytes(), value.to_string().as_bytes());
        0
    }

    /// A modification time: whole seconds, rounded down, and the nanoseconds beyond them. Gives what
    /// the field says.
    pub(super) fn time(&mut self, seconds: i64, nanos: u32) -> u64 {
        let field = u64::try_from(seconds).ok().filter(|seconds| *seconds < 1 << 33);
        if let (Some(field), 0) = (field, nanos) {
            return field;
        }
        self.add(b"mtime", decimal_time(seconds, nanos).as_bytes());
        field.unwrap_or(0)
    }

    /// An extended attribute, its name escaped as GNU tar does.
    pub(super) fn xattr(&mut self, name: &[u8], value: &[u8]) {
        let mut key = b"SCHILY.xattr.".to_vec();
        for byte in name {
            match byte {
                b'%' => key.extend_from_slice(b"%25"),
                b'=' => key.extend_from_slice(b"%3D"),
                other => key.push(*other),
            }
        }
        self.add(&key, value);
    }

    /// All records, if there are any.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (!self.0.is_empty()).then_some(self.0)
    }

    /// `length key=value` and a newline, where the length counts itself.
    fn add(&mut self, key: &[u8], value: &[u8]) {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + digits(rest);
        if rest + digits(length) != length {
            length = rest + digits(length);
        }
        self.0.extend_from_slice(length.to_string().as_bytes());
        self.0.push(b' ');
        self.0.extend_from_slice(key);
        self.0.push(b'=');
        self.0.extend_from_slice(value);
        self.0.push(b'\n');
    }
}

fn digits(number: usize) -> usize {
    number.to_string().len()
}

/// Decimal seconds with as many digits after the point as there are to tell.
fn decimal_time(seconds: i64, nanos: u32) -> String {
    let (negative, whole, fraction) = if seconds < 0 && nanos > 0 {
        // One second nearer to zero, and what is left of it.
        (true, (seconds + 1).unsigned_abs(), 1_000_000_000_u32.saturating_sub(nanos))
    } else {
        (seconds < 0, seconds.unsigned_abs(), nanos)
    };
    let mut text = format!("{}{whole}", if negative { "-" } else { "" });
    if fraction > 0 {
        // Writing into a string cannot fail.
        let _ = write!(text, ".{fraction:09}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_counts_itself() {
        for (value, expected) in [(1, "6 a=v\n"), (3, "8 a=vvv\n"), (4, "9 a=vvvv\n")] {
            let mut records = Records::default();
            records.add(b"a", &vec![b'v'; value]);
            assert_eq!(String::from_utf8(records.0).unwrap(), expected);
        }
        for value in 0..2000 {
            let mut records = Records::default();
            records.add(b"a", &vec![b'v'; value]);
            let text = String::from_utf8(records.0).unwrap();
            assert_eq!(text.split(' ').next().unwrap().parse::<usize>().unwrap(), text.len());
        }
    }

    #[test]
    fn times_are_what_the_reader_takes() {
        for (seconds, nanos, text) in [
            (1, 500_000_000, "1.5"),
            (-1, 0, "-1"),
            (-2, 500_000_000, "-1.5"),
            (-1, 999_999_999, "-0.000000001"),
            (i64::MAX, 1, "9223372036854775807.000000001"),
            (i64::MIN, 1, "-9223372036854775807.999999999"),
        ] {
            assert_eq!(decimal_time(seconds, nanos), text);
        }
        let mut records = Records::default();
        assert_eq!(records.time(8_589_934_591, 0), 8_589_934_591);
        assert!(records.0.is_empty());
        assert_eq!(records.time(8_589_934_592, 0), 0);
        assert_eq!(records.number("uid", 0o7_777_777, 7), 0o7_777_777);
        assert_eq!(records.number("uid", 0o10_000_000, 7), 0);
        assert_eq!(records.0, b"20 mtime=8589934592\n15 uid=2097152\n");
    }
}
