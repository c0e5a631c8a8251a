//! Items that are written through the STAC API: made, changed, taken back, and refused.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::archives::files;
use crate::support::TestHub;

const README: &[u8] =
    b"---\ncategory: dataset\nlicense: MIT\nassets: ['*.txt']\ntitle: From files\n---\n# Flood\n";

pub(crate) const ITEMS: &str = "/api/stac/collections/dataset/items";

pub(crate) fn item(id: &str) -> Value {
    json!({
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": id,
        "geometry": {"type": "Point", "coordinates": [10, 45]},
        "bbox": [10, 45, 10, 45],
        "properties": {"datetime": "2024-05-01T00:00:00Z", "eo:cloud_cover": 12.5, "big": 9_007_199_254_740_993_u64},
        "assets": {"there": {"href": "https://example.com/a.tif", "roles": ["data"]}},
    })
}

/// Sends a request with a JSON body and headers; gives the status, the tag and the answer.
pub(crate) async fn send(
    hub: &TestHub,
    (method, path): (Method, &str),
    token: &str,
    body: &Value,
    if_match: Option<&str>,
) -> (u16, Option<String>, Value) {
    let request = hub.request(method, path).bearer_auth(token);
    let request = if body.is_null() { request } else { request.json(body) };
    let request =
        if_match.into_iter().fold(request, |request, tag| request.header("if-match", tag));
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    if status == 204 {
        assert_eq!(response.headers().get("content-type"), None);
    }
    let tag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    (status, tag, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
}

async fn get(hub: &TestHub, token: &str, id: &str) -> (u16, Option<String>, Value) {
    send(hub, (Method::GET, &format!("{ITEMS}/{id}")), token, &Value::Null, None).await
}

pub(crate) async fn found(hub: &TestHub, query: &str) -> Vec<String> {
    let page = hub.json(&format!("/api/stac/search?{query}")).await;
    let features = page["features"].as_array().unwrap().iter();
    features.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_item_without_files_is_made_changed_and_deleted() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    // The validator's own way: a name alone is one of the caller's.
    let (status, tag, made) = send(&hub, (Method::POST, ITEMS), &token, &item("S2A_1"), None).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["id"], &made["collection"]), (&json!("alice/S2A_1"), &json!("dataset")));
    assert_eq!(made["assets"], item("")["assets"], "there are no files to be had");
    assert_eq!(made["properties"]["big"].to_string(), "9007199254740993");
    assert_eq!(get(&hub, &token, "S2A_1").await, (200, tag.clone(), made.clone()));
    assert_eq!(get(&hub, &token, "alice/S2A_1").await, (200, tag, made));
    let at = format!("{ITEMS}/alice/S2A_1");
    assert_eq!(
        hub.request(Method::GET, &format!("{ITEMS}/S2A_1")).send().await.unwrap().status(),
        404
    );
    assert_eq!(found(&hub, "bbox=9,44,11,46&filter=eo:cloud_cover>12").await, ["alice/S2A_1"]);
    // Once more is a conflict, and changes nothing.
    let again = send(&hub, (Method::POST, ITEMS), &token, &item("alice/S2A_1"), None).await;
    assert_eq!((again.0, &again.2["code"]), (409, &json!("conflict")), "{}", again.2);
    let patch =
        json!({"properties": {"eo:cloud_cover": 80, "new": [1]}, "assets": {"there": null}});
    assert_eq!(send(&hub, (Method::PATCH, &at), &token, &patch, None).await.0, 204);
    let (_, _, patched) = get(&hub, &token, "alice/S2A_1").await;
    assert_eq!(patched["properties"]["new"], json!([1]));
    assert_eq!(patched["properties"]["datetime"], "2024-05-01T00:00:00Z");
    assert_eq!(patched["properties"]["big"].to_string(), "9007199254740993");
    assert_eq!(patched["assets"], json!({}));
    assert!(found(&hub, "filter=eo:cloud_cover<13").await.is_empty());
    assert_eq!(send(&hub, (Method::PUT, &at), &token, &item("S2A_1"), None).await.0, 204);
    let (_, _, put) = get(&hub, &token, "alice/S2A_1").await;
    assert_eq!(put["properties"].get("new"), None);
    assert_eq!(put["properties"]["eo:cloud_cover"], json!(12.5));
    assert_eq!(send(&hub, (Method::DELETE, &at), &token, &Value::Null, None).await.0, 204);
    assert_eq!(get(&hub, &token, "alice/S2A_1").await.0, 404);
    assert_eq!(hub.get("/api/v1/flists/alice/S2A_1").await.status(), 404, "nothing is left of it");
    assert_eq!(send(&hub, (Method::DELETE, &at), &token, &Value::Null, None).await.0, 204);
    assert_eq!(send(&hub, (Method::PUT, &at), &token, &item("S2A_1"), None).await.0, 404);
    assert_eq!(send(&hub, (Method::PATCH, &at), &token, &patch, None).await.0, 404);
}

