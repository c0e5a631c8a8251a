//! Items follow their names: what files say, what is set through the native API, renames and deletions.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::archives::files;
use crate::push::{Local, Pusher, records};
use crate::support::{Field, TestHub};

const README: &[u8] = b"---\ncategory: dataset\nlicense: MIT\n---\n# Flood\n";

/// Sends a request with a JSON body; gives the status and the answer.
async fn send(
    hub: &TestHub,
    (method, path): (Method, &str),
    token: &str,
    body: Value,
) -> (StatusCode, Value) {
    let path = format!("/api/v1/flists/alice/{path}");
    let response = hub.request(method, &path).bearer_auth(token).json(&body).send().await.unwrap();
    let status = response.status();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
}

#[tokio::test]
async fn what_is_set_weighs_more_than_files_and_goes_with_the_name() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("README.md", README)]);
    assert_eq!(hub.upload(&token, "scene.tar", &archive).await.status(), 200);
    let shown = hub.json("/api/v1/flists/alice/scene/metadata").await;
    assert_eq!(
        shown,
        json!({
            "repository": "alice", "name": "scene", "categories": null, "metadata": {},
            "collections": ["dataset"], "warnings": [],
        })
    );
    let set =
        json!({ "categories": ["ai-model", "dataset"], "metadata": { "license": "CC0-1.0" } });
    let (status, shown) = send(&hub, (Method::PUT, "scene/metadata"), &token, set.clone()).await;
    assert_eq!((status, &shown["collections"]), (StatusCode::OK, &set["categories"]), "{shown}");
    let to = json!({ "to": "place" });
    assert_eq!(send(&hub, (Method::POST, "scene/rename"), &token, to).await.0, 200);
    let shown = hub.json("/api/v1/flists/alice/place/metadata").await;
    assert_eq!((&shown["categories"], &shown["metadata"]), (&set["categories"], &set["metadata"]));
    assert_eq!(shown["collections"], set["categories"]);
    // Published again, it stays.
    assert_eq!(hub.upload(&token, "place.tar", &archive).await.status(), 200);
    let shown = hub.json("/api/v1/flists/alice/place/metadata").await;
    assert_eq!(shown["collections"], set["categories"]);
    // Categories are said in one way alone, in which they are looked at.
    for metadata in [
        json!({"categories": ["nothing"]}),
        json!({"category": "dataset"}),
        json!({"categories": null}),
    ] {
        let asked = json!({ "metadata": metadata });
        let (status, refused) = send(&hub, (Method::PUT, "place/metadata"), &token, asked).await;
        assert_eq!(
            (status.as_u16(), &refused["code"]),
            (400, &json!("bad_metadata")),
            "{metadata}"
        );
    }
    let shown = hub.json("/api/v1/flists/alice/place/metadata").await;
    assert_eq!(shown["collections"], set["categories"], "what is refused changes nothing");
    // In no category, whatever files say.
    let none = json!({ "categories": [] });
    let (_, shown) = send(&hub, (Method::PUT, "place/metadata"), &token, none).await;
    assert_eq!(shown["collections"], json!([]));
    let (status, shown) = send(&hub, (Method::DELETE, "place/metadata"), &token, Value::Null).await;
    assert_eq!((status, &shown["collections"]), (StatusCode::OK, &json!(["dataset"])));
    assert_eq!(shown["categories"], Value::Null);
}

#[tokio::test]
async fn an_upload_says_its_categories() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("file", b"one")]);
    let send = async |categories| {
        let fields =
            [Field::text("categories", categories), Field::file("file", "scene.tar", &archive)];
        hub.form(&token, &fields).await.status()
    };
    assert_eq!(send("nope").await, StatusCode::BAD_REQUEST);
    assert_eq!(hub.get("/api/v1/flists/alice/scene").await.status(), 404);
    assert_eq!(send("dataset, ai-model").await, StatusCode::OK);
    let shown = hub.json("/api/v1/flists/alice/scene/metadata").await;
    assert_eq!(shown["categories"], json!(["dataset", "ai-model"]));
    assert_eq!(shown["collections"], json!(["ai-model", "dataset"]));
}

#[tokio::test]
async fn what_cannot_be_set_is_refused() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("README.md", README)]);
    assert_eq!(hub.upload(&token, "scene.tar", &archive).await.status(), 200);
    let link = json!({ "target": "alice/scene" });
    assert_eq!(send(&hub, (Method::PUT, "link/link"), &token, link).await.0, 201);
    let many: Vec<&str> = std::iter::repeat_n("dataset", 33).collect();
    for (name, body, expected) in [
        ("scene", json!({ "categories": ["nope"] }), (400, "bad_metadata")),
        ("scene", json!({ "categories": many }), (400, "bad_metadata")),
        ("scene", json!({ "metadata": [] }), (400, "bad_request")),
        ("link", json!({ "categories": ["dataset"] }), (404, "not_found")),
        ("none", json!({ "categories": ["dataset"] }), (404, "not_found")),
    ] {
        let path = format!("{name}/metadata");
        let (status, answer) = send(&hub, (Method::PUT, path.as_str()), &token, body).await;
        assert_eq!((status.as_u16(), answer["code"].as_str().unwrap()), expected, "{answer}");
    }
    let shown = hub.json("/api/v1/flists/alice/scene/metadata").await;
    assert_eq!((&shown["categories"], &shown["collections"]), (&Value::Null, &json!(["dataset"])));
    // What can be no name is none that is there; whoever would make it is told what names are.
    for (method, code) in [(Method::GET, "not_found"), (Method::PUT, "bad_name")] {
        let refused = send(&hub, (method, "null,null/metadata"), &token, json!({})).await.1;
        assert_eq!(refused["code"], code, "{refused}");
    }
}

/// Who publishes is told at once, also where what is wrong is why there is no item.
#[tokio::test]
async fn what_became_of_the_metadata_is_in_the_answer() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    for (readme, collections, warned) in [
        (README, json!(["dataset"]), None),
        (&b"---\ncategory: datset\n---\n"[..], json!([]), Some("datset")),
        (&b"---\ncategory: [dataset\n---\n"[..], json!([]), Some("README.md")),
        (
            &b"---\ncategory: dataset\nextent:\n  temporal: [\"2024-13-40\", null]\n---\n"[..],
            json!(["dataset"]),
            Some("2024-13-40"),
        ),
        (&b"# No metadata\n"[..], json!([]), None),
    ] {
        let archive = files(&[("README.md", readme)]);
        let uploaded = hub.upload(&token, "told.tar", &archive).await;
        let uploaded: Value = uploaded.json().await.unwrap();
        let local = Local::of(&archive);
        let push = Pusher::open(&hub, &token, "alice").await;
        assert_eq!(push.send(records(local.frames.values())).await.status(), 200);
        let published = push.publish("alice/pushed", &local.flist.to_string()).await;
        let published: Value = published.json().await.unwrap();
        for item in [&uploaded["payload"]["report"]["item"], &published["item"]] {
            assert_eq!(item["collections"], collections, "{item}");
            let warnings = item["warnings"].as_array().unwrap();
            assert_eq!(warnings.is_empty(), warned.is_none(), "{item}");
            assert!(item.to_string().contains(warned.unwrap_or_default()), "{item}");
        }
        // What a name points at is asked for without it.
        assert!(hub.json("/api/v1/flists/alice/pushed").await.get("item").is_none());
    }
}
