//! The address that links from this hub begin with, as its users know it: `public_url`.

use url::Url;

use super::ConfigError;

/// Checks a configured address.
pub(super) fn check(text: &str) -> Result<(), ConfigError> {
    if is_address(text) {
        return Ok(());
    }
    let need = "http:// or https:// with a host, perhaps a port and a path, and nothing behind it";
    Err(ConfigError::Value { key: "public_url", need: need.to_owned() })
}

/// The address without a `/` at its end, so that a path can follow.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_end_matches('/')
}

fn is_address(text: &str) -> bool {
    // A query, or a user with a password, would end up in every link; and what `Url` mends by itself, a missing
    // host or a blank, is not to be mended.
    let plain = |char: char| char.is_ascii_graphic() && !"?#@\\".contains(char);
    let host = text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
    let scheme = |url: Url| ["http", "https"].contains(&url.scheme()) && url.has_host();
    text.chars().all(plain) && host && Url::parse(text).is_ok_and(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in [
            "https://hub.example.com",
            "https://hub.example.com/",
            "http://127.0.0.1:5555",
            "http://[::1]:5555",
            "https://example.com/hubs/one/",
            "HTTPS://example.com",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "hub.example.com",
            "hub.example.com:5555",
            "//hub.example.com",
            "/hub",
            "ftp://hub.example.com",
            "https://",
            "https:///path",
            "https://hub.example.com/?a=b",
            "https://hub.example.com?",
            "https://hub.example.com/#top",
            "https://alice:secret@hub.example.com",
            "https://hub example.com",
            "https://hub.example.com/\n",
            "https://hub.example.com:port",
        ] {
            let error = check(bad).unwrap_err().to_string();
            assert!(error.starts_with("public_url must be http:// or https://"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_path_can_follow() {
        assert_eq!(trimmed("https://example.com/hub//"), "https://example.com/hub");
        assert_eq!(trimmed("https://example.com"), "https://example.com");
    }
}
