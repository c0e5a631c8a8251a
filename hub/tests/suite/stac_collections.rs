//! Searching collections over HTTP, and what items and collections can be asked for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::stac_items::{publish, scene};
use crate::support::{TestHub, answer};

const LIST: &str = "/api/stac/collections";

async fn get(hub: &TestHub, at: &str, pairs: &[(&str, &str)], token: Option<&str>) -> (u16, Value) {
    let mut url = reqwest::Url::parse(&format!("http://hub{at}")).unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    let path = format!("{at}?{}", url.query().unwrap());
    let request = hub.request(Method::GET, path.trim_end_matches('?'));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    answer(request.send().await.unwrap()).await
}

fn ids(page: &Value) -> Vec<&str> {
    let list = page["collections"].as_array().unwrap_or_else(|| panic!("{page}")).iter();
    list.map(|one| one["id"].as_str().unwrap()).collect()
}

fn link<'a>(page: &'a Value, rel: &str) -> Option<&'a str> {
    let links = page["links"].as_array().unwrap();
    links.iter().find(|link| link["rel"] == rel)?["href"].as_str()
}

/// A dataset over the antimeridian in May 2024, and a model in one place.
async fn published(hub: &TestHub) -> String {
    let token = hub.user("alice").await;
    publish(hub, &token, "scene", &scene("Scene", 179.5, 2, "")).await;
    let model = "---\ntitle: Model\ncategory: ai-model\nextent:\n  spatial: [5, 10, 6, 11]\n  \
                 temporal: [\"2020-01-01\", \"2020-02-01\"]\n---\n";
    publish(hub, &token, "model", &files(&[("README.md", model.as_bytes())])).await;
    token
}

#[tokio::test]
async fn collections_are_searched_as_items_are() {
    let hub = TestHub::start().await;
    published(&hub).await;
    let all = ["ai-model", "dataset", "processor", "dashboard"];
    let none = ["processor", "dashboard"];
    let with = |one| [&[one][..], &none[..]].concat();
    for (name, value, expected) in [
        ("bbox", "-180,10,-179.9,11", with("dataset")),
        ("bbox", "0,0,20,20", with("ai-model")),
        ("datetime", "2024-01-01T00:00:00Z/..", with("dataset")),
        ("datetime", "2020-01-15T00:00:00Z", with("ai-model")),
        ("q", "trained", vec!["ai-model"]),
        ("q", "\"pages that\" OR programs", vec!["processor", "dashboard"]),
        ("q", "-data", vec!["ai-model"]),
        ("q", "[dataset]", vec!["dataset"]),
        ("filter", "title LIKE 'D%'", vec!["dataset", "dashboard"]),
        (
            "filter",
            "S_INTERSECTS(geometry, POINT(5.5 10.5)) AND id <> 'dashboard'",
            vec!["ai-model", "processor"],
        ),
        ("filter", "end_datetime < TIMESTAMP('2021-01-01T00:00:00Z')", vec!["ai-model"]),
        ("query", "{\"id\": {\"startsWith\": \"da\"}}", vec!["dataset", "dashboard"]),
        ("sortby", "-id", vec!["processor", "dataset", "dashboard", "ai-model"]),
        ("sortby", "+title", vec!["ai-model", "dashboard", "dataset", "processor"]),
        ("sortby", "-start_datetime", vec!["dataset", "ai-model", "processor", "dashboard"]),
        ("limit", "10000000", all.to_vec()),
    ] {
        let (status, page) = get(&hub, LIST, &[(name, value)], None).await;
        assert_eq!(status, 200, "{page}");
        assert_eq!(ids(&page), expected, "{name}={value}");
        assert_eq!(page["numberMatched"], expected.len(), "{name}={value}");
    }
    let json = json!({"op": "=", "args": [{"property": "id"}, "dataset"]}).to_string();
    let pairs = [("filter", json.as_str()), ("filter-lang", "cql2-json")];
    let (_, page) = get(&hub, LIST, &pairs, None).await;
    assert_eq!(ids(&page), ["dataset"]);
    let (_, page) = get(&hub, LIST, &[("fields", "id,title"), ("limit", "1")], None).await;
    let one = json!({"type": "Collection", "stac_version": "1.1.0", "id": "ai-model", "title": "AI Models"});
    assert_eq!(page["collections"], json!([one]));
    assert_eq!((&page["numberReturned"], &page["numberMatched"]), (&json!(1), &json!(4)));
    let (_, page) = get(&hub, LIST, &[("fields", "-extent.temporal,-links")], None).await;
    let first = &page["collections"][0];
    assert!(first["extent"]["spatial"].is_object() && first["license"].is_string(), "{first}");
    assert!(first["extent"].get("temporal").is_none() && first.get("links").is_none(), "{first}");
}

