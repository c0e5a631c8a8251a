//! The verb `merge`: what it asks the hub for, and what it shows.

use serde_json::{Value, json};

use crate::fake::{FakeHub, Reply};
use crate::program::{failure, run};

const ME: &str = r#"{"user":"alice","repositories":["alice"]}"#;

/// What a hub answers, with a path that would act on a terminal.
fn merged() -> Value {
    let conflict = |number: u32| {
        json!({
            "path": format!("etc/{number}\u{1b}[2J"), "winner": "bob/extra", "losers": ["alice/base"],
            "difference": "content",
        })
    };
    json!({
        "repository": "alice", "name": "all", "flist": "ab".repeat(32), "entries": 7, "bytes": 2048,
        "updated": 1, "revision": 1,
        "merge": {
            "sources": ["alice/base", "bob/extra"], "rule": "last-wins", "conflict_count": 1234,
            "conflicts": (0..1000).map(conflict).collect::<Vec<_>>(), "metadata_only": 3,
            "merged_directories": 5, "new_objects": 4, "stored_bytes": 300,
        },
    })
}

fn hub() -> FakeHub {
    FakeHub::new(|_, request| {
        if request.line == "GET /api/v1/me" {
            Reply::json(ME)
        } else {
            Reply::json(&merged().to_string())
        }
    })
}

#[test]
fn names_alone_are_in_the_tokens_own_repository() {
    let hub = hub();
    let arguments = [
        "merge",
        "all",
        "base.flist",
        "bob/extra",
        "--rule",
        "last-wins",
        "--image-config",
        "base",
    ];
    let output = run(&hub.url, &arguments);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(hub.lines(), ["GET /api/v1/me", "POST /api/v1/flists/alice/all/merge"]);
    let asked: Value = serde_json::from_slice(&hub.requests()[1].body).unwrap();
    assert_eq!(
        asked,
        json!({
            "sources": ["alice/base", "bob/extra"], "rule": "last-wins",
            "image_config": "alice/base", "dry_run": false,
        })
    );
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "merged alice/all from 2 flists",
        "7 entries, 2.00 KiB",
        "5 directories; 4 new objects",
        "1234; directories that differ in metadata only: 3",
        "etc/9\\u{1b}[2J: content differs; bob/extra won over alice/base",
        "and 1224 more",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains('\u{1b}') && !text.contains("etc/10"), "{text}");
}

#[test]
fn a_program_gets_the_whole_report() {
    let hub = hub();
    let output =
        run(&hub.url, &["--json", "merge", "a/all", "a/b", "c/d", "--image-config", "none"]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value, merged());
    // No name was without a repository, so nobody was asked whose the token is.
    assert_eq!(hub.lines(), ["POST /api/v1/flists/a/all/merge"]);
    let asked: Value = serde_json::from_slice(&hub.requests()[0].body).unwrap();
    assert_eq!((&asked["rule"], &asked["image_config"]), (&json!("first-wins"), &json!("none")));
}

#[test]
fn a_dry_run_says_so() {
    let hub = hub();
    let output = run(&hub.url, &["merge", "a/all", "a/b", "c/d", "--dry-run"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("would merge alice/all from 2 flists"), "{text}");
    let asked: Value = serde_json::from_slice(&hub.requests()[0].body).unwrap();
    assert_eq!(asked["dry_run"], true);
}

#[test]
fn what_is_no_merge_is_told_before_anything_is_sent() {
    let hub = hub();
    for arguments in [
        &["--json", "merge"][..],
        &["--json", "merge", "all"],
        &["--json", "merge", "all", "one"],
        &["--json", "merge", "all", "one", "a/b/c"],
        &["--json", "merge", "all", "one", "two", "--rule", "best"],
        &["--json", "merge", "all", "one", "two", "--image-config", "../x"],
    ] {
        let (exit, _, line) = failure(&run(&hub.url, arguments));
        assert_eq!(exit, 2, "{arguments:?}: {line}");
    }
    assert!(hub.requests().is_empty());
    let clash = FakeHub::new(|_, _| Reply::problem(422, "merge_conflicts", ""));
    let (exit, code, _) = failure(&run(&clash.url, &["--json", "merge", "a/b", "a/c", "a/d"]));
    assert_eq!((exit, code.as_str()), (6, "merge_conflicts"));
}
