//! Which languages a caller reads, by the `Accept-Language` header.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// The most languages that are looked at.
const MOST: usize = 16;

/// Tags of languages, the one that is read best first. What is no such header says nothing.
pub(super) fn languages(headers: &HeaderMap) -> Vec<String> {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let ranges = header.unwrap_or_default().split(',').take(MOST);
    let mut weighed: Vec<(u16, &str)> = ranges.filter_map(range).collect();
    weighed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    weighed.into_iter().map(|(_, tag)| tag.to_owned()).collect()
}

/// A tag and how much it weighs, in thousandths. `*` names no language.
fn range(text: &str) -> Option<(u16, &str)> {
    let (tag, parameter) = text.split_once(';').unwrap_or((text, "q=1"));
    let (tag, weight) = (tag.trim(), parameter.trim().strip_prefix("q=")?);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=35).contains(&tag.len()) || !tag.bytes().all(plain) {
        return None;
    }
    let weight = thousandths(weight.trim())?;
    (weight > 0).then_some((weight, tag))
}

/// `1`, `0.8`, `0.75`: at most three digits after the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !matches!(whole, "0" | "1") {
        return None;
    }
    let weight: u16 = format!("{whole}{rest:0<3}").parse().ok()?;
    (weight <= 1_000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_best_read_language_comes_first() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(text).unwrap());
            languages(&headers).join(" ")
        };
        for (header, tags) in [
            ("fr", "fr"),
            ("en;q=0.5, fr-CH, de;q=0.75", "fr-CH de en"),
            ("fr;q=0, en", "en"),
            ("*", ""),
            ("*;q=0.1, it", "it"),
            ("en ; q=0.8 , fr ; q=0.9", "fr en"),
            ("", ""),
            ("a_b, c d, ;q=1, fr;q=2, fr;q=1.5, fr;q=0.1234, fr;x=1, nl", "nl"),
            ("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r", "a b c d e f g h i j k l m n o p"),
        ] {
            assert_eq!(of(header), tags, "{header:?}");
        }
        assert!(languages(&HeaderMap::new()).is_empty());
    }
}
