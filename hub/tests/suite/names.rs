//! Links, tags, promotion, renaming, history and going back in it, over HTTP.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::archives::files;
use crate::support::TestHub;

/// A hub with two flists of alice's, `base` with two revisions and `app` with one, and one of bob's.
async fn hub() -> (TestHub, String, String) {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    for (token, file, content) in [
        (&alice, "base.tar", "one"),
        (&alice, "base.tar", "two"),
        (&alice, "app.tar", "app"),
        (&bob, "his.tar", "his"),
    ] {
        let archive = files(&[("file", content.as_bytes())]);
        assert_eq!(hub.upload(token, file, &archive).await.status(), 200);
    }
    (hub, alice, bob)
}

/// Sends a request with a JSON body; gives the status and the answer.
async fn send(
    hub: &TestHub,
    (method, path): (Method, &str),
    token: &str,
    body: Value,
) -> (StatusCode, Value) {
    let request = hub.request(method, &format!("/api/v1{path}")).bearer_auth(token).json(&body);
    answer(request).await
}

async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// Everything that names say: for what changes nothing.
async fn everything(hub: &TestHub) -> Value {
    let mut all = Vec::new();
    for path in [
        "/api/v1/flists/alice",
        "/api/v1/flists/bob",
        "/api/v1/flists/alice/base/history",
        "/api/v1/flists/alice/app/history",
    ] {
        all.push(hub.json(path).await);
    }
    Value::Array(all)
}

const PUT: Method = Method::PUT;
const POST: Method = Method::POST;
const DELETE: Method = Method::DELETE;

#[tokio::test]
async fn a_link_leads_to_what_its_target_points_at_now() {
    let (hub, alice, _) = hub().await;
    let path = "/flists/alice/latest/link";
    let to = |target: &str| json!({ "target": target });
    let (status, link) = send(&hub, (PUT, path), &alice, to("bob/his.flist")).await;
    assert_eq!(
        (status.as_u16(), &link["kind"], &link["target"]),
        (201, &json!("link"), &json!("bob/his"))
    );
    let (status, same) = send(&hub, (PUT, path), &alice, to("bob/his")).await;
    assert_eq!((status.as_u16(), &same), (200, &link), "asked for again it changes nothing");
    let his = hub.json("/api/v1/flists/bob/his").await;
    let info = hub.json("/api/v1/flists/alice/latest").await;
    assert_eq!((&info["flist"], &info["link"]), (&his["flist"], &json!("bob/his")));
    assert_eq!(info["name"], "latest");
    let direct = hub.get("/bob/his.flist").await.bytes().await.unwrap();
    assert_eq!(hub.get("/alice/latest.flist").await.bytes().await.unwrap(), direct);

    let (status, _) = send(&hub, (PUT, path), &alice, to("alice/base")).await;
    assert_eq!(status, 200);
    let base = hub.json("/api/v1/flists/alice/base").await;
    assert_eq!(hub.json("/api/v1/flists/alice/latest").await["flist"], base["flist"]);
    // What the target points at later is what the link leads to, at once.
    hub.upload(&alice, "base.tar", &files(&[("file", b"three")])).await;
    let base = hub.json("/api/v1/flists/alice/base").await;
    assert_eq!(hub.json("/api/v1/flists/alice/latest").await["flist"], base["flist"]);
}

