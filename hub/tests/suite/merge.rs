//! Merging through the native API and as 0-hub's clients do it.

use flisthub_hub::auth::{Expiry, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::support::{Field, TestHub, answer};

/// A hub where alice has `base` and `app`, and bob has `extra`; gives the tokens of both.
async fn hub() -> (TestHub, String, String) {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    let base: &[(&str, &[u8])] = &[("etc/host", b"base"), ("bin/sh", b"sh"), ("var", b"a file")];
    let app: &[(&str, &[u8])] = &[("etc/host", b"app"), ("opt/app", b"app"), ("var/log/x", b"x")];
    let extra: &[(&str, &[u8])] = &[("opt/extra", b"extra")];
    for (token, name, tree) in
        [(&alice, "base.tar", base), (&alice, "app.tar", app), (&bob, "extra.tar", extra)]
    {
        assert_eq!(hub.upload(token, name, &files(tree)).await.status(), 200);
    }
    (hub, alice, bob)
}

async fn merge(hub: &TestHub, token: &str, target: &str, body: &Value) -> (u16, Value) {
    let path = format!("/api/v1/flists/{target}/merge");
    let request = hub.request(Method::POST, &path).bearer_auth(token).json(body);
    answer(request.send().await.unwrap()).await
}

/// The paths of a published tree, without its directories' own.
async fn paths(hub: &TestHub, name: &str) -> Vec<String> {
    let dump = hub.json(&format!("/api/flist/{name}")).await;
    let content = dump["content"].as_array().unwrap();
    content.iter().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn flists_of_several_repositories_become_a_new_one() {
    let (hub, alice, _) = hub().await;
    let all = json!({ "sources": ["alice/base", "alice/app.flist", "bob/extra"] });
    let (status, merged) = merge(&hub, &alice, "alice/all", &all).await;
    assert_eq!(status, 201, "{merged}");
    let found = paths(&hub, "alice/all").await;
    for path in ["/bin/sh", "/etc/host", "/opt/app", "/opt/extra", "/var"] {
        assert!(found.contains(&path.to_owned()), "{path}: {found:?}");
    }
    assert!(!found.contains(&"/var/log/x".to_owned()), "{found:?}");
    let mut info = merged.clone();
    let report = info.as_object_mut().unwrap().remove("merge").unwrap();
    assert_eq!(hub.json("/api/v1/flists/alice/all").await, info);
    assert_eq!(report["sources"], json!(["alice/base", "alice/app", "bob/extra"]));
    assert_eq!(report["rule"], "first-wins");
    assert_eq!(report["conflict_count"], 2);
    let conflict = |path: &str, difference: &str| {
        json!({
            "path": path, "winner": "alice/base", "losers": ["alice/app"], "difference": difference,
        })
    };
    let expected = [conflict("var", "directory"), conflict("etc/host", "content")];
    assert_eq!(report["conflicts"], json!(expected));
    // The root, etc and opt differ; the objects of etc are base's own, so two and the manifest are new.
    assert_eq!((&report["merged_directories"], &report["new_objects"]), (&json!(3), &json!(3)));
    assert_eq!(report["metadata_only"], 0);

    // The same again is the same flist, and nothing is new.
    let (status, again) = merge(&hub, &alice, "alice/all", &all).await;
    assert_eq!((status, &again["flist"]), (200, &merged["flist"]));
    assert_eq!(again["merge"]["new_objects"], 0);
    let history = history(&hub, "all").await;
    let ids: Vec<Value> = vec![
        hub.json("/api/v1/flists/alice/base").await["flist"].clone(),
        hub.json("/api/v1/flists/alice/app").await["flist"].clone(),
        hub.json("/api/v1/flists/bob/extra").await["flist"].clone(),
    ];
    let [base, app, extra] = [&ids[0], &ids[1], &ids[2]].map(|id| id.as_str().unwrap());
    let detail = format!("first-wins: alice/base@{base} alice/app@{app} bob/extra@{extra}");
    assert_eq!(
        history,
        [("merge".to_owned(), Some(detail.clone())), ("merge".to_owned(), Some(detail))]
    );
    hub.settled().await;
}

/// How a name of alice's was changed, and where from.
async fn history(hub: &TestHub, name: &str) -> Vec<(String, Option<String>)> {
    let catalog = &hub.hub.catalog;
    let repository = catalog
        .repository(&flisthub_hub::name::RepositoryName::parse("alice").unwrap())
        .await
        .unwrap()
        .unwrap();
    let name = flisthub_hub::name::FlistName::parse(name).unwrap();
    let rows = catalog.history(repository.id, &name, None, 100).await.unwrap();
    rows.into_iter().rev().map(|row| (row.source.word().to_owned(), row.detail)).collect()
}

#[tokio::test]
async fn the_rule_decides_and_may_refuse() {
    let (hub, alice, _) = hub().await;
    let by = |rule: &str| json!({ "sources": ["alice/base", "alice/app"], "rule": rule });
    let (status, merged) = merge(&hub, &alice, "alice/last", &by("last-wins")).await;
    assert_eq!((status, &merged["merge"]["conflicts"][0]["winner"]), (201, &json!("alice/app")));
    assert!(paths(&hub, "alice/last").await.contains(&"/var/log/x".to_owned()));
    let (status, problem) = merge(&hub, &alice, "alice/no", &by("refuse")).await;
    assert_eq!((status, &problem["code"]), (422, &json!("merge_conflicts")));
    assert_eq!(
        problem["detail"],
        "the sources clash at 2 paths: var (alice/base against alice/app), etc/host (alice/base \
         against alice/app); merge them by the rule first-wins or last-wins, or change them"
    );
    assert_eq!(hub.get("/api/v1/flists/alice/no").await.status(), 404);
    let apart = json!({ "sources": ["alice/base", "bob/extra"], "rule": "refuse" });
    assert_eq!(merge(&hub, &alice, "alice/yes", &apart).await.0, 201);
    // A name may be merged into itself: it is read before it is changed.
    let into = json!({ "sources": ["alice/yes", "alice/app"] });
    assert_eq!(merge(&hub, &alice, "alice/yes", &into).await.0, 200);
    assert!(paths(&hub, "alice/yes").await.contains(&"/opt/app".to_owned()));
    hub.settled().await;
}

#[tokio::test]
async fn free_values_come_along() {
    let (hub, alice, _) = hub().await;
    for (name, values) in [("one.tar", ["one", "1"]), ("two.tar", ["two", "2"])] {
        let archive = files(&[(name, b"x")]);
        let own = format!("metadata-{}", values[0]);
        let fields = [
            Field::file("file", name, &archive),
            Field::text("metadata-both", values[1]),
            Field::text(&own, values[1]),
        ];
        assert_eq!(hub.form(&alice, &fields).await.status(), 200);
    }
    let asked = json!({ "sources": ["alice/one", "alice/two"], "image_config": "none" });
    let (status, merged) = merge(&hub, &alice, "alice/values", &asked).await;
    assert_eq!(status, 201, "{merged}");
    let id = merged["flist"].as_str().unwrap().parse().unwrap();
    let manifest = flisthub_flist::Manifest::load(&*hub.hub.store, id).unwrap();
    let values: Vec<_> =
        manifest.values.iter().map(|(key, value)| (&key[..], &value[..])).collect();
    assert_eq!(values, [("both", "1"), ("one", "1"), ("two", "2")]);
    assert_eq!(manifest.image_config, None);
}

#[tokio::test]
async fn who_may_not_write_merges_nothing() {
    let (hub, alice, bob) = hub().await;
    let asked = json!({ "sources": ["alice/base", "bob/extra"] });
    let reader = hub.token("alice", Scope::Read, Expiry::Never).await;
    for (token, status, code) in [
        (&bob, 403, "forbidden"),
        (&reader, 403, "forbidden"),
        (&"fht_x".to_owned(), 401, "invalid_token"),
    ] {
        let (got, problem) = merge(&hub, token, "alice/all", &asked).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)));
    }
    let path = "/api/v1/flists/alice/all/merge";
    let anonymous = hub.request(Method::POST, path).json(&asked).send().await.unwrap();
    assert_eq!(answer(anonymous).await.0, 401);
    // bob may read what is alice's, and keep it.
    assert_eq!(merge(&hub, &bob, "bob/all", &asked).await.0, 201);
    assert_eq!(hub.get("/api/v1/flists/alice/all").await.status(), 404);
    drop(alice);
}

