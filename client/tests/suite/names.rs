//! The verbs about names: what they ask the hub for, what they show, and what is said when an answer is
//! lost.

use serde_json::{Value, json};

use crate::fake::{FakeHub, Reply, Request};
use crate::program::{failure, run};

const ME: &str = r#"{"user":"alice","repositories":["alice"]}"#;

/// A hub that answers every change and look-up with this.
fn hub(answer: &Value) -> FakeHub {
    let answer = answer.to_string();
    FakeHub::new(move |_, request| match request.line.as_str() {
        "GET /api/v1/me" => Reply::json(ME),
        line if line.starts_with("DELETE ") => Reply::new(204, ""),
        _ => Reply::json(&answer),
    })
}

fn name(kind: &str, rest: &Value) -> Value {
    let mut name = json!({
        "repository": "alice", "name": "base", "kind": kind, "updated": 1_795_242_900, "revision": 7,
    });
    name.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    name
}

fn flist() -> Value {
    json!({
        "repository": "alice", "name": "base", "flist": "ab".repeat(32), "entries": 7, "bytes": 2048,
        "updated": 1, "revision": 8,
    })
}

fn tag() -> Value {
    json!({
        "repository": "alice", "name": "v1", "updated": 0, "revision": 2, "members": [
            {"name": "app", "target": "bob/app", "linked": 1, "flist": "cd".repeat(32)},
            {"name": "db", "target": "bob/db", "linked": 1},
        ],
    })
}

