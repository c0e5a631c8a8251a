//! Conditional and range requests (RFC 9110, sections 13 and 14): from headers and what the resource is
//! now, to which answer is right. Pure; `download` and `files` carry the answer out.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use axum::http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use axum::http::{HeaderMap, Method};

/// How long after a change the time of the change says which of two states it is: until then the other
/// one may bear the same second (RFC 9110, 8.8.2.2).
const SETTLING: Duration = Duration::from_mins(1);

/// The most ranges that one request may ask for.
pub(super) const MOST_RANGES: usize = 16;

/// Ranges with fewer bytes between them are answered as one: to begin another part costs as much.
const GAP: u64 = 128;

/// What the resource is now.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// The entity tag, with its quotes; `W/` before it where the same tag may stand for other bytes of the
    /// same meaning.
    pub(super) tag: String,
    /// When it last changed, to the second, if that is known.
    pub(super) changed: Option<SystemTime>,
    /// Bytes it has.
    pub(super) length: u64,
    /// The time of the request.
    pub(super) now: SystemTime,
}

impl Resource {
    /// The time of the last change, once it stands for this state alone.
    pub(super) fn settled(&self) -> Option<SystemTime> {
        let changed = self.changed?;
        let age = self.now.duration_since(changed).ok()?;
        (age >= SETTLING).then_some(changed)
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
    /// 206: these parts, at least two, in order and apart. Who cannot give several gives all.
    Parts(Vec<Range<u64>>),
    /// 416: the range lies outside, or all of several do.
    Unsatisfiable,
    /// 416: more than [`MOST_RANGES`]. Who cannot give several gives all.
    TooMany,
}

/// Decides, for `GET` and `HEAD`, in the order of RFC 9110, 13.2.2. Ranges are for `GET` alone.
pub(super) fn decide(method: &Method, headers: &HeaderMap, resource: &Resource) -> Verdict {
    if let Some(verdict) = conditions(headers, resource) {
        return verdict;
    }
    if method != Method::GET || !if_range_holds(headers, resource) {
        return Verdict::Whole;
    }
    match text(headers, &RANGE).map(|range| parse(range, resource.length)) {
        None | Some(Asked::Nothing) => Verdict::Whole,
        Some(Asked::Bytes(range)) => Verdict::Part(range),
        Some(Asked::Several(ranges)) => Verdict::Parts(ranges),
        Some(Asked::Outside) => Verdict::Unsatisfiable,
        Some(Asked::TooMany) => Verdict::TooMany,
    }
}

/// What the conditions alone decide: [`Verdict::Failed`], [`Verdict::NotModified`] or nothing.
pub(super) fn conditions(headers: &HeaderMap, resource: &Resource) -> Option<Verdict> {
    if !as_expected(headers, resource) {
        return Some(Verdict::Failed);
    }
    not_modified(headers, resource).then_some(Verdict::NotModified)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, name)?).ok()
}

/// The tags of a header, which may come in several lines.
pub(super) fn tags<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
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
        let strong = resource.tag.starts_with('"');
        return tags(headers, &IF_MATCH).any(|tag| tag == "*" || strong && tag == resource.tag);
    }
    let since = date(headers, &IF_UNMODIFIED_SINCE);
    since.zip(resource.changed).is_none_or(|(since, changed)| changed <= since)
}

/// `If-None-Match` compares weakly; where it is given, `If-Modified-Since` does not count.
fn not_modified(headers: &HeaderMap, resource: &Resource) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        let own = resource.tag.trim_start_matches("W/");
        return tags(headers, &IF_NONE_MATCH)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/") == own);
    }
    let since = date(headers, &IF_MODIFIED_SINCE);
    resource.settled().zip(since).is_some_and(|(changed, since)| changed <= since)
}

/// `If-Range` compares strongly: a weak tag never matches, a date only exactly.
fn if_range_holds(headers: &HeaderMap, resource: &Resource) -> bool {
    let Some(condition) = headers.get(IF_RANGE) else { return true };
    let Ok(condition) = condition.to_str() else { return false };
    if condition.starts_with('"') || condition.starts_with("W/") {
        return condition == resource.tag && condition.starts_with('"');
    }
    resource.settled().is_some_and(|changed| date(headers, &IF_RANGE) == Some(changed))
}

/// What a `Range` header comes to.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// It is to be ignored: no such unit, or malformed.
    Nothing,
    /// It lies outside.
    Outside,
    /// At least one byte.
    Bytes(Range<u64>),
    /// Several parts, in order and apart.
    Several(Vec<Range<u64>>),
    /// More than anybody needs.
    TooMany,
}

fn parse(header: &str, length: u64) -> Asked {
    let Some((unit, set)) = header.split_once('=') else { return Asked::Nothing };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Asked::Nothing;
    }
    let asked = set.split(',').map(str::trim).filter(|one| !one.is_empty());
    let Some(ranges) = asked.map(|one| parse_one(one, length)).collect::<Option<Vec<_>>>() else {
        return Asked::Nothing;
    };
    match ranges.len() {
        0 => return Asked::Nothing,
        1..=MOST_RANGES => {}
        _ => return Asked::TooMany,
    }
    let mut joined = joined(ranges);
    match joined.pop() {
        None => Asked::Outside,
        Some(only) if joined.is_empty() => Asked::Bytes(only),
        Some(last) => {
            joined.push(last);
            Asked::Several(joined)
        }
    }
}

/// One range; one that lies outside is empty. `None` if it is malformed.
fn parse_one(range: &str, length: u64) -> Option<Range<u64>> {
    match range.split_once('-')? {
        ("", suffix) => Some(length.saturating_sub(number(suffix)?)..length),
        (first, "") => Some(number(first)?..length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| first..last.saturating_add(1).min(length))
        }
    }
}

/// The ranges that are not empty, in order; those that overlap or nearly meet are one.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}

/// Digits alone; more than fit are the largest number.
fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
#[path = "range_tests.rs"]
mod tests;