#[tokio::test]
async fn a_link_whose_target_is_gone_says_which() {
    let (hub, alice, bob) = hub().await;
    let body = json!({ "target": "bob/his" });
    send(&hub, (PUT, "/flists/alice/latest/link"), &alice, body.clone()).await;
    send(&hub, (DELETE, "/flists/bob/his"), &bob, json!({})).await;
    let (status, problem) = answer(hub.request(Method::GET, "/api/v1/flists/alice/latest")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("not_found")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("bob/his") && detail.contains("alice/latest"), "{detail}");
    // Nothing is made of it either.
    let before = everything(&hub).await;
    for (route, body) in [
        ((PUT, "/flists/alice/new/link"), json!({ "target": "alice/latest" })),
        ((POST, "/flists/alice/new/promote"), json!({ "from": "alice/latest" })),
        ((POST, "/flists/alice/new/merge"), json!({ "sources": ["alice/base", "alice/latest"] })),
        ((PUT, "/tags/alice/new/x"), json!({ "target": "alice/latest" })),
    ] {
        let (status, problem) = send(&hub, route, &alice, body).await;
        assert_eq!(status, 404, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("bob/his"), "{problem}");
    }
    assert_eq!(everything(&hub).await, before);
    // It comes back with its target.
    send(&hub, (POST, "/flists/bob/his/undelete"), &bob, json!({})).await;
    assert_eq!(hub.get("/api/v1/flists/alice/latest").await.status(), 200);
}

#[tokio::test]
async fn what_cannot_be_a_link_changes_nothing() {
    let (hub, alice, _) = hub().await;
    let link = json!({ "target": "alice/base" });
    send(&hub, (PUT, "/flists/alice/one/link"), &alice, link.clone()).await;
    send(&hub, (PUT, "/flists/alice/two/link"), &alice, json!({ "target": "alice/one" })).await;
    send(&hub, (PUT, "/tags/alice/stable/x"), &alice, link).await;
    let before = everything(&hub).await;
    let long = "x".repeat(4096);
    for (path, body, status, code) in [
        ("/flists/alice/one/link", json!({ "target": "alice/two" }), 409, "circular_link"),
        ("/flists/alice/new/link", json!({ "target": "alice/new" }), 404, "not_found"),
        ("/flists/alice/one/link", json!({ "target": "alice/one" }), 409, "circular_link"),
        ("/flists/alice/base/link", json!({ "target": "alice/app" }), 409, "name_taken"),
        ("/flists/alice/stable/link", json!({ "target": "alice/app" }), 409, "name_taken"),
        ("/flists/alice/new/link", json!({ "target": "alice/none" }), 404, "not_found"),
        ("/flists/alice/new/link", json!({ "target": "none/base" }), 404, "not_found"),
        ("/flists/alice/new/link", json!({ "target": "base" }), 400, "bad_target"),
        ("/flists/alice/new/link", json!({ "target": "../base" }), 400, "bad_target"),
        ("/flists/alice/new/link", json!({ "target": "alice/.." }), 400, "bad_target"),
        ("/flists/alice/new/link", json!({ "target": long }), 400, "bad_target"),
        ("/flists/alice/new/link", json!({ "to": "alice/base" }), 400, "bad_request"),
        ("/flists/alice/new/link", json!({ "target": 5 }), 400, "bad_request"),
        ("/flists/alice/-new/link", json!({ "target": "alice/base" }), 400, "bad_name"),
        ("/flists/alice/tags/link", json!({ "target": "alice/base" }), 400, "bad_name"),
        ("/flists/none/new/link", json!({ "target": "alice/base" }), 404, "not_found"),
        ("/flists/bob/new/link", json!({ "target": "alice/base" }), 403, "forbidden"),
    ] {
        let (found, problem) = send(&hub, (PUT, path), &alice, body.clone()).await;
        assert_eq!((found.as_u16(), &problem["code"]), (status, &json!(code)), "{path} {body}");
    }
    assert_eq!(everything(&hub).await, before);
}

