//! `If-Match` and `If-None-Match` of requests that change a name (RFC 9110, 13.1), and the tags that they
//! name.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;

use super::range::tags;
use crate::catalog::{Condition, NameRow, Named};

/// A tag that is none of ours stands for a revision that no name has.
const NO_REVISION: u64 = 0;

/// The condition of a request.
pub(super) struct Conditional(pub(super) Condition);

impl<S: Sync> FromRequestParts<S> for Conditional {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(condition(&parts.headers)))
    }
}

/// The tag of a name as it is.
pub(super) fn tag(named: &Named) -> String {
    format!("\"{}\"", named.revision)
}

/// The tag of a name and what it leads to: it differs when a link leads elsewhere, too.
pub(super) fn tag_of_row(row: &NameRow) -> String {
    match row.link {
        None => format!("\"{}\"", row.revision),
        Some(_) => format!("\"{}.{}\"", row.revision, row.flist.id),
    }
}

fn condition(headers: &HeaderMap) -> Condition {
    Condition {
        if_match: revisions(headers, &IF_MATCH),
        if_none_match: revisions(headers, &IF_NONE_MATCH),
    }
}

/// The revisions that a header names; empty for `*`, which is any.
fn revisions(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u64>> {
    let values = headers.get_all(name);
    values.iter().next()?;
    if values.iter().any(|value| value.as_bytes().trim_ascii() == b"*") {
        return Some(Vec::new());
    }
    // Never empty, which would be any revision: a header that names none of ours names none.
    let listed = tags(headers, name).map(|tag| revision(tag).unwrap_or(NO_REVISION));
    Some(listed.chain([NO_REVISION]).collect())
}

/// The revision that a strong tag names. What follows a dot is of the link's target, which the change does
/// not touch.
fn revision(tag: &str) -> Option<u64> {
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    tag.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_become_conditions() {
        let of = |if_match: Option<&str>, if_none_match: Option<&str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in [(IF_MATCH, if_match), (IF_NONE_MATCH, if_none_match)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let Condition { if_match, if_none_match } = condition(&headers);
            (if_match, if_none_match)
        };
        assert_eq!(of(None, None), (None, None));
        assert_eq!(of(Some("*"), None), (Some(vec![]), None));
        assert_eq!(of(Some("\"3\""), None), (Some(vec![3, 0]), None));
        assert_eq!(of(Some("\"3.abc\", \"4\""), None), (Some(vec![3, 4, 0]), None));
        for never in [
            "3",
            "W/\"3\"",
            "\"x\"",
            "\"-1\"",
            "\"99999999999999999999\"",
            "\"",
            "\"a,*,b\"",
            "\"\u{e9}\"",
        ] {
            let (revisions, _) = of(Some(never), None);
            let revisions = revisions.unwrap();
            let none = revisions.iter().all(|revision| *revision == NO_REVISION);
            assert!(none && !revisions.is_empty(), "{never}");
        }
        assert_eq!(of(None, Some("*")), (None, Some(vec![])));
        assert_eq!(of(None, Some("\"3\"")), (None, Some(vec![3, 0])));
    }
}
