//! Numbers in tar headers: octal text, and base-256 where the first bit is set.

/// Reads a numeric field; `None` if it is no number. A blank field is 0, as old writers leave what
/// does not apply. Twelve bytes of base-256 fit easily.
pub(super) fn field(bytes: &[u8]) -> Option<i128> {
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => base_256(bytes),
        _ => octal(bytes),
    }
}

fn octal(bytes: &[u8]) -> Option<i128> {
    let mut value: i128 = 0;
    let mut digits = bytes.iter().copied().skip_while(|byte| *byte == b' ');
    for digit in digits.by_ref() {
        match digit {
            b'0'..=b'7' => value = value << 3 | i128::from(digit - b'0'),
            b' ' | 0 => break,
            _ => return None,
        }
    }
    Some(value)
}

/// Two's complement, big endian; the first bit only marks the form, the second is the sign.
fn base_256(bytes: &[u8]) -> Option<i128> {
    let (first, rest) = bytes.split_first()?;
    let start: i128 = match first {
        0x80..=0xbf => i128::from(first & 0x3f),
        _ => i128::from(*first) - 0x100,
    };
    rest.iter().try_fold(start, |value, byte| {
        value.checked_mul(256).map(|value| value | i128::from(*byte))
    })
}

/// Reads decimal digits and nothing else.
pub(super) fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0u64, |value, byte| match byte {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// Reads a PAX time: decimal seconds with a fraction, maybe negative. Gives whole seconds rounded
/// down and the nanoseconds beyond them; digits past the ninth are cut.
pub(super) fn time(bytes: &[u8]) -> Option<(i64, u32)> {
    let (negative, digits) = match bytes.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    let mut parts = digits.splitn(2, |byte| *byte == b'.');
    let seconds = decimal(parts.next()?)?;
    let fraction = parts.next().unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |index| fraction.get(index).map_or(0, |byte| u32::from(byte - b'0'));
    let nanos = (0..9).fold(0, |value, index| value * 10 + digit(index));
    match (negative, nanos) {
        (false, _) => Some((i64::try_from(seconds).ok()?, nanos)),
        (true, 0) => Some((0i64.checked_sub_unsigned(seconds)?, 0)),
        (true, _) => Some(((-1i64).checked_sub_unsigned(seconds)?, 1_000_000_000 - nanos)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_fields_end_at_a_space_or_nul() {
        assert_eq!(field(b"0000644\0"), Some(0o644));
        assert_eq!(field(b"   644 \0"), Some(0o644));
        assert_eq!(field(b"77777777777"), Some(0o77_777_777_777));
        assert_eq!(field(b"\0\0\0\0"), Some(0));
        assert_eq!(field(b"        "), Some(0));
        assert_eq!(field(b"12x\0"), None);
        assert_eq!(field(b"-1\0"), None);
    }

    #[test]
    fn base_256_fields_are_signed() {
        assert_eq!(field(&[0x80, 0, 0, 0, 0, 0x20, 0, 0]), Some(0x20_0000));
        assert_eq!(field(&[0xff; 12]), Some(-1));
        assert_eq!(field(&[0xff, 0xff, 0xff, 0xfe]), Some(-2));
        let mut large = [0; 12];
        (large[0], large[3]) = (0x80, 1);
        assert_eq!(field(&large), Some(1 << 64));
    }

    #[test]
    fn times_are_rounded_down() {
        assert_eq!(time(b"1.5"), Some((1, 500_000_000)));
        assert_eq!(time(b"1"), Some((1, 0)));
        assert_eq!(time(b"1."), Some((1, 0)));
        assert_eq!(time(b"1.0000000019"), Some((1, 1)));
        assert_eq!(time(b"-1.5"), Some((-2, 500_000_000)));
        assert_eq!(time(b"-1"), Some((-1, 0)));
        assert_eq!(time(b"-0.000000001"), Some((-1, 999_999_999)));
        for bad in [&b""[..], b"-", b".5", b"1e5", b"1.-5", b"99999999999999999999"] {
            assert_eq!(time(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn times_reach_as_far_as_they_are_kept() {
        assert_eq!(time(b"9223372036854775807.9"), Some((i64::MAX, 900_000_000)));
        assert_eq!(time(b"-9223372036854775808"), Some((i64::MIN, 0)));
        assert_eq!(time(b"-9223372036854775807.9"), Some((i64::MIN, 100_000_000)));
        for bad in [&b"9223372036854775808"[..], b"-9223372036854775809"] {
            assert_eq!(time(bad), None, "{bad:?}");
        }
        assert_eq!(time(b"-9223372036854775808.1"), None);
    }
}