#[tokio::test]
async fn promotion_points_at_what_the_other_points_at_now() {
    let (hub, alice, bob) = hub().await;
    let path = "/flists/bob/mine/promote";
    let (status, info) = send(&hub, (POST, path), &bob, json!({ "from": "alice/base" })).await;
    let base = hub.json("/api/v1/flists/alice/base").await;
    assert_eq!((status.as_u16(), &info["flist"]), (201, &base["flist"]));
    let (status, again) = send(&hub, (POST, path), &bob, json!({ "from": "alice/base" })).await;
    assert_eq!((status.as_u16(), &again), (200, &info));
    // What the source points at later does not count.
    hub.upload(&alice, "base.tar", &files(&[("file", b"three")])).await;
    assert_eq!(hub.json("/api/v1/flists/bob/mine").await["flist"], base["flist"]);
    let history = hub.json("/api/v1/flists/bob/mine/history").await;
    let entry = &history["entries"][0];
    assert_eq!((&entry["source"], &entry["user"]), (&json!("promote"), &json!("bob")));
    assert_eq!(entry["detail"], format!("alice/base@{}", base["flist"].as_str().unwrap()));
    assert_eq!(history["entries"].as_array().unwrap().len(), 1);
    for (from, status, code) in [
        ("alice/none", 404, "not_found"),
        ("none/base", 404, "not_found"),
        ("base", 400, "bad_source"),
    ] {
        let (found, problem) = send(&hub, (POST, path), &bob, json!({ "from": from })).await;
        assert_eq!((found.as_u16(), &problem["code"]), (status, &json!(code)), "{from}");
    }
    hub.settled().await;
}

#[tokio::test]
async fn a_tag_gathers_names_of_several_repositories() {
    let (hub, alice, _) = hub().await;
    let target = |target: &str| json!({ "target": target });
    let put = |member: &str| (PUT, format!("/tags/alice/stable/{member}"));
    for (member, to, status) in
        [("base", "alice/base", 201), ("app", "bob/his", 201), ("app", "alice/app", 200)]
    {
        let (method, path) = put(member);
        let (found, tag) = send(&hub, (method, &path), &alice, target(to)).await;
        assert_eq!(found, status, "{tag}");
    }
    let tag = hub.json("/api/v1/tags/alice/stable").await;
    let members: Vec<_> = tag["members"].as_array().unwrap().iter().collect();
    assert_eq!((&members[0]["name"], &members[0]["target"]), (&json!("app"), &json!("alice/app")));
    let base = hub.json("/api/v1/flists/alice/base").await;
    assert_eq!((&members[1]["name"], &members[1]["flist"]), (&json!("base"), &base["flist"]));
    // A tag is no flist, and can be linked to.
    assert_eq!(hub.get("/api/v1/flists/alice/stable").await.status(), 404);
    let (status, link) =
        send(&hub, (PUT, "/flists/alice/newest/link"), &alice, target("alice/stable")).await;
    assert_eq!((status.as_u16(), &link["kind"]), (201, &json!("tag-link")));
    for (path, to, status, code) in [
        ("/tags/alice/stable/x", "alice/stable", 400, "bad_target"),
        ("/tags/alice/stable/x", "alice/newest", 400, "bad_target"),
        ("/tags/alice/base/x", "alice/app", 409, "name_taken"),
        ("/tags/alice/newest/x", "alice/app", 409, "name_taken"),
        ("/tags/alice/stable/-x", "alice/app", 400, "bad_name"),
        ("/tags/bob/stable/x", "alice/app", 403, "forbidden"),
    ] {
        let (found, problem) = send(&hub, (PUT, path), &alice, target(to)).await;
        assert_eq!((found.as_u16(), &problem["code"]), (status, &json!(code)), "{path}");
    }
    for (path, status) in [
        ("/tags/alice/stable/none", 404),
        ("/tags/alice/none/base", 404),
        ("/tags/alice/stable/app", 204),
        ("/tags/alice/stable/base", 204),
        ("/tags/alice/stable/base", 404),
    ] {
        assert_eq!(send(&hub, (DELETE, path), &alice, json!({})).await.0, status, "{path}");
    }
    assert_eq!(hub.get("/api/v1/tags/alice/stable").await.status(), 404);
}

