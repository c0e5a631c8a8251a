//! The diff of two flists over HTTP.

use flisthub_hub::name::RepositoryName;
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::support::{TestHub, answer};

/// A hub where alice's `base` has two revisions and `app` one; gives alice's token.
async fn hub() -> (TestHub, String) {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let first: &[(&str, &[u8])] = &[("a", b"same"), ("b/c", b"old"), ("b/gone", b"gone")];
    let second: &[(&str, &[u8])] = &[("a", b"same"), ("b/c", b"newer"), ("d/e", b"new")];
    for (name, tree) in [("base.tar", first), ("base.tar", second), ("app.tar", first)] {
        assert_eq!(hub.upload(&alice, name, &files(tree)).await.status(), 200);
    }
    (hub, alice)
}

/// The lines of a diff.
async fn lines(hub: &TestHub, from: &str, to: &str) -> Vec<Value> {
    let answer = hub.get(&format!("/api/v1/diff?from={from}&to={to}")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    let text = answer.text().await.unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn expected() -> Vec<Value> {
    vec![
        json!({ "path": "b/c", "change": "changed", "kind": "file", "in": ["content"], "size": 5, "was_size": 3 }),
        json!({ "path": "b/gone", "change": "removed", "kind": "file", "size": 4 }),
        json!({ "path": "d", "change": "added", "kind": "directory" }),
        json!({ "path": "d/e", "change": "added", "kind": "file", "size": 3 }),
        json!({ "summary": { "added": 2, "removed": 1, "changed": 1, "complete": true } }),
    ]
}

#[tokio::test]
async fn changes_come_line_by_line_with_a_summary_at_the_end() {
    let (hub, alice) = hub().await;
    for (from, to) in [
        ("alice/app", "alice/base"),
        ("alice/app.flist", "alice/base@2"),
        ("alice/base@1", "alice/base"),
        ("alice/base@1", "alice/base.flist@2"),
    ] {
        assert_eq!(lines(&hub, from, to).await, expected(), "{from} {to}");
    }
    let none = json!({ "summary": { "added": 0, "removed": 0, "changed": 0, "complete": true } });
    assert_eq!(lines(&hub, "alice/base", "alice/base").await, std::slice::from_ref(&none));
    // Links are followed, those of the history too.
    let link = hub.request(Method::PUT, "/api/v1/flists/alice/latest/link").bearer_auth(&alice);
    let link = link.json(&json!({ "target": "alice/base" })).send().await.unwrap();
    assert_eq!(link.status(), 201);
    assert_eq!(lines(&hub, "alice/app", "alice/latest").await, expected());
    assert_eq!(lines(&hub, "alice/latest@1", "alice/base").await, [none]);
}

#[tokio::test]
async fn what_cannot_be_compared_is_named() {
    let (hub, alice) = hub().await;
    hub.request(Method::DELETE, "/api/v1/flists/alice/app")
        .bearer_auth(&alice)
        .send()
        .await
        .unwrap();
    let long = format!("alice/{}", "n".repeat(4096));
    for (query, status, code) in [
        ("", 400, "bad_query"),
        ("from=alice/base", 400, "bad_query"),
        ("from=alice/base&to=alice/base&more=1", 400, "bad_query"),
        ("from=alice&to=alice/base", 400, "bad_query"),
        ("from=alice/base&to=", 400, "bad_query"),
        ("from=../base&to=alice/base", 400, "bad_query"),
        ("from=alice/b%00se&to=alice/base", 400, "bad_query"),
        (&format!("from={long}&to=alice/base"), 400, "bad_query"),
        ("from=alice/base@&to=alice/base", 400, "bad_query"),
        ("from=alice/base@-1&to=alice/base", 400, "bad_query"),
        ("from=alice/base@99999999999999999999&to=alice/base", 400, "bad_query"),
        ("from=alice/app@2&to=alice/base", 400, "bad_query"),
        ("from=alice/base@0&to=alice/base", 404, "not_found"),
        ("from=alice/base@18446744073709551615&to=alice/base", 404, "not_found"),
        ("from=alice/base@3&to=alice/base", 404, "not_found"),
        ("from=alice/none&to=alice/base", 404, "not_found"),
        ("from=alice/base&to=alice/app", 404, "not_found"),
        ("from=nobody/base&to=alice/base", 404, "not_found"),
    ] {
        let got = answer(hub.get(&format!("/api/v1/diff?{query}")).await).await;
        assert_eq!((got.0, &got.1["code"]), (status, &json!(code)), "{query}: {}", got.1);
    }
    let (_, problem) = answer(hub.get("/api/v1/diff?from=alice/base@7&to=alice/base").await).await;
    assert_eq!(problem["detail"], "there is no revision 7 of alice/base");
    let post = hub.request(Method::POST, "/api/v1/diff?from=alice/base&to=alice/base").send().await;
    assert_eq!(post.unwrap().status(), 405);
    // The name that was deleted can still be compared as it was.
    assert_eq!(lines(&hub, "alice/app@1", "alice/base").await, expected());
}

/// What was swept is said so before anything is told; what is found missing later cuts the answer off.
#[tokio::test]
async fn an_error_is_told_at_first_and_cuts_off_later() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    // Enough changes that some are told before the last directory is opened.
    let many: Vec<(String, Vec<u8>)> =
        (0..3000).map(|index| (format!("a/{index:05}{}", "n".repeat(60)), vec![1])).collect();
    let mut tree: Vec<(&str, &[u8])> =
        many.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    tree.push(("z/last", b"last"));
    assert_eq!(hub.upload(&alice, "many.tar", &files(&tree)).await.status(), 200);
    assert_eq!(hub.upload(&alice, "few.tar", &files(&[("b", b"few")])).await.status(), 200);
    let catalog = &hub.hub.catalog;
    let alice = catalog.repository(&RepositoryName::parse("alice").unwrap()).await.unwrap();
    let name = flisthub_hub::name::FlistName::parse("many").unwrap();
    let row = catalog.history_entry(alice.unwrap().id, &name, 1).await.unwrap().unwrap();
    let store = &*hub.hub.store;
    let tree = flisthub_flist::Tree::open(store, row.flist.unwrap()).unwrap();
    let path = flisthub_flist::TreePath::parse(b"z").unwrap();
    let last = tree.lookup(store, &path).unwrap().unwrap();
    let flisthub_flist::Content::Directory { id, .. } = last.content else { panic!() };
    assert_eq!(store.remove(&[id], u64::MAX).unwrap().objects, 1);
    let broken = hub.get("/api/v1/diff?from=alice/few&to=alice/many").await;
    assert_eq!(broken.status(), 200);
    assert!(broken.text().await.is_err(), "the answer ends early");
    assert_eq!(store.remove(&[row.flist.unwrap()], u64::MAX).unwrap().objects, 1);
    let (status, problem) =
        answer(hub.get("/api/v1/diff?from=alice/many@1&to=alice/few").await).await;
    assert_eq!((status, &problem["code"]), (410, &json!("swept")));
}
