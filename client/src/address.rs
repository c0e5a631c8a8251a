//! Where a hub and its routes are, and which token it gets: checked before anything is sent.

use flisthub_flist::percent;
use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::error::ClientError;

/// The header value of a token. It is marked sensitive, so that nothing prints it.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, ClientError> {
    let bad = "the token has characters that no token has; copy it again";
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ClientError::NoToken(bad));
    }
    let mut value =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| ClientError::NoToken(bad))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Accepts `http://host[:port][/prefix]` and `https://...` alone.
pub(crate) fn read_address(text: &str) -> Result<Url, ClientError> {
    let bad = |reason: &str| ClientError::Address {
        // Whatever stands before an `@` may be a password.
        url: text.rsplit('@').next().unwrap_or_default().to_owned(),
        reason: reason.to_owned(),
    };
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("a token does not belong in an address; set FLISTHUB_TOKEN"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must have neither `?` nor `#`"));
    }
    Ok(url)
}

/// The address of a route: `path` and then `tail` below the hub's address, and a query.
pub(crate) fn below(
    base: &Url,
    path: &[&str],
    tail: &[u8],
    query: &[(&str, &str)],
) -> Result<Url, ClientError> {
    let mut url = base.clone();
    let extended = url.path_segments_mut().map(|mut segments| {
        segments.pop_if_empty().extend(path);
    });
    extended.map_err(|()| ClientError::Address {
        url: base.as_str().to_owned(),
        reason: String::from("it has no path"),
    })?;
    if !tail.is_empty() {
        url.set_path(&format!("{}/{}", url.path(), percent::encode(tail)));
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_make_a_path() {
        let base = Url::parse("http://hub.example/prefix/").unwrap();
        let path = ["api", "files"];
        let url = |tail: &[u8]| below(&base, &path, tail, &[]).unwrap();
        assert_eq!(url(b"").path(), "/prefix/api/files");
        let odd = b"a b/%2e/\xff\n\t?#/..x/\\";
        assert_eq!(url(odd).path(), "/prefix/api/files/a%20b/%252e/%FF%0A%09%3F%23/..x/%5C");
        let query = [("from", "alice/a@3"), ("x", "&=")];
        let url = below(&base, &path, b"", &query).unwrap();
        assert_eq!(url.query(), Some("from=alice%2Fa%403&x=%26%3D"));
    }

    #[test]
    fn the_header_does_not_show_the_token() {
        let value = bearer("fht_secret").unwrap();
        assert_eq!(value.as_bytes(), b"Bearer fht_secret");
        assert!(!format!("{value:?}").contains("secret"), "{value:?}");
    }
}