#[tokio::test]
async fn what_is_written_of_files_leaves_them_as_they_are() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("README.md", README), ("a.txt", b"text")]);
    assert_eq!(hub.upload(&token, "scene.tar", &archive).await.status(), 200);
    let at = format!("{ITEMS}/alice/scene");
    let before = hub.json(&at).await;
    // Read, changed a little, and sent back.
    let mut changed = before.clone();
    changed["properties"]["title"] = json!("Written");
    changed["assets"].as_object_mut().unwrap().remove("README.md");
    assert_eq!(send(&hub, (Method::PUT, &at), &token, &changed, None).await.0, 204);
    let mut after = hub.json(&at).await;
    assert_ne!(after["properties"]["updated"], Value::Null);
    after["properties"]["updated"] = changed["properties"]["updated"].clone();
    assert_eq!(after, changed);
    // Files that are pushed later say nothing of it, but are there.
    let other = files(&[
        ("README.md", b"---\ncategory: ai-model\ntitle: Later\n---\n"),
        ("a.txt", b"more text"),
    ]);
    assert_eq!(hub.upload(&token, "scene.tar", &other).await.status(), 200);
    let later = hub.json(&at).await;
    assert_eq!(later["properties"]["title"], "Written");
    assert_eq!(later["assets"]["a.txt"]["file:size"], 9);
    // It goes with the name.
    let to = json!({ "to": "place" });
    let rename = "/api/v1/flists/alice/scene/rename";
    assert_eq!(send(&hub, (Method::POST, rename), &token, &to, None).await.0, 200);
    let at = format!("{ITEMS}/alice/place");
    let moved = hub.json(&at).await;
    assert_eq!(moved["properties"]["title"], "Written");
    let href = moved["assets"]["a.txt"]["href"].as_str().unwrap();
    assert!(href.ends_with("/api/v1/flists/alice/place/files/a.txt"), "{href}");
    // In another collection as well, then out of both: the files stay, and say what the item is no more.
    let models = "/api/stac/collections/ai-model/items";
    assert_eq!(send(&hub, (Method::POST, models), &token, &item("alice/place"), None).await.0, 201);
    assert_eq!(hub.json(&at).await["properties"]["eo:cloud_cover"], json!(12.5));
    assert_eq!(send(&hub, (Method::DELETE, &at), &token, &Value::Null, None).await.0, 204);
    assert_eq!(hub.get(&at).await.status(), 404);
    let model = format!("{models}/alice/place");
    assert_eq!(hub.json(&model).await["properties"]["eo:cloud_cover"], json!(12.5));
    assert_eq!(send(&hub, (Method::DELETE, &model), &token, &Value::Null, None).await.0, 204);
    assert_eq!(found(&hub, "").await, [""; 0]);
    assert_eq!(hub.get("/api/v1/flists/alice/place/files/a.txt").await.status(), 200);
    // What was set is forgotten: the files say again what the item is.
    let metadata = "/api/v1/flists/alice/place/metadata";
    assert_eq!(send(&hub, (Method::DELETE, metadata), &token, &Value::Null, None).await.0, 200);
    assert_eq!(hub.json(&model).await["properties"]["title"], "Later");
}