/// Runs a verb that must succeed; gives what it showed.
fn shown(hub: &FakeHub, arguments: &[&str]) -> String {
    let output = run(&hub.url, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or(Value::Null)
}

#[test]
fn each_verb_is_one_call() {
    let link = name("link", &json!({"target": "bob/base"}));
    let cases: [(&[&str], Value, &str, Value, &str); 7] = [
        (
            &["promote", "bob/base.flist", "base"],
            flist(),
            "POST /api/v1/flists/alice/base/promote",
            json!({"from": "bob/base", "dry_run": false}),
            "promoted bob/base to alice/base\n  flist     abab",
        ),
        (
            &["link", "base", "bob/base", "--dry-run"],
            link.clone(),
            "PUT /api/v1/flists/alice/base/link",
            json!({"target": "bob/base", "dry_run": true}),
            "would link alice/base to bob/base\n  kind      link\n  revision  7\n",
        ),
        (
            &["rename", "base", "alice/new"],
            link.clone(),
            "POST /api/v1/flists/alice/base/rename",
            json!({"to": "new", "dry_run": false}),
            "renamed alice/base to alice/new\n  revision  7\n",
        ),
        (
            &["rollback", "alice/base", "3"],
            link,
            "POST /api/v1/flists/alice/base/rollback",
            json!({"revision": 3, "dry_run": false}),
            "rolled alice/base back to revision 3\n  target    bob/base\n  revision  7\n",
        ),
        (
            &["tag", "v1", "app", "bob/app"],
            tag(),
            "PUT /api/v1/tags/alice/v1/app",
            json!({"target": "bob/app", "dry_run": false}),
            "tagged bob/app as app\nalice/v1: 2 members, revision 2, 1970-01-01 00:00\n  cdcdcdcdcd \
             app -> bob/app\n  gone       db -> bob/db\n",
        ),
        (&["tag", "bob/v1"], tag(), "GET /api/v1/tags/bob/v1", Value::Null, "alice/v1: 2 members"),
        (
            &["untag", "bob/v1", "app"],
            Value::Null,
            "DELETE /api/v1/tags/bob/v1/app",
            Value::Null,
            "removed bob/v1/app\n",
        ),
    ];
    for (arguments, answer, line, asked, text) in cases {
        let hub = hub(&answer);
        let whole = shown(&hub, arguments);
        assert!(whole.starts_with(text), "{arguments:?}: {whole}");
        let call = hub.requests().pop().unwrap();
        assert_eq!((call.line.as_str(), body(&call)), (line, asked));
        let json = shown(&hub, &[&["--json"], arguments].concat());
        let json: Value = serde_json::from_str(&json).unwrap();
        let removed = json!({"removed": "bob/v1/app"});
        assert_eq!(json, if answer.is_null() { removed } else { answer }, "{arguments:?}");
    }
}

#[test]
fn addresses_are_shown_one_a_line() {
    let signed = json!({
        "repository": "bob", "name": "base", "revision": 1, "flist": "ab".repeat(32), "expires": 1_795_242_900,
        "urls": [{"path": "a", "url": "http://hub/a?x"}, {"path": "b", "url": "http://hub/b?\u{1b}[1m"}],
    });
    let hub = hub(&signed);
    let arguments = ["sign", "bob/base", "a", "b", "--for", "1h"];
    assert_eq!(shown(&hub, &arguments), "http://hub/a?x\nhttp://hub/b?\\u{1b}[1m\n");
    let call = hub.requests().pop().unwrap();
    assert_eq!(call.line, "POST /api/v1/flists/bob/base/signed-urls");
    assert_eq!(body(&call), json!({"paths": ["a", "b"], "seconds": 3600}));
    let json = shown(&hub, &["--json", "sign", "base", "a"]);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), signed);
    let call = hub.requests().pop().unwrap();
    assert_eq!(call.line, "POST /api/v1/flists/alice/base/signed-urls");
    assert_eq!(body(&call), json!({"paths": ["a"]}));
    for wrong in [&["sign", "base"][..], &["sign", "base", "a", "--for", "1w"]] {
        assert_eq!(run(&hub.url, wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_condition_travels_with_each_change() {
    let at = Some(("if-match", "\"7\""));
    let absent = Some(("if-none-match", "*"));
    let merged = json!({
        "merge": {"sources": [], "rule": "refuse", "conflict_count": 0, "conflicts": [],
            "metadata_only": 0, "merged_directories": 0, "new_objects": 0, "stored_bytes": 0},
    });
    let mut merge = flist();
    merge.as_object_mut().unwrap().extend(merged.as_object().unwrap().clone());
    let link = name("link", &json!({"target": "bob/base"}));
    for (verb, answer, condition) in [
        ("promote b/base a/base --if-revision 7", flist(), at),
        ("promote b/base a/base --if-absent", flist(), absent),
        ("promote b/base a/base", flist(), None),
        ("link a/base b/base --if-absent", link.clone(), absent),
        ("tag a/v1 app b/app --if-revision 7", tag(), at),
        ("untag a/v1 app --if-revision 7", Value::Null, at),
        ("rename a/base new --if-revision 7", link.clone(), at),
        ("rollback a/base 3 --if-revision 7", link, at),
        ("rm -y a/base --if-revision 7", Value::Null, at),
        ("merge a/base a/x b/y --if-absent", merge, absent),
    ] {
        let hub = hub(&answer);
        shown(&hub, &verb.split(' ').collect::<Vec<_>>());
        let call = hub.requests().remove(0);
        let headers = ["if-match", "if-none-match"]
            .into_iter()
            .filter_map(|name| Some((name, call.header(name)?)));
        assert_eq!(
            headers.collect::<Vec<_>>(),
            condition.into_iter().collect::<Vec<_>>(),
            "{verb}"
        );
    }
    let moved = FakeHub::new(|_, _| Reply::problem(412, "precondition_failed", ""));
    let verb = ["--json", "rm", "a/base", "--if-revision", "7"];
    let (exit, code, _) = failure(&run(&moved.url, &verb));
    assert_eq!((exit, code.as_str()), (5, "precondition_failed"));
}

#[test]
fn nothing_is_sent_for_a_condition_that_fails() {
    let hub = hub(&flist());
    let tree = tempfile::tempdir().unwrap();
    let tree = tree.path().to_str().unwrap();
    for condition in [&["--if-revision", "7"][..], &["--if-absent"]] {
        let push = [&["--json", "push", tree, "a/base"], condition].concat();
        let (exit, code, line) = failure(&run(&hub.url, &push));
        assert_eq!((exit, code.as_str()), (5, "precondition_failed"));
        assert!(line.contains("a/base") && line.contains("revision 8"), "{line}");
    }
    assert_eq!(hub.lines(), ["GET /api/v1/flists/a/base"; 2]);
}

#[test]
fn a_lost_answer_is_asked_for_again_only_where_that_does_no_harm() {
    let answer = name("link", &json!({"target": "b/base"})).to_string();
    let history = json!({"entries": [{"revision": 9, "kind": "flist", "source": "promote", "at": 1}],
        "next": "8"});
    let lost = move |request: &Request| {
        if request.line.starts_with("GET ") {
            Reply::json(&history.to_string())
        } else {
            Reply::HangUp
        }
    };
    // A link is what it is told to be, however often.
    let hub = FakeHub::new(move |n, _| if n == 0 { Reply::HangUp } else { Reply::json(&answer) });
    shown(&hub, &["link", "a/base", "b/base"]);
    assert_eq!(hub.lines(), ["PUT /api/v1/flists/a/base/link"; 2]);
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    let (exit, _, line) = failure(&run(&hub.url, &["--json", "rollback", "a/base", "3"]));
    assert!(exit == 7 && line.contains("`hub-client log a/base` will tell"), "{line}");
    assert_eq!(hub.lines().iter().filter(|line| line.starts_with("POST ")).count(), 4);
    // Asked for twice, each of these may do something else the second time.
    for (verb, asked) in [
        ("link a/base b/base --if-absent", "PUT /api/v1/flists/a/base/link"),
        ("promote b/base a/base --if-revision 8", "POST /api/v1/flists/a/base/promote"),
        ("rename a/old base", "POST /api/v1/flists/a/old/rename"),
        ("rollback a/base 3 --if-revision 8", "POST /api/v1/flists/a/base/rollback"),
        ("untag a/base app", "DELETE /api/v1/tags/a/base/app"),
        ("rm a/base", "DELETE /api/v1/flists/a/base"),
        ("merge a/base a/x b/y", "POST /api/v1/flists/a/base/merge"),
    ] {
        let lost = lost.clone();
        let hub = FakeHub::new(move |_, request| lost(request));
        let verb: Vec<&str> = ["--json"].into_iter().chain(verb.split(' ')).collect();
        let (exit, code, line) = failure(&run(&hub.url, &verb));
        assert_eq!((exit, code.as_str()), (7, "interrupted"), "{verb:?}");
        assert_eq!(hub.lines(), [asked, "GET /api/v1/flists/a/base/history?limit=1"], "{verb:?}");
        assert!(line.contains("a/base is revision 9, by promote"), "{line}");
    }
    // What only asks may be asked again.
    let answer = flist().to_string();
    let hub = FakeHub::new(move |n, _| if n == 0 { Reply::HangUp } else { Reply::json(&answer) });
    shown(&hub, &["promote", "b/base", "a/base", "--dry-run", "--if-revision", "7"]);
    // No history is an answer too.
    let hub = FakeHub::new(|_, request| {
        if request.line.starts_with("GET ") {
            Reply::problem(404, "not_found", "")
        } else {
            Reply::new(504, "")
        }
    });
    let (_, code, line) = failure(&run(&hub.url, &["--json", "rm", "a/base"]));
    assert!(line.contains("there is no a/base now") && code == "http_504", "{line}");
}

#[test]
fn lists_are_read_page_by_page() {
    let hub = FakeHub::new(|_, request| match request.line.as_str() {
        "GET /api/v1/repositories" => Reply::json(
            r#"{"repositories":[{"name":"a","official":true,"updated":0}],"next":"a b"}"#,
        ),
        "GET /api/v1/repositories?cursor=a+b" => Reply::json(
            r#"{"repositories":[{"name":"b","official":false,"updated":0}],"next":null}"#,
        ),
        "GET /api/v1/flists/a" => Reply::json(r#"{"names":[],"next":"x"}"#),
        "GET /api/v1/flists/a?cursor=x" => {
            let link = name("tag-link", &json!({"target": "bob/v1"}));
            Reply::json(&json!({"names": [link], "next": null}).to_string())
        }
        other => panic!("{other}"),
    });
    let listed = shown(&hub, &["ls"]);
    assert_eq!(listed, "1970-01-01 00:00 official a\n1970-01-01 00:00          b\n");
    let listed: Value = serde_json::from_str(&shown(&hub, &["--json", "ls", "a"])).unwrap();
    assert_eq!(listed, json!([name("tag-link", &json!({"target": "bob/v1"}))]));
    let lines = hub.requests().len();
    assert_eq!(lines, 4);

    let circle = FakeHub::new(|_, _| Reply::json(r#"{"names":[],"next":"x"}"#));
    let output = run(&circle.url, &["--json", "ls", "a"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(circle.requests().len(), 2);
}

#[test]
fn a_history_is_read_as_far_as_it_is_wanted() {
    let hub = FakeHub::new(|_, request| {
        let (_, query) = request.line.split_once('?').unwrap();
        let last: u64 =
            query.split_once("cursor=").map_or(9, |(_, cursor)| cursor.parse().unwrap());
        let entry = |revision: u64| json!({"revision": revision, "kind": null, "source": "delete", "at": 0});
        let entries: Vec<Value> = (last - 2..last).rev().map(entry).collect();
        Reply::json(&json!({"entries": entries, "next": (last - 2).to_string()}).to_string())
    });
    let log = shown(&hub, &["log", "a/base", "--limit", "3"]);
    let revisions: Vec<&str> = log.lines().map(|line| line[..4].trim()).collect();
    assert_eq!(revisions, ["8", "7", "6"]);
    let path = "GET /api/v1/flists/a/base/history?limit=3";
    assert_eq!(hub.lines(), [path.to_owned(), format!("{path}&cursor=7")]);
}

#[test]
fn wrong_command_lines_are_told_before_anything_is_sent() {
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    for verb in [
        "promote a/b",
        "promote a/b a/c/d",
        "promote a/b a/c --if-revision x",
        "promote a/b a/c --if-revision 1 --if-absent",
        "link a/b",
        "link a/b ../c",
        "tag a/v1 app",
        "tag a/v1 x/app b/app",
        "tag a/v1 --dry-run",
        "tag a/v1 --if-absent",
        "untag a/v1",
        "rename a/b c/d",
        "rename a/b a/b/c",
        "rollback a/b",
        "rollback a/b -1",
        "rollback a/b 18446744073709551616",
        "log a/b --limit x",
        "rm a/b --if-absent",
        "convert app:1 --if-absent",
    ] {
        let verb: Vec<&str> = ["--json"].into_iter().chain(verb.split(' ')).collect();
        let (exit, _, line) = failure(&run(&hub.url, &verb));
        assert_eq!(exit, 2, "{verb:?}: {line}");
    }
    assert!(hub.requests().is_empty(), "{:?}", hub.lines());
}
