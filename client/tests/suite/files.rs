//! Reading one file: which bytes are asked for, what happens when the connection breaks, and which answers
//! are refused.

use std::process::Output;

use crate::fake::{FakeHub, Reply, Request};
use crate::program::{failure, run};

const CONTENT: &[u8] = b"0123456789";

/// The bytes of a request's range: the first, and one behind the last.
fn asked(request: &Request) -> Option<(usize, usize)> {
    let (first, last) = request.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
    let end = CONTENT.len();
    Some(match (first, last) {
        ("", count) => (end - count.parse::<usize>().unwrap(), end),
        (first, "") => (first.parse().unwrap(), end),
        (first, last) => (first.parse().unwrap(), last.parse::<usize>().unwrap() + 1),
    })
}

/// What a hub answers.
fn honest(request: &Request) -> Reply {
    let reply = match asked(request) {
        None => Reply::new(200, CONTENT),
        Some((first, end)) => {
            let range = format!("bytes {first}-{}/{}", end - 1, CONTENT.len());
            Reply::new(206, &CONTENT[first..end]).with("content-range", &range)
        }
    };
    reply.with("etag", "\"tag\"")
}

fn cat(hub: &FakeHub, rest: &[&str]) -> Output {
    run(&hub.url, &[&["--json", "cat", "alice/base/a b/%/file"], rest].concat())
}

#[test]
fn a_range_is_asked_for_and_nothing_else() {
    let hub = FakeHub::new(|_, request| honest(request));
    for (range, content) in [("0-0", "0"), ("3-5", "345"), ("8-", "89"), ("-3", "789")] {
        for form in [&["--range", range][..], &[&format!("--range={range}")]] {
            let output = cat(&hub, form);
            assert_eq!(output.stdout, content.as_bytes(), "{range}: {output:?}");
        }
    }
    assert_eq!(cat(&hub, &[]).stdout, CONTENT);
    let all = hub.requests();
    assert!(all.iter().all(|one| one.line == "GET /api/v1/flists/alice/base/files/a%20b/%25/file"));
    assert_eq!(all.len(), 9);
}

#[test]
fn a_broken_download_goes_on_where_it_broke() {
    for range in [&[][..], &["--range", "2-"], &["--range", "-8"]] {
        let hub = FakeHub::new(|n, request| {
            let reply = honest(request);
            if n < 2 { reply.cut(3 - n) } else { reply }
        });
        let output = cat(&hub, range);
        let start = if range.is_empty() { 0 } else { 2 };
        assert_eq!(output.stdout, &CONTENT[start..], "{output:?}");
        let all = hub.requests();
        let ranges: Vec<_> = all[1..].iter().map(|one| one.header("range").unwrap()).collect();
        assert_eq!(ranges, ["bytes=7-9", "bytes=8-9"]);
        assert!(all[1..].iter().all(|one| one.header("if-match") == Some("\"tag\"")));
    }
    // It goes on as long as something comes.
    let hub = FakeHub::new(|_, request| {
        let (first, end) = asked(request).unwrap_or((0, CONTENT.len()));
        honest(request).cut(end - first - 1)
    });
    assert_eq!(cat(&hub, &[]).stdout, CONTENT);
    assert_eq!(hub.requests().len(), CONTENT.len());
    // The file is another one now.
    let hub = FakeHub::new(|n, request| match n {
        0 => honest(request).cut(3),
        _ => Reply::new(412, ""),
    });
    let output = cat(&hub, &[]);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(5), &CONTENT[..7]));
    assert!(output.stderr.starts_with(b"{\"error\":{\"code\":\"precondition_failed\""));
    // Nothing comes any more.
    let hub = FakeHub::new(|_, request| honest(request).cut(3));
    let output = cat(&hub, &[]);
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    assert_eq!(hub.requests().len(), 4);
}

#[test]
fn other_bytes_than_those_asked_for_are_refused() {
    type Lie = fn(&Request) -> Reply;
    let cases: [(&[&str], Lie); 5] = [
        (&["--range", "2-3"], |_| Reply::new(200, CONTENT)),
        (&["--range", "2-3"], |_| Reply::new(206, "23")),
        (&["--range", "2-3"], |_| Reply::new(206, "23").with("content-range", "bytes 2-9/10")),
        (&["--range", "2-3"], |_| Reply::new(206, "").with("content-range", "bytes 3-2/10")),
        (&["--range", "2-3"], |_| Reply::new(206, "45").with("content-range", "bytes 4-5/10")),
    ];
    for (range, lie) in cases {
        let hub = FakeHub::new(move |_, request| lie(request));
        let (exit, code, _) = failure(&cat(&hub, range));
        assert_eq!((exit, code.as_str()), (1, "bad_answer"));
    }
    // After a break, too.
    let hub = FakeHub::new(|n, request| match n {
        0 => honest(request).cut(3),
        _ => Reply::new(206, "89").with("content-range", "bytes 8-9/10"),
    });
    assert_eq!(cat(&hub, &[]).status.code(), Some(1));
}

#[test]
fn what_is_no_file_or_no_range_of_it_says_so() {
    for (status, code, exit) in
        [(416, "range_not_satisfiable", 6), (422, "not_a_file", 6), (404, "not_found", 3)]
    {
        let hub = FakeHub::new(move |_, _| Reply::problem(status, code, ""));
        let (got, word, _) = failure(&cat(&hub, &["--range", "5-"]));
        assert_eq!((got, word.as_str()), (exit, code));
    }
    let page = r#"{"path":"","entries":[],"next":null}"#;
    let hub = FakeHub::new(|_, _| Reply::json(page).with("accept-ranges", "none"));
    let (exit, code, line) = failure(&cat(&hub, &[]));
    assert_eq!((exit, code.as_str()), (6, "wrong_kind"));
    assert!(line.contains("alice/base/a b/%/file: is a directory"), "{line}");
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    for bad in ["--range=5", "--range=9-8", "--range=-0", "--range=1-2,4-5"] {
        assert_eq!(failure(&cat(&hub, &[bad])).0, 2, "{bad}");
    }
    assert!(hub.requests().is_empty());
}
