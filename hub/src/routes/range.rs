//! Conditional and range requests (RFC 9110, sections 13 and 14): from headers and what the resource is
//! now, to which answer is right. Pure; `download` carries the answer out.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use axum::http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use axum::http::{HeaderMap, Method};

/// How long after a change the time of the change says which of two states it is: until then the other
/// one may bear the same second (RFC 9110, 8.8.2.2).
const SETTLING: Duration = Duration::from_mins(1);

/// What the resource is now.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// The strong entity tag, with its quotes.
    pub(super) tag: String,
    /// When it last changed, to the second.
    pub(super) changed: SystemTime,
    /// Bytes it has.
    pub(super) length: u64,
    /// The time of the request.
    pub(super) now: SystemTime,
}

impl Resource {
    /// The time of the last change, once it stands for this state alone.
    pub(super) fn settled(&self) -> Option<SystemTime> {
        let age = self.now.duration_since(self.changed).ok()?;
        (age >= SETTLING).then_some(self.changed)
    }
}

/// Which answer is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// 412: it is not what the caller asked for.
    Failed,
    /// 304: the caller has it.
    NotModified,
    /// 200: all of it.
    Whole,
    /// 206: these bytes; at least one.
    Part(Range<u64>),
    /// 416: the range lies outside.
    Unsatisfiable,
}

/// Decides, for `GET` and `HEAD`, in the order of RFC 9110, 13.2.2. Ranges are for `GET` alone.
pub(super) fn decide(method: &Method, headers: &HeaderMap, resource: &Resource) -> Verdict {
    if !as_expected(headers, resource) {
        return Verdict::Failed;
    }
    if not_modified(headers, resource) {
        return Verdict::NotModified;
    }
    if method != Method::GET || !if_range_holds(headers, resource) {
        return Verdict::Whole;
    }
    match text(headers, &RANGE).map(|range| parse(range, resource.length)) {
        None | Some(Asked::Nothing) => Verdict::Whole,
        Some(Asked::Bytes(range)) => Verdict::Part(range),
        Some(Asked::Outside) => Verdict::Unsatisfiable,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, name)?).ok()
}

/// The tags of a header, which may come in several lines.
fn tags<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// `If-Match` compares strongly; where it is given, `If-Unmodified-Since` does not count.
fn as_expected(headers: &HeaderMap, resource: &Resource) -> bool {
    if headers.contains_key(IF_MATCH) {
        return tags(headers, &IF_MATCH).any(|tag| tag == "*" || tag == resource.tag);
    }
    date(headers, &IF_UNMODIFIED_SINCE).is_none_or(|since| resource.changed <= since)
}

/// `If-None-Match` compares weakly; where it is given, `If-Modified-Since` does not count.
fn not_modified(headers: &HeaderMap, resource: &Resource) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        return tags(headers, &IF_NONE_MATCH)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/") == resource.tag);
    }
    let since = date(headers, &IF_MODIFIED_SINCE);
    resource.settled().zip(since).is_some_and(|(changed, since)| changed <= since)
}

/// `If-Range` compares strongly: a weak tag never matches, a date only exactly.
fn if_range_holds(headers: &HeaderMap, resource: &Resource) -> bool {
    let Some(condition) = headers.get(IF_RANGE) else { return true };
    let Ok(condition) = condition.to_str() else { return false };
    if condition.starts_with('"') || condition.starts_with("W/") {
        return condition == resource.tag;
    }
    resource.settled().is_some_and(|changed| date(headers, &IF_RANGE) == Some(changed))
}

/// What a `Range` header comes to.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// It is to be ignored: no such unit, malformed, or several ranges (which may be answered whole).
    Nothing,
    /// It lies outside.
    Outside,
    /// At least one byte.
    Bytes(Range<u64>),
}

fn parse(header: &str, length: u64) -> Asked {
    let Some((unit, set)) = header.split_once('=') else { return Asked::Nothing };
    let Some((first, last)) = set.trim().split_once('-') else { return Asked::Nothing };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Asked::Nothing;
    }
    let range = match (first, last) {
        ("", suffix) => match number(suffix) {
            Some(suffix) => length.saturating_sub(suffix)..length,
            None => return Asked::Nothing,
        },
        (first, "") => match number(first) {
            Some(first) => first..length,
            None => return Asked::Nothing,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
            _ => return Asked::Nothing,
        },
    };
    if range.is_empty() { Asked::Outside } else { Asked::Bytes(range) }
}

