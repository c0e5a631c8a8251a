//! Filters of the Common Query Language over HTTP: what they find, and with what else is asked.

use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::stac_items::publish;
use crate::support::{TestHub, answer};

pub(super) const SEARCH: &str = "/api/stac/search";
pub(super) const ITEMS: &str = "/api/stac/collections/dataset/items";

/// Four scenes at 10, 20, 30 and 40 degrees east, of the first days of May, the more clouds the later; and a model.
pub(super) async fn published(hub: &TestHub) -> String {
    let token = hub.user("alice").await;
    for number in 1..=4_u32 {
        let (west, east, day) =
            (number * 10, number * 10 + 1, format!("2024-05-0{number}T12:00:00Z"));
        let item = json!({
            "type": "Feature", "stac_version": "1.1.0", "id": "x", "links": [], "assets": {},
            "geometry": {"type": "Polygon", "coordinates": [[
                [west, 10], [east, 10], [east, 11], [west, 11], [west, 10],
            ]]},
            "bbox": [west, 10, east, 11],
            "properties": {
                "datetime": day, "eo:cloud_cover": number * 20, "platform": "Séntinel-2",
                "instruments": if number % 2 == 0 { json!(["msi"]) } else { json!(["msi", "sar"]) },
            },
        });
        let readme = format!("---\ntitle: Scene {number}\ncategory: dataset\n---\n");
        let item = item.to_string();
        let archive =
            files(&[("README.md", readme.as_bytes()), ("stac/item.json", item.as_bytes())]);
        publish(hub, &token, &format!("scene{number}"), &archive).await;
    }
    let model = files(&[("README.md", b"---\ntitle: A model\ncategory: ai-model\n---\n")]);
    publish(hub, &token, "model", &model).await;
    token
}

pub(super) fn names(found: &Value) -> Vec<String> {
    let features = found["features"].as_array().unwrap_or_else(|| panic!("{found}")).iter();
    let id = |item: &Value| item["id"].as_str().unwrap().replace("alice/scene", "");
    features.map(id).collect()
}

pub(super) async fn get(hub: &TestHub, at: &str, pairs: &[(&str, &str)]) -> (u16, Value) {
    let mut url = reqwest::Url::parse(&format!("http://hub{at}")).unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    answer(hub.get(&format!("{at}?{}", url.query().unwrap())).await).await
}

pub(super) async fn post(hub: &TestHub, body: &Value) -> (u16, Value) {
    answer(hub.request(Method::POST, SEARCH).json(body).send().await.unwrap()).await
}

/// A filter as text and as JSON, and what it finds.
type Form = (&'static str, Value, Vec<&'static str>);

/// Of what the index knows, and of lists and texts.
fn known() -> Vec<Form> {
    vec![
        (
            "eo:cloud_cover > 40",
            json!({"op": ">", "args": [{"property": "eo:cloud_cover"}, 40]}),
            vec!["4", "3"],
        ),
        (
            "datetime < DATE('2024-05-03') AND collection = 'dataset'",
            json!({"op": "and", "args": [
                {"op": "<", "args": [{"property": "datetime"}, {"date": "2024-05-03"}]},
                {"op": "=", "args": [{"property": "collection"}, "dataset"]},
            ]}),
            vec!["2", "1"],
        ),
        (
            "S_INTERSECTS(geometry, POLYGON((20.5 10.5, 30.5 10.5, 30.5 10.6, 20.5 10.5)))",
            json!({"op": "s_intersects", "args": [{"property": "geometry"}, {
                "type": "Polygon", "coordinates": [[[20.5, 10.5], [30.5, 10.5], [30.5, 10.6], [20.5, 10.5]]],
            }]}),
            vec!["3", "2"],
        ),
        (
            "A_CONTAINS(instruments, ('sar')) AND CASEI(ACCENTI(platform)) LIKE CASEI('SENTINEL%')",
            json!({"op": "and", "args": [
                {"op": "a_contains", "args": [{"property": "instruments"}, ["sar"]]},
                {"op": "like", "args": [
                    {"op": "casei", "args": [{"op": "accenti", "args": [{"property": "platform"}]}]},
                    {"op": "casei", "args": ["SENTINEL%"]},
                ]},
            ]}),
            vec!["3", "1"],
        ),
    ]
}

