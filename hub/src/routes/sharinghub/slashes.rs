//! SharingHub's clients may write the path of a project, and that of a file, as one part of an address: `alice%2Fscene`.
//! SharingHub decodes an address before it looks for the route; here parts are told apart first. Neither a name nor a file
//! has a `/` in its name, so that such a one can mean nothing else.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// Below this.
const DOWNLOAD: &str = "api/download/";

/// Writes them as `/`, before the router and whoever notes the path sees it.
pub fn plain_slashes<B>(mut request: Request<B>) -> Request<B> {
    if let Some(plain) = plain(request.uri()) {
        *request.uri_mut() = plain;
    }
    request
}

/// The same address with plain slashes. `None`: it has them already.
fn plain(uri: &Uri) -> Option<Uri> {
    let rest = uri.path().trim_start_matches('/').strip_prefix(DOWNLOAD)?;
    let plain = rest.replace("%2F", "/").replace("%2f", "/");
    if plain == rest {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = PathAndQuery::try_from(format!("/{DOWNLOAD}{plain}{query}")).ok()?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_of_downloads_are_plain() {
        let of = |text: &'static str| plain(&Uri::from_static(text)).map(|uri| uri.to_string());
        for (sent, meant) in [
            (
                "/api/download/a%2Fb/repository/c%2fd.md?ref=x%2Fy",
                "/api/download/a/b/repository/c/d.md?ref=x%2Fy",
            ),
            ("//api/download/a%2Fb/archive.tar", "/api/download/a/b/archive.tar"),
            ("http://h/api/download/a%2Fb/archive.tar", "http://h/api/download/a/b/archive.tar"),
        ] {
            assert_eq!(of(sent).as_deref(), Some(meant));
        }
        for as_it_is in [
            "/api/download/a/b/repository/c%20d?ref=x%2Fy",
            "/api/download/a/b/repository/c%252Fd",
            "/api/v1/flists/a%2Fb/files",
            "/api/download",
        ] {
            assert_eq!(of(as_it_is), None, "{as_it_is}");
        }
    }
}
