//! What a request asks the catalogue for: names and values of a query, decoded, and the same as a query again.

use axum::http::{StatusCode, Uri};

use crate::error::{ApiError, Code};
use crate::routes::percent;

/// Names and values.
pub(super) type Pairs = Vec<(String, String)>;

/// The pairs of a query.
pub(super) fn pairs(uri: &Uri) -> Result<Pairs, ApiError> {
    let query = uri.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((text(name)?, text(value)?))
    });
    pairs.collect::<Option<Pairs>>().ok_or_else(|| {
        let message = "a query is text in UTF-8, in which a `%` is followed by two hex digits";
        ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_SEARCH, message)
    })
}

fn text(encoded: &str) -> Option<String> {
    String::from_utf8(percent::decode_value(encoded)?).ok()
}

/// An address with a query of those pairs.
pub(super) fn address(base: &str, pairs: &[(String, String)]) -> String {
    let mut address = base.to_owned();
    for (at, (name, value)) in pairs.iter().enumerate() {
        address.push(if at == 0 { '?' } else { '&' });
        address.push_str(&percent::encode(name.as_bytes()));
        address.push('=');
        address.push_str(&percent::encode(value.as_bytes()));
    }
    address
}

/// The same pairs with another cursor.
pub(super) fn from_there(pairs: &[(String, String)], cursor: &str) -> Pairs {
    let others = pairs.iter().filter(|(name, _)| name != "after").cloned();
    others.chain([("after".to_owned(), cursor.to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_goes_there_and_back() {
        let uri: Uri = "/x?a=b+c%2B&&d&e=%C3%A9,/:&after=1".parse().unwrap();
        let read = pairs(&uri).unwrap();
        let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected =
            [owned("a", "b c+"), owned("d", ""), owned("e", "\u{e9},/:"), owned("after", "1")];
        assert_eq!(read, expected);
        let next = address("/x", &from_there(&read, "2 3"));
        assert_eq!(next, "/x?a=b%20c%2B&d=&e=%C3%A9%2C/%3A&after=2%203");
        assert_eq!(pairs(&next.parse().unwrap()).unwrap().len(), 4);
        assert!(pairs(&"/x?a=%f".parse().unwrap()).is_err());
        assert!(pairs(&"/x?a=%ff".parse().unwrap()).is_err());
    }
}