#[tokio::test]
async fn a_renamed_name_is_gone_from_where_it_was() {
    let (hub, alice, _) = hub().await;
    let path = "/flists/alice/base/rename";
    let before = everything(&hub).await;
    for (to, status, code) in [
        ("app", 409, "name_taken"),
        ("app.flist", 409, "name_taken"),
        ("..", 400, "bad_name"),
        ("tags", 400, "bad_name"),
        ("", 400, "bad_name"),
    ] {
        let (found, problem) = send(&hub, (POST, path), &alice, json!({ "to": to })).await;
        assert_eq!((found.as_u16(), &problem["code"]), (status, &json!(code)), "{to}");
    }
    assert_eq!(everything(&hub).await, before);
    let was = hub.json("/api/v1/flists/alice/base").await;
    let (status, info) = send(&hub, (POST, path), &alice, json!({ "to": "new" })).await;
    assert_eq!((status.as_u16(), &info["flist"]), (200, &was["flist"]));
    assert_eq!(hub.get("/api/v1/flists/alice/base").await.status(), 404);
    assert_eq!(hub.json("/api/v1/flists/alice/new").await["flist"], was["flist"]);
    let history = hub.json("/api/v1/flists/alice/new/history").await;
    let sources: Vec<_> =
        history["entries"].as_array().unwrap().iter().map(|entry| &entry["source"]).collect();
    assert_eq!(sources, ["rename", "upload", "upload"]);
    assert_eq!(history["entries"][0]["detail"], "from alice/base");
    let (status, _) = send(&hub, (POST, path), &alice, json!({ "to": "other" })).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn the_history_can_be_gone_back_in() {
    let (hub, alice, _) = hub().await;
    let history = hub.json("/api/v1/flists/alice/base/history").await;
    let entries = history["entries"].as_array().unwrap();
    let (newest, first) = (&entries[0], &entries[1]);
    assert_eq!((&first["revision"], &newest["revision"]), (&json!(1), &json!(2)));
    let path = "/flists/alice/base/rollback";
    let (status, info) = send(&hub, (POST, path), &alice, json!({ "revision": 1 })).await;
    assert_eq!(
        (status.as_u16(), &info["flist"], &info["revision"]),
        (200, &first["flist"], &json!(3))
    );
    assert_eq!(hub.json("/api/v1/flists/alice/base").await["flist"], first["flist"]);
    let (status, same) = send(&hub, (POST, path), &alice, json!({ "revision": 1 })).await;
    assert_eq!((status.as_u16(), &same["revision"]), (200, &json!(3)));
    for (body, status, code) in [
        (json!({ "revision": 0 }), 404, "not_found"),
        (json!({ "revision": 99 }), 404, "not_found"),
        (json!({ "revision": u64::MAX }), 404, "not_found"),
        (json!({ "revision": -1 }), 400, "bad_request"),
        (json!({ "revision": 1.5 }), 400, "bad_request"),
        (json!({}), 400, "bad_request"),
    ] {
        let (found, problem) = send(&hub, (POST, path), &alice, body.clone()).await;
        assert_eq!((found.as_u16(), &problem["code"]), (status, &json!(code)), "{body}");
    }
    // Also of a name that was deleted.
    send(&hub, (DELETE, "/flists/alice/base"), &alice, json!({})).await;
    let (status, problem) = send(&hub, (POST, path), &alice, json!({ "revision": 4 })).await;
    assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("bad_revision")));
    let (status, info) = send(&hub, (POST, path), &alice, json!({ "revision": 2 })).await;
    assert_eq!((status.as_u16(), &info["flist"]), (200, &newest["flist"]));
}

