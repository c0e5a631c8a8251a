//! The verb `diff`: what it asks for, what it shows, how it ends, and which answers are no diff.

use std::process::Output;

use crate::fake::{FakeHub, Reply};
use crate::program::{failure, run};

const ADDED: &str = r#"{"path":"a","change":"added","kind":"file","size":7}"#;
const CHANGED: &str = r#"{"path":"b","change":"changed","kind":"directory","in":["mode"]}"#;
const SUMMARY: &str = r#"{"summary":{"added":1,"removed":0,"changed":1,"complete":true}}"#;
const NOTHING: &str = r#"{"summary":{"added":0,"removed":0,"changed":0,"complete":true}}"#;

fn hub(body: &str) -> FakeHub {
    let body = body.to_owned();
    FakeHub::new(move |_, request| match request.line.as_str() {
        "GET /api/v1/me" => Reply::json(r#"{"user":"alice","repositories":["alice"]}"#),
        _ => Reply::new(200, body.clone()).with("content-type", "application/x-ndjson"),
    })
}

fn diff(hub: &FakeHub, options: &[&str]) -> Output {
    run(&hub.url, &[&["diff", "base.flist@3", "bob/base"], options].concat())
}

#[test]
fn what_differs_is_shown_line_by_line() {
    let body = format!("{ADDED}\n{CHANGED}\n{SUMMARY}\n");
    let hub = hub(&body);
    let text = |output: Output| String::from_utf8(output.stdout).unwrap();
    assert_eq!(text(diff(&hub, &[])), "+ a\n~ b/ (mode)\n1 added, 0 removed, 1 changed\n");
    assert_eq!(text(diff(&hub, &["--stat"])), "1 added, 0 removed, 1 changed\n");
    assert_eq!(text(diff(&hub, &["--json"])), body);
    assert_eq!(text(diff(&hub, &["--json", "--stat"])), format!("{SUMMARY}\n"));
    let asked = "GET /api/v1/diff?from=alice%2Fbase%403&to=bob%2Fbase";
    assert_eq!(hub.lines()[..2], ["GET /api/v1/me", asked]);
}

#[test]
fn the_exit_code_says_whether_they_differ_where_that_is_asked() {
    for (body, option, code) in [
        (format!("{ADDED}\n{SUMMARY}\n"), "--stat", 0),
        (format!("{ADDED}\n{SUMMARY}\n"), "--exit-code", 1),
        (format!("{NOTHING}\n"), "--exit-code", 0),
    ] {
        let output = diff(&hub(&body), &[option, "--json"]);
        assert_eq!(output.status.code(), Some(code), "{body}");
        assert!(output.stderr.is_empty() && !output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn what_is_no_whole_diff_is_told() {
    for body in [
        String::new(),
        format!("{ADDED}\n"),
        format!("{ADDED}\n{SUMMARY}"),
        format!("{SUMMARY}\n{ADDED}\n"),
        format!("{ADDED}\n[]\n{SUMMARY}\n"),
        format!("{ADDED}\n\n{SUMMARY}\n"),
        format!("{}\n{SUMMARY}\n", "x".repeat(2 << 20)),
    ] {
        let output = diff(&hub(&body), &["--json", "--exit-code"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("bad_answer"), "{error}: {body:.100}");
        assert_eq!(output.status.code(), Some(1));
    }
    let cut = FakeHub::new(|_, _| Reply::new(200, format!("{ADDED}\n{SUMMARY}\n")).cut(1));
    let output = diff(&cut, &["--json"]);
    assert_eq!(output.status.code(), Some(7), "{output:?}");
}

#[test]
fn a_wrong_command_line_is_told_before_anything_is_sent() {
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    for verb in [&["a/b"][..], &["a/b", "a/b@"], &["a/b@x", "a/c"], &["a/b", "a/c", "a/d"]] {
        let verb = [&["--json", "diff"], verb].concat();
        assert_eq!(failure(&run(&hub.url, &verb)).0, 2, "{verb:?}");
    }
    assert!(hub.requests().is_empty());
}
