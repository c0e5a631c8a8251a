//! Free text over HTTP: words and how they are combined.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::stac_items::{publish, scene};
use crate::support::{TestHub, answer};

const SEARCH: &str = "/api/stac/search";

async fn post(hub: &TestHub, body: &Value) -> Response {
    hub.request(Method::POST, SEARCH).json(body).send().await.unwrap()
}

/// Words as the free-text extension combines them, and the same in a body.
#[tokio::test]
async fn words_are_combined() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    for (name, title) in [
        ("fox", "The quick brown fox"),
        ("dog", "A brown dog"),
        ("model", "A climate model of the sea-ice"),
        ("other", "Model of climate in time"),
    ] {
        publish(&hub, &token, name, &scene(title, 5.0, 1, "")).await;
    }
    for (text, expected) in [
        ("climate model", "model"),
        ("\"climate model\"", "model"),
        ("climate AND model", "model other"),
        ("dog OR climate", "dog model other"),
        ("(quick OR climate) AND (fox OR sea)", "fox model"),
        ("dog +model -sea", "other"),
        ("brown -fox", "dog"),
        ("-brown", "model other"),
        ("-(brown OR \"climate model\")", "other"),
        ("\"of climate\", fox", "fox other"),
        ("(dog fox) AND brown", "dog fox"),
        ("sea-ice AND climate", "model"),
        ("brown AND -\"quick brown\"", "dog"),
        ("zebra OR -zebra", "dog fox model other"),
        ("zebra AND -zebra", ""),
    ] {
        let mut url = reqwest::Url::parse("http://hub/").unwrap();
        url.query_pairs_mut().append_pair("q", text).append_pair("sortby", "id");
        let query = url.query().unwrap();
        let body = json!({ "q": text, "sortby": [{ "field": "id" }] });
        let searched = hub.json(&format!("{SEARCH}?{query}")).await;
        let listed = hub.json(&format!("/api/stac/collections/dataset/items?{query}")).await;
        let (_, posted) = answer(post(&hub, &body).await).await;
        for found in [searched, posted, listed] {
            let features = found["features"].as_array().unwrap().iter();
            let names: Vec<String> =
                features.map(|item| item["id"].as_str().unwrap().replace("alice/", "")).collect();
            assert_eq!(names.join(" "), expected, "{text}");
            assert_eq!(found["numberMatched"], names.len(), "{text}");
        }
    }
    for text in ["(", "a)", "AND", "a OR", "\"a"] {
        let (status, error) = answer(post(&hub, &json!({ "q": text })).await).await;
        assert_eq!((status, &error["code"]), (400, &json!("bad_search")), "{text}");
    }
}
