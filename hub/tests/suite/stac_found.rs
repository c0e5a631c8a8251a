//! Items whose place, date and bands nobody declared: they come from the files themselves. What is read of which file is
//! tested in `stac`; here it is pushed, searched, and broken.

use reqwest::Method;
use serde_json::json;

use crate::archives::files;
use crate::support::{Field, TestHub, answer};

const RASTER: &[u8] = include_bytes!("../../../stac/tests/fixtures/geodata/a.tif");
const AT: &str = "/api/stac/collections/dataset/items/alice/scene";

/// Publishes files of which nothing is said but that they are a dataset.
async fn published(hub: &TestHub, token: &str, tree: &[(&str, &[u8])]) {
    let archive = files(tree);
    let fields = [Field::text("categories", "dataset"), Field::file("file", "scene.tar", &archive)];
    let (status, answered) = answer(hub.form(token, &fields).await).await;
    assert_eq!(status, 200, "{answered}");
}

async fn ids(hub: &TestHub, query: &str) -> Vec<String> {
    let found = hub.json(&format!("/api/stac/search?{query}")).await;
    let found = found["features"].as_array().unwrap();
    found.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_raster_alone_is_found_by_where_and_when_it_is() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    published(&hub, &token, &[("scene.tif", RASTER)]).await;
    assert_eq!(ids(&hub, "bbox=2.165,41.455,2.17,41.458").await, ["alice/scene"]);
    assert_eq!(ids(&hub, "bbox=3,41.455,4,41.458").await, [""; 0]);
    assert_eq!(ids(&hub, "datetime=2024-05-01T10:00:00Z").await, ["alice/scene"]);
    assert_eq!(ids(&hub, "datetime=2024-05-02T00:00:00Z/..").await, [""; 0]);
    let item = hub.json(AT).await;
    assert_eq!(item["properties"]["flisthub:origins"]["geometry"], json!(["scene.tif"]));
    assert_eq!(item["assets"]["scene.tif"]["bands"].as_array().unwrap().len(), 3);
    let collection = hub.json("/api/stac/collections/dataset").await;
    assert_eq!(collection["extent"]["spatial"]["bbox"], json!([item["bbox"]]));
    // What is set later wins, and what is not set any more is found again.
    let metadata = "/api/v1/flists/alice/scene/metadata";
    let place = json!({ "extent": { "spatial": [5, 10, 6, 11] } });
    let nothing = json!({});
    for (set, bbox) in [(place, json!([5.0, 10.0, 6.0, 11.0])), (nothing, item["bbox"].clone())] {
        let set = json!({ "categories": ["dataset"], "metadata": set });
        let put = hub.request(Method::PUT, metadata).bearer_auth(&token).json(&set).send().await;
        let (status, answered) = answer(put.unwrap()).await;
        assert_eq!(status, 200, "{answered}");
        assert_eq!(hub.json(AT).await["bbox"], bbox);
    }
}

#[tokio::test]
async fn a_raster_that_lies_is_a_warning_on_its_item() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    // Four thousand million columns, and the bytes of sixty.
    let mut lying = RASTER.to_vec();
    let directory = u32::from_le_bytes(lying[4..8].try_into().unwrap()) as usize;
    let mut entries = (0..20).map(|entry| directory + 2 + entry * 12);
    let width = entries.find(|&at| lying[at..at + 2] == 256_u16.to_le_bytes()).unwrap();
    lying[width + 2..width + 4].copy_from_slice(&4_u16.to_le_bytes());
    lying[width + 8..width + 12].copy_from_slice(&4_000_000_000_u32.to_le_bytes());
    published(&hub, &token, &[("a/lying.tif", &lying), ("good.tif", RASTER)]).await;
    let told = hub.json("/api/v1/flists/alice/scene/metadata").await;
    let warnings = told["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].as_str().unwrap().starts_with("a/lying.tif: "), "{warnings:?}");
    let item = hub.json(AT).await;
    assert_eq!(item["properties"]["flisthub:warnings"], json!(warnings));
    assert_eq!(item["properties"]["flisthub:origins"]["geometry"], json!(["good.tif"]));
    assert!(item["assets"]["a/lying.tif"]["file:size"].is_number());
}
