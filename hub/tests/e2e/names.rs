//! Names through their lives: published, promoted, linked, tagged, renamed, rolled back, removed.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::Hub;

/// A hub whose `alice/base` was published twice, with another file each time.
fn hub() -> Hub {
    let hub = Hub::start();
    let tree = hub.path("tree");
    std::fs::create_dir(&tree).unwrap();
    for content in ["one\n", "two\n"] {
        std::fs::write(tree.join("file"), content).unwrap();
        hub.push(&tree, "base");
    }
    hub
}

fn as_user(hub: &Hub, token: &str, arguments: &[&str]) -> Output {
    hub.client_as(token).arg("--json").args(arguments).output().unwrap()
}

fn cat(hub: &Hub, path: &str) -> String {
    String::from_utf8(hub.run(&["cat", path])).unwrap()
}

#[test]
fn a_name_keeps_its_history_and_goes_back_in_it() {
    let hub = hub();
    let log = hub.json(&["log", "base"]);
    let told = |entry: &Value| (entry["revision"].as_u64().unwrap(), entry["source"].clone());
    let entries: Vec<_> = log.as_array().unwrap().iter().map(told).collect();
    assert_eq!(entries, [(2, json!("push")), (1, json!("push"))]);
    assert_eq!((&log[0]["user"], &log[0]["kind"]), (&json!("alice"), &json!("flist")));
    assert_eq!(hub.json(&["log", "base", "--limit", "1"]).as_array().unwrap().len(), 1);

    let would = hub.json(&["rollback", "base", "1", "--dry-run"]);
    assert_eq!((&would["flist"], cat(&hub, "alice/base/file")), (&log[1]["flist"], "two\n".into()));
    let back = hub.json(&["rollback", "base", "1", "--if-revision", "2"]);
    assert_eq!((&back["revision"], &back["flist"]), (&json!(3), &log[1]["flist"]));
    assert_eq!(cat(&hub, "alice/base/file"), "one\n");
    // Gone is a state, too, and not the last.
    hub.run(&["rm", "base"]);
    assert_eq!(hub.fail(&["inspect", "base"]).0, 3);
    hub.run(&["rollback", "base", "2"]);
    assert_eq!(cat(&hub, "alice/base/file"), "two\n");
    assert_eq!(hub.json(&["inspect", "base"])["flist"]["revision"], 5);
    let text = String::from_utf8(hub.run(&["log", "base"])).unwrap();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.lines().nth(1).unwrap().ends_with(" gone"), "{text}");

    for (verb, exit) in [("rollback base 9", 3), ("rollback base 4", 6), ("log none", 3)] {
        assert_eq!(hub.fail(&verb.split(' ').collect::<Vec<_>>()).0, exit, "{verb}");
    }
}

#[test]
fn a_link_follows_and_a_promotion_stays() {
    let hub = hub();
    let bob = hub.user("bob");
    let promoted = as_user(&hub, &bob, &["promote", "alice/base", "stable"]);
    assert!(promoted.status.success(), "{promoted:?}");
    let linked = as_user(&hub, &bob, &["link", "latest", "alice/base"]);
    assert!(linked.status.success(), "{linked:?}");

    std::fs::write(hub.path("tree/file"), "three\n").unwrap();
    hub.push(&hub.path("tree"), "base");
    assert_eq!(cat(&hub, "bob/stable/file"), "two\n");
    assert_eq!(cat(&hub, "bob/latest/file"), "three\n");
    hub.run(&["pull", "bob/latest", "copy"]);
    assert_eq!(std::fs::read_to_string(hub.path("copy/file")).unwrap(), "three\n");
    assert_eq!(hub.json(&["inspect", "bob/latest"])["flist"]["link"], "alice/base");
    let listed = hub.json(&["ls", "bob"]);
    let kinds = |n: usize| (listed[n]["name"].clone(), listed[n]["kind"].clone());
    assert_eq!(kinds(0), (json!("latest"), json!("link")));
    assert_eq!(kinds(1), (json!("stable"), json!("flist")));
    let text = String::from_utf8(hub.run(&["ls", "bob"])).unwrap();
    assert!(text.lines().next().unwrap().ends_with(" latest -> alice/base"), "{text}");

    hub.run(&["rename", "base", "old"]);
    let (exit, _, message) = hub.fail(&["cat", "bob/latest/file"]);
    assert!(exit == 3 && message.contains("alice/base"), "{exit} {message}");
    // What one may not write stays as it is, and what one may not be told is not there.
    for verb in
        [&["promote", "old", "bob/stable"][..], &["link", "bob/x", "old"], &["rm", "bob/latest"]]
    {
        assert_eq!(hub.fail(verb).0, 4, "{verb:?}");
    }
}