/// Of what takes reading each item.
fn read() -> Vec<Form> {
    vec![
        (
            "NOT eo:cloud_cover > 20",
            json!({"op": "not", "args": [
                {"op": ">", "args": [{"property": "eo:cloud_cover"}, 20]},
            ]}),
            vec!["1"],
        ),
        (
            "eo:cloud_cover IS NULL",
            json!({"op": "isNull", "args": [{"property": "eo:cloud_cover"}]}),
            vec!["alice/model"],
        ),
        (
            "id IN ('alice/scene2', 'alice/none') OR eo:cloud_cover + 20 = 40",
            json!({"op": "or", "args": [
                {"op": "in", "args": [{"property": "id"}, ["alice/scene2", "alice/none"]]},
                {"op": "=", "args": [
                    {"op": "+", "args": [{"property": "eo:cloud_cover"}, 20]}, 40,
                ]},
            ]}),
            vec!["2", "1"],
        ),
    ]
}

#[tokio::test]
async fn a_filter_finds_the_same_in_each_form() {
    let hub = TestHub::start().await;
    published(&hub).await;
    for (text, json, expected) in known().into_iter().chain(read()) {
        let (lang, written) = ("filter-lang", json.to_string());
        let in_text = get(&hub, SEARCH, &[("filter", text)]).await.1;
        assert_eq!(names(&in_text), expected, "{text}");
        assert_eq!(in_text["numberMatched"], expected.len(), "{text}");
        let in_json = get(&hub, SEARCH, &[("filter", &written), (lang, "cql2-json")]).await.1;
        assert_eq!(in_json["features"], in_text["features"], "{written}");
        let posted = post(&hub, &json!({"filter": json})).await.1;
        assert_eq!(posted["features"], in_text["features"], "{written}");
        let posted = post(&hub, &json!({"filter": text, "filter-lang": "cql2-text"})).await.1;
        assert_eq!(posted["features"], in_text["features"], "{text}");
        if expected != ["alice/model"] {
            let of_one = get(&hub, ITEMS, &[("filter", text)]).await.1;
            assert_eq!(names(&of_one), expected, "{text}");
        }
    }
}

#[tokio::test]
async fn a_filter_goes_with_all_else_that_is_asked() {
    let hub = TestHub::start().await;
    let token = published(&hub).await;
    let clouds = ("filter", "eo:cloud_cover >= 40");
    for (more, expected) in [
        (vec![("bbox", "15,0,35,20")], vec!["3", "2"]),
        (vec![("ids", "alice/scene1,alice/scene4")], vec!["4"]),
        (vec![("datetime", "2024-05-03T00:00:00Z/..")], vec!["4", "3"]),
        (vec![("q", "scene 2, scene 1")], vec!["2"]),
        (vec![("collections", "ai-model")], vec![]),
        (vec![("sortby", "datetime"), ("limit", "2")], vec!["2", "3"]),
        (vec![("filter-crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84")], vec!["4", "3", "2"]),
    ] {
        let pairs: Vec<_> = [clouds].into_iter().chain(more).collect();
        assert_eq!(names(&get(&hub, SEARCH, &pairs).await.1), expected, "{pairs:?}");
    }
    let (_, page) = get(&hub, SEARCH, &[clouds, ("limit", "2")]).await;
    assert_eq!((names(&page), &page["numberMatched"]), (vec!["4".into(), "3".into()], &json!(3)));
    let next = page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next").unwrap();
    let at = next["href"].as_str().unwrap().strip_prefix(&hub.hub.public_url()).unwrap();
    let last = hub.json(at).await;
    assert_eq!((names(&last), &last["numberMatched"]), (vec!["2".to_owned()], &json!(3)));
    // What may not be read is not found, whatever is asked of it.
    let change = hub.request(Method::PATCH, "/api/v1/repositories/alice").bearer_auth(&token);
    let changed = change.json(&json!({"visibility": "private"})).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    for filter in ["eo:cloud_cover >= 0", "id = 'alice/scene1'", "nowhere IS NULL"] {
        let (_, found) = get(&hub, SEARCH, &[("filter", filter)]).await;
        assert_eq!((names(&found).len(), &found["numberMatched"]), (0, &json!(0)), "{filter}");
    }
}

