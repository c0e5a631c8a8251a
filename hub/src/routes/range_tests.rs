//! What a request's headers come to, case by case.

use super::*;

#[test]
fn ranges() {
    use Asked::{Bytes, Nothing, Outside, Several, TooMany};
    let many = format!("bytes={}", "0-0,".repeat(MOST_RANGES));
    let too_many = format!("{many}0-0");
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
        ("lines=0-1", Nothing),
        ("bytes=,", Nothing),
        ("bytes=0-1,4-2", Nothing),
        ("bytes=0-1,x", Nothing),
        // What nearly meets is one.
        ("bytes=0-1,3-4", Bytes(0..5)),
        ("bytes=8-9 , 0-1,", Bytes(0..10)),
        ("bytes=0-4,2-3", Bytes(0..5)),
        ("bytes=0-1,20-", Bytes(0..2)),
        ("bytes=10-,20-", Outside),
        (&many, Bytes(0..1)),
        (&too_many, TooMany),
    ] {
        assert_eq!(parse(header, 10), asked, "{header}");
    }
    for (header, asked) in [
        ("bytes=0-1,500-501", Several(vec![0..2, 500..502])),
        ("bytes=-1,0-1", Several(vec![0..2, 999..1_000])),
        ("bytes=500-600,0-0,550-700", Several(vec![0..1, 500..701])),
        ("bytes=0-0,129-129", Bytes(0..130)),
        ("bytes=0-0,130-130", Several(vec![0..1, 130..131])),
    ] {
        assert_eq!(parse(header, 1_000), asked, "{header}");
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
    let (tag, changed) = ("\"abc\"".to_owned(), Some(changed));
    let resource = Resource { tag, changed, length: 10, now: settled };
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
}

#[test]
fn weak_young_and_timeless() {
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let before = httpdate::fmt_http_date(changed - Duration::from_secs(1));
    let now = httpdate::fmt_http_date(changed);
    let after = httpdate::fmt_http_date(changed + Duration::from_secs(1));
    let settled = changed + SETTLING;
    let (tag, changed) = ("\"abc\"".to_owned(), Some(changed));
    let resource = Resource { tag, changed, length: 10, now: settled };
    // A weak tag is good for no more than not to send again what is there.
    let weak = Resource { tag: "W/\"abc\"".into(), ..resource.clone() };
    for (given, verdict) in [
        (vec![(IF_NONE_MATCH, "W/\"abc\"")], Verdict::NotModified),
        (vec![(IF_NONE_MATCH, "\"abc\"")], Verdict::NotModified),
        (vec![(IF_MATCH, "W/\"abc\"")], Verdict::Failed),
        (vec![(IF_MATCH, "*")], Verdict::Whole),
        (vec![(RANGE, "bytes=0-1"), (IF_RANGE, "W/\"abc\"")], Verdict::Whole),
    ] {
        assert_eq!(decide(&Method::GET, &headers(&given), &weak), verdict, "{given:?}");
    }
    // What has no time of a change is not asked by one.
    let timeless = Resource { changed: None, ..resource.clone() };
    for given in [
        vec![(IF_MODIFIED_SINCE, &*after)],
        vec![(IF_UNMODIFIED_SINCE, &*before)],
        vec![(RANGE, "bytes=0-1"), (IF_RANGE, &*now)],
    ] {
        let verdict = decide(&Method::GET, &headers(&given), &timeless);
        assert_eq!(verdict, Verdict::Whole, "{given:?}");
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
