//! Pages of lists: which one a query asks for, and the `Link` to the next one (RFC 8288). What a cursor
//! means is its list's own.

use std::fmt::Write as _;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, OriginalUri, Query};
use axum::http::header::{CONTENT_TYPE, HeaderValue, LINK};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::error::{ApiError, Code};
use crate::name::MAX_NAME;

/// Items on a page where none are asked for.
const USUAL: u32 = 50;

/// The most items on a page.
const MOST: u32 = 500;

/// The parameters. Routes that take others beside them have a struct of their own, and [`Page::of`].
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The most items of the page; 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Which page is asked for.
#[derive(Debug)]
pub(super) struct Page {
    /// The most items it may have.
    pub(super) limit: u32,
    /// Where it begins; `None` for the first one.
    pub(super) cursor: Option<String>,
    uri: Uri,
}

/// The one error of pages.
pub(super) fn bad_page(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_PAGE, message)
}

impl Page {
    /// The page of a request to `uri`, the whole of it, whose query says that.
    pub(super) fn of(
        uri: Uri,
        limit: Option<u32>,
        cursor: Option<String>,
    ) -> Result<Self, ApiError> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(bad_page(format!("limit must be from 1 to {MOST}")));
        }
        Ok(Self { limit, cursor, uri })
    }

    /// How many items to look for: one more than the page may have tells whether there is a next one.
    pub(super) fn one_more(&self) -> u32 {
        self.limit + 1
    }

    /// Cuts items that were looked for so, and gives the cursor of the next page, if there is one.
    pub(super) fn next<T>(
        &self,
        items: &mut Vec<T>,
        cursor: impl FnOnce(&T) -> String,
    ) -> Option<String> {
        let more = items.len() > self.most();
        items.truncate(self.most());
        items.last().filter(|_| more).map(cursor)
    }

    /// The name after which the page begins, in lists whose cursors are names; empty for the first page.
    pub(super) fn name(&self) -> Result<&str, ApiError> {
        let Some(name) = self.cursor.as_deref() else { return Ok("") };
        let plain = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(plain) {
            return Err(bad_page("cursor must be what the page before gave as next"));
        }
        Ok(name)
    }

    /// The most items that it may have.
    pub(super) fn most(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// The page, with a `Link` to the next one where there is one.
    pub(super) fn answer(&self, page: &impl Serialize, next: Option<&str>) -> Response {
        self.linked(Json(page).into_response(), next)
    }

    /// A page whose JSON is written already, likewise.
    pub(super) fn shown(&self, page: Bytes, next: Option<&str>) -> Response {
        self.linked(([(CONTENT_TYPE, "application/json")], page).into_response(), next)
    }

    fn linked(&self, mut response: Response, next: Option<&str>) -> Response {
        // What was encoded is plain text, which is always a header's value.
        if let Some(link) = next.and_then(|next| HeaderValue::try_from(link(&self.uri, next)).ok())
        {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // Of a nested router's request, `parts` has only the rest of the path.
        let whole = parts.extensions.get().map_or(&parts.uri, |OriginalUri(uri)| uri).clone();
        let asked = Query::<PageQuery>::from_request_parts(parts, state).await;
        let Query(PageQuery { limit, cursor }) =
            asked.map_err(|error| bad_page(error.body_text()))?;
        Self::of(whole, limit, cursor)
    }
}

/// The link to the same list from `cursor` on: the request's own path and query with another cursor.
fn link(uri: &Uri, cursor: &str) -> String {
    let mut link = String::from("</");
    // Two slashes at its beginning would make a host of the path's first part.
    encode(&mut link, uri.path().trim_start_matches('/').as_bytes(), |byte| {
        byte.is_ascii_graphic() && !b"<>\"".contains(&byte)
    });
    let pairs = uri.query().unwrap_or_default().split('&');
    let others = pairs.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("cursor"));
    let mut between = '?';
    for pair in others {
        link.push(between);
        encode(&mut link, pair.as_bytes(), |byte| {
            byte.is_ascii_graphic() && !b"<>\"".contains(&byte)
        });
        between = '&';
    }
    link.push(between);
    link.push_str("cursor=");
    encode(&mut link, cursor.as_bytes(), |byte| {
        byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
    });
    link.push_str(">; rel=\"next\"");
    link
}

/// Writes bytes, those that may not stand as they are percent-encoded.
fn encode(text: &mut String, bytes: &[u8], plain: impl Fn(u8) -> bool) {
    for &byte in bytes {
        if plain(byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_rest_of_the_query() {
        for (uri, cursor, expected) in [
            ("/l", "a", "</l?cursor=a>; rel=\"next\""),
            ("/l?", "a", "</l?cursor=a>; rel=\"next\""),
            ("/l?limit=2", "a b", "</l?limit=2&cursor=a%20b>; rel=\"next\""),
            ("/l?cursor=x&limit=2&a=%3E", "é", "</l?limit=2&a=%3E&cursor=%C3%A9>; rel=\"next\""),
            ("//l/m?limit=2", "a", "</l/m?limit=2&cursor=a>; rel=\"next\""),
            ("/l?cursor&b", "<", "</l?b&cursor=%3C>; rel=\"next\""),
        ] {
            assert_eq!(link(&uri.parse().unwrap(), cursor), expected);
        }
        let odd = Uri::try_from("/\u{e9}?q=\u{e9}").unwrap();
        assert_eq!(link(&odd, "a"), "</%C3%A9?q=%C3%A9&cursor=a>; rel=\"next\"");
    }

    #[test]
    fn a_page_has_some_items_and_not_too_many() {
        let page = |limit| Page::of(Uri::from_static("/"), limit, None).map(|page| page.limit);
        assert_eq!(page(None).unwrap(), USUAL);
        assert_eq!((page(Some(1)).unwrap(), page(Some(MOST)).unwrap()), (1, MOST));
        let two = Page::of(Uri::from_static("/"), Some(2), None).unwrap();
        for (mut items, next) in [(vec![], None), (vec![1, 2], None), (vec![1, 2, 3], Some("2"))] {
            let cursor = two.next(&mut items, ToString::to_string);
            assert_eq!((cursor.as_deref(), items.len() <= 2), (next, true));
        }
        assert!(page(Some(0)).is_err() && page(Some(MOST + 1)).is_err());
    }
}