#[tokio::test]
async fn pages_of_collections_lead_to_one_another() {
    let hub = TestHub::start().await;
    let (_, page) = get(&hub, LIST, &[], None).await;
    assert_eq!((ids(&page).len(), link(&page, "next"), link(&page, "prev")), (4, None, None));
    assert_eq!(page["context"], json!({"limit": 4, "matched": 4, "returned": 4}));
    let path = |href: &str| href.strip_prefix(&hub.hub.public_url()).unwrap().to_owned();
    let (mut at, mut found, mut before) = (format!("{LIST}?limit=3&sortby=id"), Vec::new(), None);
    loop {
        let response = hub.get(&at).await;
        let header = response.headers().get("link").cloned();
        let page: Value = response.json().await.unwrap();
        found.extend(ids(&page).into_iter().map(str::to_owned));
        assert_eq!(page["numberMatched"], 4);
        assert_eq!(link(&page, "prev").map(path), before);
        before = Some(at);
        let Some(next) = link(&page, "next") else { break };
        assert_eq!(header.unwrap(), format!("<{next}>; rel=\"next\""));
        at = path(next);
    }
    assert_eq!(found, ["ai-model", "dashboard", "dataset", "processor"]);
}

#[tokio::test]
async fn what_cannot_be_asked_of_collections_is_refused() {
    let hub = TestHub::start().await;
    let deep = format!("{}id = 'a'{}", "(".repeat(3_000), ")".repeat(3_000));
    for (name, value) in [
        ("bbox", "1,2,3"),
        ("bbox", "[1,2,3,4]"),
        ("datetime", "2024-13-40"),
        ("limit", "0"),
        ("limit", "-1"),
        ("after", "nobody"),
        ("sortby", "datetime"),
        ("q", "(a"),
        ("q", ":starred"),
        ("filter", "id ="),
        ("filter", "nope(id) = 1"),
        ("filter", "title > 3"),
        ("filter", &deep),
        ("filter-lang", "sql"),
        ("filter-crs", "EPSG:3857"),
        ("query", "{"),
        ("ids", "a"),
        ("collections", "dataset"),
        ("mode", "full"),
        ("where", "a"),
    ] {
        let (status, error) = get(&hub, LIST, &[(name, value)], None).await;
        assert_eq!((status, &error["code"]), (400, &json!("bad_search")), "{name}: {error}");
        let told = error["description"].as_str().unwrap();
        assert!(told.starts_with(&format!("{name}: ")), "{told}");
    }
}