#[test]
fn a_tag_is_a_set_of_names() {
    let hub = hub();
    let tag = hub.json(&["tag", "release", "app", "base"]);
    assert_eq!(
        (&tag["name"], &tag["members"][0]["target"]),
        (&json!("release"), &json!("alice/base"))
    );
    hub.run(&["tag", "release", "copy", "base", "--if-revision", "1"]);
    hub.run(&["tag", "release", "more", "base", "--dry-run"]);
    let tag = hub.json(&["tag", "alice/release"]);
    let names = |tag: &Value| {
        let members = tag["members"].as_array().unwrap().iter();
        members.map(|member| member["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&tag), ["app", "copy"]);
    assert_eq!(hub.fail(&["untag", "release", "app", "--if-revision", "1"]).0, 5);
    hub.run(&["untag", "release", "app", "--if-revision", "2"]);
    assert_eq!(names(&hub.json(&["tag", "release"])), ["copy"]);
    assert_eq!(hub.fail(&["untag", "release", "app"]).0, 3);
    hub.run(&["untag", "release", "copy"]);
    assert_eq!(hub.fail(&["tag", "release"]).0, 3);
}

#[test]
fn a_condition_that_does_not_hold_changes_nothing() {
    let hub = hub();
    let tree = hub.path("tree");
    let tree = tree.to_str().unwrap();
    hub.run(&["link", "link", "base"]);
    for verb in [
        &["push", tree, "base", "--if-absent"][..],
        &["push", tree, "base", "--if-revision", "1"],
        &["push", tree, "new", "--if-revision", "1"],
        &["promote", "base", "base", "--if-revision", "1"],
        &["promote", "base", "base", "--if-absent"],
        &["link", "link", "base", "--if-absent"],
        &["link", "new", "base", "--if-revision", "1"],
        &["rename", "base", "new", "--if-revision", "1"],
        &["rollback", "base", "1", "--if-revision", "1"],
        &["merge", "base", "base", "link", "--if-absent"],
        &["rm", "base", "--if-revision", "1"],
    ] {
        let (exit, code, message) = hub.fail(verb);
        assert_eq!((exit, code.as_str()), (5, "precondition_failed"), "{verb:?}: {message}");
    }
    assert_eq!(hub.json(&["inspect", "base"])["flist"]["revision"], 2);
    assert_eq!(hub.json(&["ls", "alice"]).as_array().unwrap().len(), 2);
    hub.run(&["push", tree, "new", "--if-absent"]);
    hub.run(&["push", tree, "new", "--if-revision", "1"]);
    hub.run(&["rm", "link", "--if-revision", "1"]);
}

#[test]
fn a_name_stays_what_it_is() {
    let hub = hub();
    let tree = hub.path("tree");
    let tree = tree.to_str().unwrap();
    hub.run(&["link", "link", "base"]);
    hub.run(&["tag", "tag", "app", "base"]);
    hub.run(&["promote", "base", "other"]);
    for verb in [
        &["push", tree, "link"][..],
        &["push", tree, "tag"],
        &["link", "base", "other"],
        &["tag", "base", "app", "base"],
        &["promote", "base", "tag"],
        &["rename", "base", "link"],
        &["rename", "link", "base"],
    ] {
        let (exit, code, message) = hub.fail(verb);
        assert_eq!((exit, code.as_str()), (5, "name_taken"), "{verb:?}: {message}");
    }
    hub.run(&["link", "a", "link"]);
    let (exit, code, _) = hub.fail(&["link", "link", "a"]);
    assert_eq!((exit, code.as_str()), (5, "circular_link"));
    hub.run(&["link", "set", "tag"]);
    assert_eq!(hub.json(&["ls", "alice"]).as_array().unwrap().len(), 6);
}

#[test]
fn what_differs_is_told_by_name_and_revision() {
    let hub = hub();
    std::fs::write(hub.path("tree/new"), "new\n").unwrap();
    hub.push(&hub.path("tree"), "more");
    let diff = |arguments: &[&str]| {
        let output = hub.client().arg("diff").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (exit, text) = diff(&["base@1", "base", "--exit-code"]);
    assert_eq!(exit, Some(1));
    assert!(text.starts_with("~ file (content") && text.lines().count() <= 3, "{text}");
    let (exit, text) = diff(&["base", "alice/more", "--json"]);
    assert_eq!(exit, Some(0));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["path"] == "new" && line["change"] == "added"), "{text}");
    assert_eq!(lines.last().unwrap()["summary"]["added"], 1);
    let same = (Some(0), String::from("0 added, 0 removed, 0 changed\n"));
    assert_eq!(diff(&["base@2", "base", "--exit-code"]), same);
    for (a, b) in [("base@9", "base"), ("base", "none")] {
        assert_eq!(hub.fail(&["diff", a, b]).0, 3, "{a} {b}");
    }
}

#[test]
fn a_merge_that_is_only_tried_changes_nothing() {
    let hub = hub();
    hub.run(&["rollback", "base", "1"]);
    std::fs::write(hub.path("tree/new"), "new\n").unwrap();
    hub.push(&hub.path("tree"), "more");
    let would = hub.json(&["merge", "all", "base", "more", "--dry-run"]);
    assert_eq!(would["merge"]["conflicts"][0]["path"], "file");
    assert_eq!(hub.fail(&["inspect", "all"]).0, 3);
    let done = hub.json(&["merge", "all", "base", "more", "--if-absent"]);
    assert_eq!((&done["flist"], &done["entries"]), (&would["flist"], &would["entries"]));
    assert_eq!(hub.json(&["log", "all"])[0]["source"], "merge");
    assert_eq!(cat(&hub, "alice/all/file"), "one\n");
}