#[tokio::test]
async fn bad_requests_are_named_and_change_nothing() {
    let (hub, alice, _) = hub().await;
    let before = hub.names().await;
    let many: Vec<String> = (0..101).map(|number| format!("alice/n{number}")).collect();
    let two = json!(["alice/base", "alice/app"]);
    for (target, body, status, code) in [
        ("alice/all", json!({ "sources": [] }), 400, "bad_sources"),
        ("alice/all", json!({ "sources": ["alice/base"] }), 400, "bad_sources"),
        ("alice/all", json!({ "sources": many }), 400, "bad_sources"),
        ("alice/all", json!({ "sources": ["alice/base", "alice/base.flist"] }), 400, "bad_sources"),
        ("alice/all", json!({ "sources": ["alice/base", "app"] }), 400, "bad_source"),
        ("alice/all", json!({ "sources": ["alice/base", "alice/../x"] }), 400, "bad_source"),
        ("alice/all", json!({ "sources": ["alice/base", "../app"] }), 400, "bad_source"),
        ("alice/all", json!({ "sources": ["alice/base", "alice/none"] }), 404, "not_found"),
        ("alice/all", json!({ "sources": ["nobody/base", "alice/app"] }), 404, "not_found"),
        (
            "alice/all",
            json!({ "sources": two, "image_config": "bob/extra" }),
            400,
            "bad_image_config",
        ),
        ("alice/all", json!({ "sources": two, "image_config": "x" }), 400, "bad_source"),
        ("alice/merge", json!({ "sources": two }), 400, "bad_name"),
        ("nobody/all", json!({ "sources": two }), 404, "not_found"),
        ("alice/all", json!({ "sources": two, "rule": "best" }), 400, "bad_request"),
        ("alice/all", json!({ "sources": "alice/base" }), 400, "bad_request"),
        ("alice/all", json!([]), 400, "bad_request"),
    ] {
        let (got, problem) = merge(&hub, &alice, target, &body).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{body}: {problem}");
    }
    let (_, problem) =
        merge(&hub, &alice, "alice/all", &json!({ "sources": ["nobody/x", "alice/app"] })).await;
    assert_eq!(problem["detail"], "there is no flist nobody/x");
    assert_eq!(hub.names().await, before);
    hub.settled().await;
}