#[tokio::test]
async fn only_what_a_caller_may_see_finds_a_collection() {
    let hub = TestHub::start().await;
    let token = published(&hub).await;
    let change = hub.request(Method::PATCH, "/api/v1/repositories/alice").bearer_auth(&token);
    let changed = change.json(&json!({"visibility": "private"})).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let asked = [("filter", "start_datetime IS NOT NULL")];
    assert_eq!(ids(&get(&hub, LIST, &asked, None).await.1), Vec::<&str>::new());
    assert_eq!(ids(&get(&hub, LIST, &asked, Some(&token)).await.1), ["ai-model", "dataset"]);
    let queryables = "/api/stac/collections/dataset/queryables";
    let own = "proj:code";
    let item = json!({"type": "Feature", "stac_version": "1.1.0", "id": "x", "links": [], "assets": {},
        "geometry": null, "properties": {"datetime": "2024-05-01T00:00:00Z", own: "EPSG:4326", "own:depth": 3,
        "gsd": "none", "own:when": "2024-05-01T00:00:00Z", "own:names": ["a"], "own:any": {"a": 1}}});
    let readme = b"---\ncategory: dataset\n---\n";
    let item = item.to_string();
    let archive = files(&[("README.md", readme), ("stac/item.json", item.as_bytes())]);
    publish(&hub, &token, "own", &archive).await;
    let (_, seen) = get(&hub, queryables, &[], Some(&token)).await;
    let seen = &seen["properties"];
    assert_eq!(seen["own:depth"]["type"], "integer");
    assert_eq!((&seen[own]["type"], &seen[own]["title"]), (&json!("string"), &json!("Projection")));
    assert_eq!(seen["own:when"]["format"], "date-time");
    assert_eq!(seen["own:names"]["items"], json!({"type": "string"}));
    assert!(seen["own:any"].is_object() && seen["own:any"].get("type").is_none());
    let (_, hidden) = get(&hub, queryables, &[], None).await;
    assert_eq!(hidden["$id"], format!("{}{queryables}", hub.hub.public_url()));
    assert_eq!(hidden["additionalProperties"], true);
    let hidden = hidden["properties"].as_object().unwrap();
    assert!(hidden.contains_key("id") && hidden.contains_key("geometry"));
    assert!(!hidden.contains_key("own:depth") && !hidden.contains_key(own), "{hidden:?}");
    // What is published next is seen at once.
    let again = files(&[("README.md", b"---\ncategory: dataset\nown:later: true\n---\n")]);
    publish(&hub, &token, "own", &again).await;
    let (_, seen) = get(&hub, queryables, &[], Some(&token)).await;
    assert_eq!(seen["properties"]["own:later"]["type"], "boolean");
    assert!(seen["properties"].get("own:depth").is_none(), "{seen}");
}

#[tokio::test]
async fn what_can_be_asked_is_typed_and_linked() {
    let hub = TestHub::start().await;
    let (_, list) = get(&hub, LIST, &[], None).await;
    let of = |rel: &str| {
        let rel = format!("http://www.opengis.net/def/rel/ogc/1.0/{rel}");
        link(&list, &rel).unwrap().strip_prefix(&hub.hub.public_url()).unwrap().to_owned()
    };
    let schemas = [
        of("queryables"),
        of("sortables"),
        "/api/stac/queryables".to_owned(),
        "/api/stac/sortables".to_owned(),
        "/api/stac/collections/dataset/queryables".to_owned(),
        "/api/stac/collections/dataset/sortables".to_owned(),
    ];
    for at in schemas {
        let response = hub.get(&at).await;
        assert_eq!(response.headers()["content-type"], "application/schema+json", "{at}");
        let schema: Value = response.json().await.unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["$id"], format!("{}{at}", hub.hub.public_url()));
        assert!(schema["title"].is_string() && schema["description"].is_string());
        for (name, property) in schema["properties"].as_object().unwrap() {
            assert!(property["title"].is_string(), "{at} {name}");
            assert!(property["type"].is_string() || property["$ref"].is_string(), "{at} {name}");
        }
    }
    let sortables = hub.json("/api/stac/collection-sortables").await;
    for name in sortables["properties"].as_object().unwrap().keys() {
        assert_eq!(get(&hub, LIST, &[("sortby", name)], None).await.0, 200, "{name}");
    }
    let conformance = hub.json("/api/stac/conformance").await.to_string();
    for class in ["free-text", "advanced-free-text", "filter", "query", "sort", "fields"] {
        let class = format!("https://api.stacspec.org/v1.0.0-rc.1/collection-search#{class}\"");
        assert!(conformance.contains(&class), "{class}");
    }
}