/// Digits alone; more than fit are the largest number.
fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        use Asked::{Bytes, Nothing, Outside};
        for (header, asked) in [
            ("bytes=0-0", Bytes(0..1)),
            ("bytes=0-9", Bytes(0..10)),
            ("bytes=5-", Bytes(5..10)),
            ("Bytes=2-4", Bytes(2..5)),
            ("bytes= 2-4", Bytes(2..5)),
            ("bytes=9-99", Bytes(9..10)),
            ("bytes=0-99999999999999999999999", Bytes(0..10)),
            ("bytes=-3", Bytes(7..10)),
            ("bytes=-10", Bytes(0..10)),
            ("bytes=-11", Bytes(0..10)),
            ("bytes=-0", Outside),
            ("bytes=10-", Outside),
            ("bytes=10-20", Outside),
            ("bytes=99999999999999999999999-", Outside),
            ("bytes=4-2", Nothing),
            ("bytes=-", Nothing),
            ("bytes=", Nothing),
            ("bytes", Nothing),
            ("bytes=a-b", Nothing),
            ("bytes=+1-2", Nothing),
            ("bytes=--2", Nothing),
            ("bytes=0-1,3-4", Nothing),
            ("lines=0-1", Nothing),
        ] {
            assert_eq!(parse(header, 10), asked, "{header}");
        }
        for header in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(parse(header, 0), Outside, "{header} of nothing");
        }
    }

    #[test]
    fn conditions() {
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let before = httpdate::fmt_http_date(changed - Duration::from_secs(1));
        let now = httpdate::fmt_http_date(changed);
        let after = httpdate::fmt_http_date(changed + Duration::from_secs(1));
        let settled = changed + SETTLING;
        let resource = Resource { tag: "\"abc\"".into(), changed, length: 10, now: settled };
        let part = Verdict::Part(0..2);
        for (given, verdict) in [
            (vec![], Verdict::Whole),
            (vec![(IF_NONE_MATCH, "\"abc\"")], Verdict::NotModified),
            (vec![(IF_NONE_MATCH, "W/\"abc\"")], Verdict::NotModified),
            (vec![(IF_NONE_MATCH, "\"x\", \"abc\"")], Verdict::NotModified),
            (vec![(IF_NONE_MATCH, "*")], Verdict::NotModified),
            (vec![(IF_NONE_MATCH, "\"x\"")], Verdict::Whole),
            (vec![(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, &now)], Verdict::Whole),
            (vec![(IF_MODIFIED_SINCE, &now)], Verdict::NotModified),
            (vec![(IF_MODIFIED_SINCE, &after)], Verdict::NotModified),
            (vec![(IF_MODIFIED_SINCE, &before)], Verdict::Whole),
            (vec![(IF_MODIFIED_SINCE, "yesterday")], Verdict::Whole),
            (vec![(IF_MATCH, "\"abc\"")], Verdict::Whole),
            (vec![(IF_MATCH, "\"x\", \"abc\"")], Verdict::Whole),
            (vec![(IF_MATCH, "*")], Verdict::Whole),
            (vec![(IF_MATCH, "W/\"abc\"")], Verdict::Failed),
            (vec![(IF_MATCH, "\"x\"")], Verdict::Failed),
            (vec![(IF_MATCH, "\"x\""), (IF_NONE_MATCH, "\"abc\"")], Verdict::Failed),
            (vec![(IF_MATCH, "\"abc\""), (IF_UNMODIFIED_SINCE, &before)], Verdict::Whole),
            (vec![(IF_UNMODIFIED_SINCE, &before)], Verdict::Failed),
            (vec![(IF_UNMODIFIED_SINCE, &now)], Verdict::Whole),
            (vec![(IF_UNMODIFIED_SINCE, "yesterday")], Verdict::Whole),
            (vec![(RANGE, "bytes=0-1"), (IF_MATCH, "\"x\"")], Verdict::Failed),
            (vec![(RANGE, "bytes=0-1")], part.clone()),
            (vec![(RANGE, "bytes=10-")], Verdict::Unsatisfiable),
            (vec![(RANGE, "bytes=0-1"), (IF_RANGE, "\"abc\"")], part.clone()),
            (vec![(RANGE, "bytes=0-1"), (IF_RANGE, "W/\"abc\"")], Verdict::Whole),
            (vec![(RANGE, "bytes=0-1"), (IF_RANGE, "\"x\"")], Verdict::Whole),
            (vec![(RANGE, "bytes=10-"), (IF_RANGE, "\"x\"")], Verdict::Whole),
            (vec![(RANGE, "bytes=0-1"), (IF_RANGE, &now)], part),
            (vec![(RANGE, "bytes=0-1"), (IF_RANGE, &after)], Verdict::Whole),
            (vec![(RANGE, "bytes=0-1"), (IF_NONE_MATCH, "\"abc\"")], Verdict::NotModified),
        ] {
            let headers = headers(&given);
            assert_eq!(decide(&Method::GET, &headers, &resource), verdict, "{given:?}");
            let of_head = match verdict {
                Verdict::Part(_) | Verdict::Unsatisfiable => Verdict::Whole,
                other => other,
            };
            assert_eq!(decide(&Method::HEAD, &headers, &resource), of_head, "HEAD {given:?}");
        }
        // The same second may stand for two states.
        let young = Resource { now: settled - Duration::from_secs(1), ..resource };
        assert_eq!(young.settled(), None);
        for given in [
            vec![(IF_MODIFIED_SINCE, &*now)],
            vec![(IF_MODIFIED_SINCE, &*after)],
            vec![(RANGE, "bytes=0-1"), (IF_RANGE, &*now)],
        ] {
            assert_eq!(decide(&Method::GET, &headers(&given), &young), Verdict::Whole, "{given:?}");
        }
    }

    fn headers(given: &[(HeaderName, &str)]) -> HeaderMap {
        given.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }
}
