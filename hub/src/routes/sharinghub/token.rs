//! The header in which SharingHub's clients say who they are. SharingHub takes a token in the query too, which ends up
//! in logs and in links: here that is refused, so that nobody takes it for the way to go.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::error::{ApiError, Code};
use crate::routes::percent;

/// SharingHub's header.
pub(in crate::routes) const HEADER: HeaderName = HeaderName::from_static("x-gitlab-token");

/// SharingHub's parameter, and those of GitLab, by which its clients might try.
const PARAMETERS: [&[u8]; 3] = [b"gitlab_token", b"private_token", b"access_token"];

/// Takes the token of that header for one in `Authorization`, unless there is one.
pub(in crate::routes) async fn as_bearer(mut request: Request, next: Next) -> Response {
    if tells_a_token(request.uri().query().unwrap_or_default()) {
        let message = "a token in the query is written into logs; send it in the header \
                       `Authorization: Bearer` or `X-Gitlab-Token`";
        return ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_QUERY, message).into_response();
    }
    translate(request.headers_mut());
    next.run(request).await
}

/// Whether a query has one of those parameters, however its name is written.
fn tells_a_token(query: &str) -> bool {
    let mut names = query.split('&').filter_map(|pair| pair.split('=').next());
    names.any(|name| {
        let name = percent::decode_value(name);
        name.is_some_and(|name| PARAMETERS.contains(&name.as_slice()))
    })
}

fn translate(headers: &mut HeaderMap) {
    let Some(token) = headers.remove(HEADER) else { return };
    if headers.contains_key(AUTHORIZATION) {
        return;
    }
    let bearer = [b"Bearer ", token.as_bytes()].concat();
    if let Ok(mut bearer) = HeaderValue::from_bytes(&bearer) {
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(given: &[(&'static str, &'static str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        translate(&mut headers);
        assert!(!headers.contains_key("x-gitlab-token"));
        headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_token_in_a_query_is_seen_however_its_name_is_written() {
        for query in [
            "gitlab_token=a",
            "a=b&gitlab_token",
            "gitlab%5Ftoken=a",
            "%67itlab%5ftoken=a",
            "private_token=a",
            "x&access%5Ftoken=a&y",
        ] {
            assert!(tells_a_token(query), "{query}");
        }
        for query in [
            "",
            "token=a",
            "a=gitlab_token",
            "gitlab_tokens=a",
            "%=gitlab_token",
            "gitlab%255Ftoken=a",
        ] {
            assert!(!tells_a_token(query), "{query}");
        }
    }

    #[test]
    fn the_usual_header_counts_more() {
        assert_eq!(translated(&[]), None);
        assert_eq!(translated(&[("x-gitlab-token", "abc")]).as_deref(), Some("Bearer abc"));
        let both = [("x-gitlab-token", "abc"), ("authorization", "Bearer def")];
        assert_eq!(translated(&both).as_deref(), Some("Bearer def"));
    }
}
