//! How GNU tar and libarchive write the names and values of extended attributes.

/// GNU tar writes `%` and `=` in names as `%25` and `%3D`, and nothing else.
pub(super) fn unescape_gnu(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"%25") {
            out.push(b'%');
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b"%3D") {
            out.push(b'=');
            rest = after;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

/// libarchive writes names percent-encoded and values in base64 without padding.
pub(super) fn libarchive_xattr(name: &[u8], value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let name = percent_decode(name)?;
    if name.is_empty() || name.contains(&0) {
        return None;
    }
    Some((name, base64(value)?))
}

fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'%' {
            let high = hex(*bytes.next()?)?;
            let low = hex(*bytes.next()?)?;
            out.push(high << 4 | low);
        } else {
            out.push(*byte);
        }
    }
    Some(out)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.iter().filter(|byte| **byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 & 0x3fff | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_escapes() {
        assert_eq!(unescape_gnu(b"user.a%3Db%25c%41"), b"user.a=b%c%41");
        assert_eq!(
            libarchive_xattr(b"user.a%3Db%20", b"aGkA/w"),
            Some((b"user.a=b ".to_vec(), b"hi\0\xff".to_vec()))
        );
        assert_eq!(libarchive_xattr(b"user.a%3", b""), None);
        assert_eq!(libarchive_xattr(b"user.a", b"*"), None);
        assert_eq!(libarchive_xattr(b"user.%00", b""), None);
    }
}
