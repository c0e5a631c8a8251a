//! Where a hub is and which token it gets: checked before anything is sent.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_does_not_show_the_token() {
        let value = bearer("fht_secret").unwrap();
        assert_eq!(value.as_bytes(), b"Bearer fht_secret");
        assert!(!format!("{value:?}").contains("secret"), "{value:?}");
    }
}