#[tokio::test]
async fn stars_are_counted_as_they_are() {
    let hub = TestHub::start().await;
    let token = published(&hub).await;
    let starred = [("filter", "sharinghub:stars >= 1")];
    for number in 0..3 {
        let (_, found) = get(&hub, SEARCH, &starred).await;
        assert_eq!((names(&found).len(), &found["numberMatched"]), (number, &json!(number)));
        let at = format!("/api/v1/flists/alice/scene{}/star", number + 1);
        let put = hub.request(Method::PUT, &at).bearer_auth(&token).send().await.unwrap();
        assert!(put.status().is_success(), "{}", put.status());
    }
}

#[tokio::test]
async fn conditions_on_properties_are_filters_too() {
    let hub = TestHub::start().await;
    published(&hub).await;
    for (query, expected) in [
        (json!({"eo:cloud_cover": {"gte": 40, "lt": "80"}}), vec!["3", "2"]),
        (
            json!({"platform": {"startsWith": "S", "endsWith": "-2"}, "instruments": {"contains": "sar"}}),
            vec!["3", "1"],
        ),
        (json!({"datetime": {"gt": "2024-05-03T14:00:00+02:00"}}), vec!["alice/model", "4"]),
        (json!({"eo:cloud_cover": {"in": [20, 80, 81]}}), vec!["4", "1"]),
        (json!({}), vec!["alice/model", "4", "3", "2", "1"]),
    ] {
        let (_, posted) = post(&hub, &json!({"query": query})).await;
        assert_eq!(names(&posted), expected, "{query}");
        let (_, asked) = get(&hub, SEARCH, &[("query", &query.to_string())]).await;
        assert_eq!(asked["features"], posted["features"], "{query}");
    }
    let both = json!({"query": {"eo:cloud_cover": {"gt": 20}}, "filter": {"op": "<", "args": [{"property": "eo:cloud_cover"}, 80]}});
    assert_eq!(names(&post(&hub, &both).await.1), ["3", "2"]);
    for query in [
        json!([]),
        json!({"a": 1}),
        json!({"a": {"near": 1}}),
        json!({"a": {"in": []}}),
        json!({"a": {"eq": {"op": "f", "args": []}}}),
    ] {
        let (status, error) = post(&hub, &json!({"query": query})).await;
        assert_eq!((status, &error["code"]), (400, &json!("bad_search")), "{query}");
        assert!(error["description"].as_str().unwrap().starts_with("query: "), "{error}");
    }
}

#[tokio::test]
async fn what_can_be_asked_for_is_told() {
    let hub = TestHub::start().await;
    published(&hub).await;
    let root = hub.json("/api/stac/").await;
    let rel = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
    for of in [root, hub.json("/api/stac/collections/dataset").await] {
        let links = of["links"].as_array().unwrap();
        let href = links.iter().find(|link| link["rel"] == rel).unwrap()["href"].as_str().unwrap();
        let response = hub.get(href.strip_prefix(&hub.hub.public_url()).unwrap()).await;
        assert_eq!(response.headers()["content-type"], "application/schema+json");
        let schema: Value = response.json().await.unwrap();
        assert_eq!(schema["$id"], href);
        assert_eq!(schema["properties"]["eo:cloud_cover"]["type"], "number");
        assert_eq!(schema["additionalProperties"], true);
    }
    assert_eq!(hub.get("/api/stac/collections/none/queryables").await.status(), 404);
}
