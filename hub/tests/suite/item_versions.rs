//! The revisions of an item and the links between them, of which none leads to nothing.

use flisthub_storage::ChunkId;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::archives::files;
use crate::stac_items::publish;
use crate::support::{TestHub, answer};

const AT: &str = "/api/stac/collections/dataset/items/alice/scene";

/// Files that say nothing of categories.
fn plain(content: &str) -> Vec<u8> {
    files(&[("file", content.as_bytes())])
}

/// Files of a dataset.
fn dataset(title: &str) -> Vec<u8> {
    let readme = format!("---\ntitle: {title}\ncategory: dataset\n---\n");
    files(&[("README.md", readme.as_bytes())])
}

/// What the links of an item to others of its revisions lead to. Each is followed.
async fn led_to(hub: &TestHub, at: &str) -> Value {
    let item = hub.json(at).await;
    let mut found = Map::new();
    for link in item["links"].as_array().unwrap() {
        let rel = link["rel"].as_str().unwrap();
        let Some(which) = rel.strip_suffix("-version") else { continue };
        let address = link["href"].as_str().unwrap();
        let path = address.strip_prefix(&hub.hub.public_url()).unwrap();
        let (status, other) = answer(hub.get(path).await).await;
        assert_eq!(status, 200, "{at}: {link}: {other}");
        found.insert(which.to_owned(), other["id"].clone());
    }
    found.into()
}

#[tokio::test]
async fn a_revision_stands_alone_where_the_name_is_no_item_any_more() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    publish(&hub, &token, "scene", &dataset("One")).await;
    publish(&hub, &token, "scene", &plain("two")).await;
    assert_eq!(hub.get(AT).await.status(), 404);
    assert_eq!(hub.get(&format!("{AT}@2")).await.status(), 404);
    assert_eq!(led_to(&hub, &format!("{AT}@1")).await, json!({}));
}

#[tokio::test]
async fn all_revisions_of_an_item_lead_to_one_another() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    publish(&hub, &token, "scene", &dataset("One")).await;
    publish(&hub, &token, "scene", &plain("two")).await;
    publish(&hub, &token, "scene", &dataset("Three")).await;
    // The one before it was in no collection, and its own files still say none.
    assert_eq!(led_to(&hub, AT).await, json!({}));
    let (one, two, three) = ("alice/scene@1", "alice/scene@2", "alice/scene@3");
    for (revision, expected) in [
        (1, json!({ "successor": two, "latest": "alice/scene" })),
        (2, json!({ "predecessor": one, "successor": three, "latest": "alice/scene" })),
        (3, json!({ "predecessor": two, "latest": "alice/scene" })),
    ] {
        assert_eq!(led_to(&hub, &format!("{AT}@{revision}")).await, expected, "{revision}");
    }
    let other = AT.replace("dataset", "ai-model");
    assert_eq!(hub.get(&format!("{other}@2")).await.status(), 404);
}

#[tokio::test]
async fn what_was_an_item_by_its_repository_stays_the_predecessor() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let set = async |categories: Value| {
        let request = hub.request(Method::PATCH, "/api/v1/repositories/alice").bearer_auth(&token);
        let answered = request.json(&json!({ "categories": categories })).send().await.unwrap();
        assert_eq!(answered.status(), 200);
    };
    set(json!(["dataset"])).await;
    publish(&hub, &token, "scene", &plain("one")).await;
    publish(&hub, &token, "scene", &dataset("Two")).await;
    set(json!([])).await;
    assert_eq!(led_to(&hub, AT).await, json!({ "predecessor": "alice/scene@1" }));
    let expected = json!({ "successor": "alice/scene@2", "latest": "alice/scene" });
    assert_eq!(led_to(&hub, &format!("{AT}@1")).await, expected);
}

#[tokio::test]
async fn no_link_leads_to_what_a_sweep_took() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let one = answer(hub.upload(&token, "scene.tar", &dataset("One")).await).await.1;
    let one: ChunkId = one["payload"]["report"]["flist"].as_str().unwrap().parse().unwrap();
    publish(&hub, &token, "scene", &dataset("Two")).await;
    let before = json!({ "predecessor": "alice/scene@1" });
    assert_eq!(led_to(&hub, AT).await, before);
    let second = format!("{AT}@2");
    let both = json!({ "predecessor": "alice/scene@1", "latest": "alice/scene" });
    assert_eq!(led_to(&hub, &second).await, both);
    // What a sweep removes, it takes from its repositories.
    hub.hub.store.disown(&[one]).unwrap();
    let (status, problem) = answer(hub.get(&format!("{AT}@1")).await).await;
    assert_eq!((status, &problem["code"]), (410, &json!("swept")), "{problem}");
    assert_eq!(led_to(&hub, AT).await, json!({}));
    assert_eq!(led_to(&hub, &second).await, json!({ "latest": "alice/scene" }));
}
