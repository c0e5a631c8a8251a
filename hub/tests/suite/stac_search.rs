//! Searches over HTTP: pages, filters, bad requests, and what others may not see.

use flisthub_hub::config::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stac_items::{publish, scene};
use crate::support::{TestHub, answer};

const SEARCH: &str = "/api/stac/search";

async fn post(hub: &TestHub, body: &Value) -> Value {
    let response = hub.request(Method::POST, SEARCH).json(body).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/geo+json", "{body}");
    answer(response).await.1
}

pub(crate) fn ids(found: &Value) -> Vec<String> {
    let features = found["features"].as_array().unwrap().iter();
    features.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn next(found: &Value) -> Option<&Value> {
    found["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next")
}

pub(crate) async fn seven(hub: &TestHub) -> String {
    let token = hub.user("alice").await;
    for number in 1..=7_u32 {
        let archive = scene(&format!("Scene {number}"), f64::from(number) * 10.0, number, "");
        publish(hub, &token, &format!("scene{number}"), &archive).await;
    }
    token
}

#[tokio::test]
async fn pages_have_each_item_once() {
    let hub = TestHub::start().await;
    seven(&hub).await;
    let expected: Vec<String> = (1..=7).rev().map(|it| format!("alice/scene{it}")).collect();
    let (mut at, mut found) = (format!("{SEARCH}?limit=3"), Vec::new());
    loop {
        let response = hub.get(&at).await;
        let header = response.headers().get("link").cloned();
        let page: Value = response.json().await.unwrap();
        assert_eq!(page["numberMatched"], 7);
        found.extend(ids(&page));
        let Some(link) = next(&page) else {
            assert!(header.is_none());
            break;
        };
        let href = link["href"].as_str().unwrap();
        assert_eq!(header.unwrap(), format!("<{href}>; rel=\"next\""));
        at = href.strip_prefix(&hub.hub.public_url()).unwrap().to_owned();
    }
    assert_eq!(found, expected);
    let (mut body, mut found) = (json!({"limit": 2, "sortby": [{"field": "id"}]}), Vec::new());
    loop {
        let page = post(&hub, &body).await;
        found.extend(ids(&page));
        let Some(link) = next(&page) else { break };
        assert_eq!((&link["method"], &link["merge"]), (&json!("POST"), &json!(false)));
        body = link["body"].clone();
    }
    assert_eq!(found, expected.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn filters_of_a_query_and_of_a_body_find_the_same() {
    let hub = TestHub::start().await;
    seven(&hub).await;
    for (query, body, expected) in [
        ("bbox=19,9,31,12", json!({"bbox": [19, 9, 31, 12]}), vec![3, 2]),
        (
            "datetime=2024-05-06T00:00:00Z/..",
            json!({"datetime": "2024-05-06T00:00:00Z/.."}),
            vec![7, 6],
        ),
        ("ids=alice/scene4", json!({"ids": ["alice/scene4"]}), vec![4]),
        ("collections=ai-model", json!({"collections": ["ai-model"]}), vec![]),
        (
            "collections=nope,dataset&limit=1",
            json!({"collections": "dataset", "limit": 1}),
            vec![7],
        ),
        ("q=scene+5,scene+6", json!({"q": ["scene 5", "scene 6"]}), vec![6, 5]),
        ("q=***", json!({"q": ["***"]}), vec![]),
        ("sortby=title&limit=2", json!({"sortby": [{"field": "title"}], "limit": 2}), vec![1, 2]),
        (
            "intersects=%7B%22type%22%3A%22Point%22%2C%22coordinates%22%3A%5B10.5%2C10.5%5D%7D",
            json!({"intersects": {"type": "Point", "coordinates": [10.5, 10.5]}}),
            vec![1],
        ),
    ] {
        let expected: Vec<String> =
            expected.into_iter().map(|number| format!("alice/scene{number}")).collect();
        let asked = hub.json(&format!("{SEARCH}?{query}")).await;
        assert_eq!(ids(&asked), expected, "{query}");
        assert_eq!(ids(&post(&hub, &body).await), expected, "{body}");
    }
    let few = hub.json(&format!("{SEARCH}?limit=1&fields=id,properties.title")).await;
    assert_eq!(few["features"][0]["properties"], json!({"title": "Scene 7"}));
    let starred = hub.get(&format!("{SEARCH}?q=:starred")).await;
    assert_eq!(starred.status(), 401);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let hub = TestHub::start().await;
    for query in [
        "limit=-1",
        "limit=0",
        "bbox=1,2,3",
        "bbox=[1,2,3,4]",
        "bbox=1,4,3,2",
        "datetime=2024-13-40",
        "datetime=../..",
        "intersects=%7B%7D",
        "sortby=nope",
        "filter=a%3D",
        "where=a%3D1",
        "after=nonsense",
        "q=%ff",
    ] {
        for list in [SEARCH, "/api/stac/collections/dataset/items"] {
            let (status, error) = answer(hub.get(&format!("{list}?{query}")).await).await;
            assert_eq!((status, &error["code"]), (400, &json!("bad_search")), "{list}?{query}");
            assert!(error["description"].is_string(), "{list}?{query}");
        }
    }
    for body in ["{\"fields\":null}", "{\"bbox\":\"1,2,3,4\"}", "{\"limit\":-1}", "[]", "{"] {
        let sent = hub.request(Method::POST, SEARCH).header("content-type", "application/json");
        let (status, error) = answer(sent.body(body).send().await.unwrap()).await;
        assert_eq!(status, 400, "{body}: {error}");
        assert!(error["code"].is_string() && error["description"].is_string(), "{body}");
    }
    let many = hub.json(&format!("{SEARCH}?limit=1000000")).await;
    assert_eq!(many["context"]["limit"], 10_000);
}

#[tokio::test]
async fn nobody_hears_of_what_they_may_not_read() {
    let hub = TestHub::start().await;
    let token = seven(&hub).await;
    let other = hub.user("bob").await;
    let change = hub.request(Method::PATCH, "/api/v1/repositories/alice").bearer_auth(&token);
    let changed = change.json(&json!({"visibility": "private"})).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let all = "/api/stac/collections/dataset";
    for (who, matched) in [(None, 0), (Some(&other), 0), (Some(&token), 7)] {
        let ask = async |path: &str| {
            let request = hub.request(Method::GET, path);
            let request = match who {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            answer(request.send().await.unwrap()).await
        };
        let (_, found) = ask(SEARCH).await;
        assert_eq!((&found["numberMatched"], ids(&found).len()), (&json!(matched), matched));
        let (_, collection) = ask(all).await;
        let everywhere =
            collection["extent"]["spatial"]["bbox"] == json!([[-180.0, -90.0, 180.0, 90.0]]);
        assert_eq!(everywhere, matched == 0, "{collection}");
        let (_, browse) = ask(&format!("{all}/browse")).await;
        assert_eq!(browse.to_string().contains("alice"), matched > 0);
        let (status, _) = ask(&format!("{all}/items/alice/scene1")).await;
        assert_eq!(status, if matched > 0 { 200 } else { 404 });
    }
}

/// Searches may have to look at all items, each with a connection of the catalog: some are left to everything else.
#[tokio::test]
async fn searches_leave_room_for_all_else() {
    let mut config = Config::default();
    // Half of it is waited for a place.
    config.limits.request_seconds = 2;
    let hub = TestHub::with(config).await;
    seven(&hub).await;
    let all = hub.hub.searches.available_permits();
    assert!((1..8).contains(&all), "fewer than the catalog has connections: {all}");
    let many = u32::try_from(all).unwrap();
    let held = hub.hub.searches.clone().acquire_many_owned(many).await.unwrap();
    let older = "/api/stac/collections/dataset/items/alice/scene1@1";
    let asked = [SEARCH, "/api/stac/collections", "/api/proxy/tags", older];
    for path in asked {
        let (status, body) = answer(hub.get(path).await).await;
        assert_eq!((status, &body["code"]), (503, &json!("busy")), "{path}");
    }
    assert_eq!(hub.get("/api/v1/repositories").await.status(), 200);
    drop(held);
    for path in asked {
        assert_eq!(hub.get(path).await.status(), 200, "{path}");
    }
    assert_eq!(hub.hub.searches.available_permits(), all, "all of them are given back");
}

/// pystac-client says the collection in the path and in the query.
#[tokio::test]
async fn items_of_a_collection_are_asked_for_twice_over() {
    let hub = TestHub::start().await;
    seven(&hub).await;
    let items = "/api/stac/collections/dataset/items";
    for (query, found) in
        [("dataset", 7), ("ai-model,dataset", 7), ("ai-model", 0), ("nope", 0), ("", 7)]
    {
        let page = hub.json(&format!("{items}?collections={query}")).await;
        assert_eq!(
            (&page["numberMatched"], &page["type"]),
            (&json!(found), &json!("FeatureCollection")),
            "{query}"
        );
    }
}
