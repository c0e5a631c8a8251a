//! Percent-encoding of bytes that need not be text, as paths of trees are in addresses.

/// Takes the encoding off. `None` where a `%` is not followed by two hex digits.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            other => other,
        });
    }
    Some(decoded)
}

/// The same for the value of a query, where `+` is a space, as forms write it.
pub fn decode_value(text: &str) -> Option<Vec<u8>> {
    decode(&text.replace('+', "%20"))
}

/// Puts the encoding on: what is left as it is stands for itself everywhere in a URL and in the parameters
/// of a header. A `/` is kept.
pub fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(*byte));
            }
            other => {
                let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
                encoded.push('%');
                encoded.push(digit(other >> 4).to_ascii_uppercase());
                encoded.push(digit(other & 15).to_ascii_uppercase());
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_go_there_and_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all.clone()));
        assert_eq!(decode_value(&encode(&all)), Some(all));
        assert_eq!(encode(b"a/b c\xff+%"), "a/b%20c%FF%2B%25");
    }

    #[test]
    fn what_is_not_encoded_stays() {
        assert_eq!(decode("a+b%2fc%Ff"), Some(b"a+b/c\xff".to_vec()));
        assert_eq!(decode_value("a+b%2B"), Some(b"a b+".to_vec()));
        assert_eq!(decode("ä"), Some("ä".as_bytes().to_vec()));
        for bad in ["%", "%a", "%zz", "a%2", "%%20"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