#[tokio::test]
async fn as_0_hub_s_clients_merge() {
    let (hub, alice, _) = hub().await;
    let send = async |target: &str, body: &str| {
        let path = format!("/api/flist/me/merge/{target}");
        let request = hub.request(Method::POST, &path).bearer_auth(&alice).body(body.to_owned());
        answer(request.send().await.unwrap()).await
    };
    let good = r#"["alice/base.flist", "bob/extra"]"#;
    assert_eq!(send("all", good).await, (200, json!({ "status": "success" })));
    assert!(paths(&hub, "alice/all").await.contains(&"/opt/extra".to_owned()));
    assert_eq!(send("all.flist", good).await.0, 200);
    for (target, body, status, message) in [
        ("new", "", 400, "malformed json request"),
        ("new", "{}", 400, "malformed json request"),
        ("new", "[\"alice/base\"", 400, "malformed json request"),
        ("new", "[]", 400, "no source found"),
        ("new", "[1, 2]", 400, "malformed source filename"),
        ("new", r#"["alice/base", "app"]"#, 400, "malformed source filename"),
        ("new", r#"["alice/base", "alice/a/b"]"#, 400, "malformed source filename"),
        ("new", r#"["alice/base", "alice/none.flist"]"#, 404, "alice/none does not exists"),
        ("new", r#"["alice/base", "nobody/x"]"#, 404, "nobody/x does not exists"),
        ("upload", good, 400, "build name not allowed"),
        ("-new", good, 400, "build name not allowed"),
        ("new", r#"["alice/base"]"#, 400, "a merge has 2 to 100 sources, not 1"),
    ] {
        let expected = json!({ "status": "error", "message": message });
        assert_eq!(send(target, body).await, (status, expected), "{target} {body}");
    }
    let anonymous = hub.request(Method::POST, "/api/flist/me/merge/new").body(good).send().await;
    let (status, body) = answer(anonymous.unwrap()).await;
    assert_eq!((status, &body["message"]), (401, &json!("no authorization provided")));
    assert_eq!(hub.get("/api/v1/flists/alice/new").await.status(), 404);
    let read = hub.request(Method::GET, "/api/flist/me/merge/all").bearer_auth(&alice).send().await;
    assert_eq!(read.unwrap().status(), 405, "nothing is changed by a GET");
}

/// All that a change would show in.
async fn state(hub: &TestHub) -> (Value, u64, Vec<(String, Option<String>)>) {
    let objects = hub.hub.store.rows(None, 100_000).unwrap().len() as u64;
    (hub.names().await, objects, history(hub, "base").await)
}

#[tokio::test]
async fn a_dry_run_answers_what_would_be_and_changes_nothing() {
    let (hub, alice, _) = hub().await;
    for target in ["alice/all", "alice/base"] {
        let asked = json!({ "sources": ["alice/base", "alice/app", "bob/extra"] });
        let mut dry = asked.clone();
        dry["dry_run"] = json!(true);
        let before = state(&hub).await;
        let (status, would_be) = merge(&hub, &alice, target, &dry).await;
        assert_eq!(status, 200, "{would_be}");
        assert_eq!(state(&hub).await, before);
        let (status, merged) = merge(&hub, &alice, target, &asked).await;
        assert_eq!(status, if target == "alice/all" { 201 } else { 200 });
        for field in ["repository", "name", "flist", "entries", "bytes", "revision", "merge"] {
            assert_eq!(would_be[field], merged[field], "{field} of {target}");
        }
        // Again, when all of it is there.
        let (status, again) = merge(&hub, &alice, target, &dry).await;
        assert_eq!((status, &again["merge"]["new_objects"]), (200, &json!(0)));
    }
    let refused =
        json!({ "sources": ["alice/base", "alice/app"], "rule": "refuse", "dry_run": true });
    let before = state(&hub).await;
    let (status, problem) = merge(&hub, &alice, "alice/no", &refused).await;
    assert_eq!((status, &problem["code"]), (422, &json!("merge_conflicts")));
    let (status, problem) =
        merge(&hub, &alice, "alice/no", &json!({ "sources": ["alice/base"], "dry_run": true }))
            .await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad_sources")));
    assert_eq!(state(&hub).await, before);
    hub.settled().await;
}

async fn put_link(hub: &TestHub, token: &str, name: &str, target: &str) {
    let path = format!("/api/v1/flists/alice/{name}/link");
    let link = hub.request(Method::PUT, &path).bearer_auth(token);
    let link = link.json(&json!({ "target": target })).send().await.unwrap();
    assert_eq!(link.status(), 201, "{name}");
}

#[tokio::test]
async fn links_are_sources_as_what_they_lead_to() {
    let (hub, alice, _) = hub().await;
    put_link(&hub, &alice, "one", "alice/base").await;
    put_link(&hub, &alice, "two", "alice/one").await;
    let sources = |of: &[&str]| json!({ "sources": of });
    let direct = merge(&hub, &alice, "alice/direct", &sources(&["alice/base", "alice/app"])).await;
    let (status, linked) =
        merge(&hub, &alice, "alice/linked", &sources(&["alice/two", "alice/app"])).await;
    assert_eq!((status, &linked["flist"]), (201, &direct.1["flist"]));
    assert_eq!(linked["merge"]["sources"], json!(["alice/two", "alice/app"]));
    // Names of the same flist: that flist.
    let (status, same) =
        merge(&hub, &alice, "alice/same", &sources(&["alice/one", "alice/base"])).await;
    let base = hub.json("/api/v1/flists/alice/base").await;
    assert_eq!((status, &same["flist"]), (201, &base["flist"]));
    assert_eq!(same["merge"]["merged_directories"], 0);

    // A link to a name that is gone, and a name that is a link, change nothing.
    let gone = hub.request(Method::DELETE, "/api/v1/flists/alice/base").bearer_auth(&alice);
    assert!(gone.send().await.unwrap().status().is_success());
    let before = state(&hub).await;
    let thousand: Vec<String> = (0..1000).map(|number| format!("alice/n{number}")).collect();
    for (target, of, status, code, says) in [
        ("alice/all", sources(&["alice/two", "alice/app"]), 404, "not_found", "alice/base"),
        ("alice/one", sources(&["bob/extra", "alice/app"]), 409, "name_taken", "one"),
        ("alice/all", json!({ "sources": thousand }), 400, "bad_sources", "not 1000"),
        ("alice/all", sources(&["alice/app", "alice/app"]), 400, "bad_sources", "alice/app"),
    ] {
        for dry_run in [false, true] {
            let mut asked = of.clone();
            asked["dry_run"] = json!(dry_run);
            let (got, problem) = merge(&hub, &alice, target, &asked).await;
            assert_eq!((got, &problem["code"]), (status, &json!(code)), "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
        }
    }
    assert_eq!(state(&hub).await, before);
    hub.settled().await;
}

#[tokio::test]
async fn a_merge_holds_to_its_condition() {
    let (hub, alice, _) = hub().await;
    let asked = json!({ "sources": ["alice/base", "bob/extra"] });
    let mut dry = asked.clone();
    dry["dry_run"] = json!(true);
    let send = async |target: &str, header: &str, value: &str, body: &Value| {
        let path = format!("/api/v1/flists/{target}/merge");
        let request = hub.request(Method::POST, &path).bearer_auth(&alice).json(body);
        request.header(header, value).send().await.unwrap()
    };
    for body in [&dry, &asked] {
        for (target, header, value) in [
            ("alice/base", "if-match", "\"7\""),
            ("alice/base", "if-none-match", "*"),
            ("alice/all", "if-match", "*"),
        ] {
            let before = state(&hub).await;
            let (status, problem) = answer(send(target, header, value, body).await).await;
            assert_eq!((status, &problem["code"]), (412, &json!("precondition_failed")));
            assert_eq!(state(&hub).await, before);
        }
        let created = u16::from(body == &asked);
        let new = send("alice/all", "if-none-match", "*", body).await;
        assert_eq!(
            (new.status().as_u16(), &new.headers()["etag"]),
            (200 + created, &"\"1\"".parse().unwrap())
        );
        let next = send("alice/base", "if-match", "\"1\"", body).await;
        assert_eq!(
            (next.status().as_u16(), &next.headers()["etag"]),
            (200, &"\"2\"".parse().unwrap())
        );
    }
    hub.settled().await;
}