#[tokio::test]
async fn an_item_is_changed_only_if_it_is_what_was_read() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let (_, first, _) = send(&hub, (Method::POST, ITEMS), &token, &item("one"), None).await;
    let at = format!("{ITEMS}/alice/one");
    let patch = |title: &str| json!({"properties": {"title": title}});
    for (tag, expected) in [
        (Some("\"other\""), 412),
        (first.as_deref(), 204),
        (first.as_deref(), 412),
        (Some("*"), 204),
    ] {
        let (status, _, said) = send(&hub, (Method::PATCH, &at), &token, &patch("x"), tag).await;
        assert_eq!(status, expected, "{tag:?} {said}");
    }
    let (_, tag, _) = get(&hub, &token, "one").await;
    assert_eq!(send(&hub, (Method::PUT, &at), &token, &item("one"), first.as_deref()).await.0, 412);
    assert_eq!(
        send(&hub, (Method::DELETE, &at), &token, &Value::Null, first.as_deref()).await.0,
        412
    );
    assert_eq!(get(&hub, &token, "one").await.1, tag, "what is refused changes nothing");
    // Of many that read the same, one writes.
    let tag = tag.unwrap();
    let writes = (0..8).map(|number| {
        let (hub, at, token, tag) = (&hub, &at, &token, &tag);
        async move {
            let patch = json!({"properties": {"title": format!("{number}")}});
            send(hub, (Method::PATCH, at), token, &patch, Some(tag)).await.0
        }
    });
    let mut came = futures_util::future::join_all(writes).await;
    came.sort_unstable();
    assert_eq!(came, [204, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn what_is_no_item_is_refused_and_changes_nothing() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let with = |pointer: &str, value: Value| {
        let mut item = item("alice/new");
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        item.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
        item
    };
    let eo = json!(["https://stac-extensions.github.io/eo/v1.1.0/schema.json"]);
    let mut cloudy = with("/stac_extensions", eo);
    cloudy["properties"]["eo:cloud_cover"] = json!("cloudy");
    for (body, pointer) in [
        (with("/properties/datetime", json!("yesterday")), "/properties/datetime: "),
        (with("/geometry", json!({"type": "Point", "coordinates": [10, 95]})), "/geometry: "),
        (with("/collection", json!("ai-model")), "/collection: "),
        (with("/assets", json!({"a": {"title": "x"}})), "/assets/a: "),
        (with("/id", Value::Null), "/id: "),
        (cloudy, "/properties/eo:cloud_cover: "),
    ] {
        let (status, _, said) = send(&hub, (Method::POST, ITEMS), &token, &body, None).await;
        let description = said["description"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{pointer} {said}");
        assert!(description.contains(pointer), "{pointer} {said}");
    }
    let other = json!({"id": "alice/new", "type": "Feature"});
    assert_eq!(
        send(&hub, (Method::POST, "/api/stac/collections/none/items"), &token, &other, None)
            .await
            .0,
        404
    );
    assert_eq!(hub.get("/api/v1/flists/alice/new").await.status(), 404);
    // Not JSON, another type, too long, nobody's.
    let post = || hub.request(Method::POST, ITEMS).bearer_auth(&token);
    let of_type = |kind| post().header("content-type", kind).body("[]");
    let json =
        |request: reqwest::RequestBuilder| request.header("content-type", "application/geo+json");
    for (request, expected) in [
        (json(post()).body("{"), StatusCode::BAD_REQUEST),
        (json(post()).body(vec![0xff]), StatusCode::BAD_REQUEST),
        (json(post()).body("[".repeat(100_000)), StatusCode::BAD_REQUEST),
        (of_type("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (of_type("application/json-patch+json"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (json(post()).body(" ".repeat((4 << 20) + 1)), StatusCode::PAYLOAD_TOO_LARGE),
        (hub.request(Method::POST, ITEMS).json(&item("alice/new")), StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
    // A link is no item, and an older revision is what it was.
    assert_eq!(send(&hub, (Method::POST, ITEMS), &token, &item("alice/new"), None).await.0, 201);
    let link = json!({ "target": "alice/new" });
    assert_eq!(
        send(&hub, (Method::PUT, "/api/v1/flists/alice/link/link"), &token, &link, None).await.0,
        201
    );
    assert_eq!(send(&hub, (Method::POST, ITEMS), &token, &item("alice/link"), None).await.0, 409);
    let old = format!("{ITEMS}/alice/new@1");
    assert_eq!(send(&hub, (Method::PUT, &old), &token, &item("alice/new"), None).await.0, 400);
    assert_eq!(found(&hub, "").await, ["alice/new"]);
}

#[tokio::test]
async fn of_many_who_make_an_item_one_does() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("a.txt", b"text")]);
    assert_eq!(hub.upload(&token, "there.tar", &archive).await.status(), 200);
    for id in ["alice/new", "alice/there"] {
        let posts = (0..6).map(|number| {
            let (hub, token) = (&hub, &token);
            async move {
                let mut item = item(id);
                item["properties"]["title"] = json!(format!("{number}"));
                let (status, _, made) = send(hub, (Method::POST, ITEMS), token, &item, None).await;
                (status, made["properties"]["title"].clone())
            }
        });
        let mut came = futures_util::future::join_all(posts).await;
        came.sort_unstable_by_key(|(status, _)| *status);
        let statuses: Vec<u16> = came.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409], "{id}");
        let title = hub.json(&format!("{ITEMS}/{id}")).await["properties"]["title"].clone();
        assert_eq!(title, came[0].1, "{id}");
    }
}

#[tokio::test]
async fn what_is_written_and_what_is_set_leave_one_another() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    assert_eq!(send(&hub, (Method::POST, ITEMS), &token, &item("one"), None).await.0, 201);
    let at = format!("{ITEMS}/alice/one");
    let metadata = "/api/v1/flists/alice/one/metadata";
    let set = json!({"metadata": {"license": "MIT"}});
    assert_eq!(send(&hub, (Method::PUT, metadata), &token, &set, None).await.0, 200);
    let shown = hub.json(&at).await;
    assert_eq!(shown["properties"]["license"], "MIT", "it is in its collection all the same");
    assert_eq!(shown["properties"]["eo:cloud_cover"], json!(12.5));
    // What would be left out is refused.
    for (member, value) in [
        ("links", json!([{"rel": "about", "href": "javascript:alert(1)"}])),
        ("assets", json!({"a": {"href": "none/such.tif"}})),
    ] {
        let mut wrong = item("one");
        wrong[member] = value;
        let (status, _, said) = send(&hub, (Method::PUT, &at), &token, &wrong, None).await;
        assert_eq!((status, &said["code"]), (400, &json!("bad_item")), "{said}");
        wrong["id"] = json!("alice/two");
        let (status, _, said) = send(&hub, (Method::POST, ITEMS), &token, &wrong, None).await;
        assert_eq!((status, &said["code"]), (400, &json!("bad_item")), "{said}");
    }
    assert_eq!(hub.get("/api/v1/flists/alice/two").await.status(), 404);
    assert_eq!(hub.json(&at).await["properties"]["license"], "MIT", "nothing has changed");
    // A repository's categories go on to count.
    let categories = json!({"categories": ["dataset"]});
    let repository = "/api/v1/repositories/alice";
    let set = send(&hub, (Method::PATCH, repository), &token, &categories, None).await;
    assert_eq!(set.0, 200);
    let archive = files(&[("a.txt", b"text")]);
    assert_eq!(hub.upload(&token, "follows.tar", &archive).await.status(), 200);
    let follows = format!("{ITEMS}/alice/follows");
    let patch = json!({"properties": {"title": "Written"}});
    assert_eq!(send(&hub, (Method::PATCH, &follows), &token, &patch, None).await.0, 204);
    let shown = hub.json("/api/v1/flists/alice/follows/metadata").await;
    assert_eq!((&shown["categories"], &shown["collections"]), (&Value::Null, &json!(["dataset"])));
}
