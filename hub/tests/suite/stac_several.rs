//! Items that are made together: all that are sent in a `FeatureCollection`, or none.

use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::stac_writing::{ITEMS, found, item, send};
use crate::support::TestHub;

fn several(items: impl IntoIterator<Item = Value>) -> Value {
    json!({ "type": "FeatureCollection", "features": items.into_iter().collect::<Vec<_>>() })
}

async fn post(hub: &TestHub, token: &str, body: &Value) -> (u16, Value) {
    let (status, _, answered) = send(hub, (Method::POST, ITEMS), token, body, None).await;
    (status, answered)
}

#[tokio::test]
async fn all_items_of_a_collection_of_features_are_made() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    // One of them has files already.
    assert_eq!(hub.upload(&token, "c.tar", &files(&[("a.txt", b"text")])).await.status(), 200);
    let body = several(["alice/a", "b", "alice/c"].map(item));
    let request = hub.request(Method::POST, ITEMS).bearer_auth(&token).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers().get("location")), (201, None));
    let made: Value = response.json().await.unwrap();
    assert_eq!(made, json!({ "created": ["alice/a", "alice/b", "alice/c"] }));
    let (_, _, one) =
        send(&hub, (Method::GET, &format!("{ITEMS}/b")), &token, &Value::Null, None).await;
    assert_eq!((&one["id"], &one["collection"]), (&json!("alice/b"), &json!("dataset")));
    assert_eq!(one["properties"]["big"].to_string(), "9007199254740993");
    let mut ids = found(&hub, "").await;
    ids.sort();
    assert_eq!(ids, ["alice/a", "alice/b", "alice/c"]);
}

#[tokio::test]
async fn nothing_is_made_if_one_of_them_cannot_be() {
    let hub = TestHub::start().await;
    let (token, other) = (hub.user("alice").await, hub.user("bob").await);
    assert_eq!(post(&hub, &token, &item("there")).await.0, 201);
    assert_eq!(post(&hub, &other, &item("bobs")).await.0, 201);
    let mut wrong = item("wrong");
    wrong["properties"]["datetime"] = json!("yesterday");
    let mut elsewhere = item("elsewhere");
    elsewhere["collection"] = json!("ai-model");
    let mut with_link = item("with-link");
    with_link["links"] = json!([{ "rel": "about", "href": "javascript:alert(1)" }]);
    let mut large = item("large");
    large["properties"]["text"] = json!("x".repeat(1 << 20));
    let link = json!({ "target": "alice/there" });
    let linked = (Method::PUT, "/api/v1/flists/alice/link/link");
    assert_eq!(send(&hub, linked, &token, &link, None).await.0, 201);
    let mut nameless = item("");
    nameless.as_object_mut().unwrap().remove("id");
    for (second, status, told) in [
        (wrong, 400, "/features/1/properties/datetime: "),
        (elsewhere, 400, "/features/1/collection: "),
        (nameless, 400, "/features/1/id: say `repository/name`"),
        (item("alice/first"), 400, "/features/1/id: an item before it has the same"),
        (json!(7), 400, "/features/1: it is no JSON object"),
        (item("there"), 409, "/features/1: alice/there is an item of dataset already"),
        (item("bob/new"), 403, "/features/1: "),
        (item("nobody/new"), 404, "/features/1: "),
        (item("a b"), 400, "/features/1: "),
        // What is found out while an item is composed, and of the name itself.
        (with_link, 400, "/features/1: "),
        (item("link"), 409, "/features/1: "),
        (large.clone(), 400, "/features/1: it has more than 1024 KiB"),
    ] {
        let (came, answered) = post(&hub, &token, &several([item("first"), second])).await;
        let detail = answered["detail"].as_str().unwrap();
        assert!(came == status && detail.starts_with(told), "{came} {answered}");
        assert_eq!(hub.get("/api/v1/flists/alice/first").await.status(), 404, "{answered}");
    }
    for features in [json!([]), json!({}), json!(null), json!(vec![1; 201])] {
        let body = json!({ "type": "FeatureCollection", "features": features });
        let (status, answered) = post(&hub, &token, &body).await;
        let detail = answered["detail"].as_str().unwrap();
        assert!(status == 400 && detail.starts_with("/features"), "{status} {answered}");
    }
    // Neither may an item alone be larger.
    let (status, answered) = post(&hub, &token, &large).await;
    assert_eq!((status, &answered["code"]), (400, &json!("bad_item")), "{answered}");
    assert_eq!(found(&hub, "").await.len(), 2);
}