#[tokio::test]
async fn links_can_be_gone_back_in_too() {
    let (hub, alice, _) = hub().await;
    for target in ["alice/base", "alice/app"] {
        send(&hub, (PUT, "/flists/alice/l/link"), &alice, json!({ "target": target })).await;
    }
    let path = "/flists/alice/l/rollback";
    let (status, info) = send(&hub, (POST, path), &alice, json!({ "revision": 1 })).await;
    assert_eq!((status.as_u16(), &info["target"]), (200, &json!("alice/base")));
    send(&hub, (DELETE, "/flists/alice/l"), &alice, json!({})).await;
    let (status, info) = send(&hub, (POST, "/flists/alice/l/undelete"), &alice, json!({})).await;
    assert_eq!((status.as_u16(), &info["target"]), (201, &json!("alice/base")));
}

#[tokio::test]
async fn the_history_comes_in_pages() {
    let (hub, alice, _) = hub().await;
    for content in ["three", "four", "five"] {
        hub.upload(&alice, "base.tar", &files(&[("file", content.as_bytes())])).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/flists/alice/base/history?limit=2{cursor}");
        let page = hub.json(&path).await;
        let entries = page["entries"].as_array().unwrap();
        seen.extend(entries.iter().map(|entry| entry["revision"].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    for query in ["cursor=x", "cursor=-1", "cursor=0", "limit=x", "limit=-1", "page=1"] {
        let path = format!("/api/v1/flists/alice/base/history?{query}");
        assert_eq!(hub.get(&path).await.status(), 400, "{query}");
    }
    assert_eq!(hub.get("/api/v1/flists/alice/none/history").await.status(), 404);
}

#[tokio::test]
async fn a_change_holds_to_its_condition() {
    let (hub, alice, _) = hub().await;
    let tag = hub.get("/api/v1/flists/alice/base").await.headers()["etag"].clone();
    assert_eq!(tag, "\"2\"");
    let before = everything(&hub).await;
    let routes = [
        (POST, "/flists/alice/base/promote", json!({ "from": "alice/app" })),
        (POST, "/flists/alice/base/rename", json!({ "to": "other" })),
        (POST, "/flists/alice/base/rollback", json!({ "revision": 1 })),
        (POST, "/flists/alice/base/merge", json!({ "sources": ["alice/base", "alice/app"] })),
        (DELETE, "/flists/alice/base", json!({})),
    ];
    for (method, path, body) in &routes {
        for (header, value) in
            [("If-Match", "\"1\""), ("If-Match", "W/\"2\""), ("If-None-Match", "*")]
        {
            let request = hub.request(method.clone(), &format!("/api/v1{path}"));
            let request = request.bearer_auth(&alice).json(body).header(header, value);
            let (status, problem) = answer(request).await;
            let told = (status.as_u16(), &problem["code"]);
            assert_eq!(told, (412, &json!("precondition_failed")), "{path} {header} {value}");
        }
    }
    assert_eq!(everything(&hub).await, before);
    let request = hub.request(POST, "/api/v1/flists/alice/base/promote");
    let request = request.bearer_auth(&alice).json(&json!({ "from": "alice/app" }));
    assert_eq!(answer(request.header("If-Match", tag)).await.0, 200);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let (hub, alice, _) = hub().await;
    let before = everything(&hub).await;
    for (method, path, body, key, value) in [
        (POST, "/flists/alice/new/promote", json!({ "from": "alice/app" }), "name", "new"),
        (POST, "/flists/alice/base/rename", json!({ "to": "other" }), "name", "other"),
        (POST, "/flists/alice/base/rollback", json!({ "revision": 1 }), "name", "base"),
        (PUT, "/flists/alice/new/link", json!({ "target": "alice/app" }), "target", "alice/app"),
        (PUT, "/tags/alice/new/x", json!({ "target": "alice/app" }), "name", "new"),
    ] {
        let mut body = body;
        body["dry_run"] = json!(true);
        let (status, info) = send(&hub, (method, path), &alice, body).await;
        assert_eq!((status.as_u16(), &info[key]), (200, &json!(value)), "{path}");
    }
    assert_eq!(everything(&hub).await, before);
    assert_eq!(hub.get("/api/v1/tags/alice/new").await.status(), 404);
}
