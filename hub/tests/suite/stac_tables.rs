//! Searches as GeoParquet: how they are asked for, what is in them, and what others may not see.

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use reqwest::{Method, Response};
use serde_json::json;

use crate::stac_items::{publish, scene};
use crate::stac_search::{ids, seven};
use crate::support::{TestHub, answer};

const SEARCH: &str = "/api/stac/search";
const ITEMS: &str = "/api/stac/collections/dataset/items";
const PARQUET: &str = "application/vnd.apache.parquet";

/// The table of an answer: its columns, and the ids of its rows.
async fn table(response: Response) -> (Vec<String>, Vec<String>) {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], PARQUET);
    let file = SerializedFileReader::new(response.bytes().await.unwrap()).unwrap();
    let fields = file.metadata().file_metadata().schema().get_fields().to_vec();
    let columns: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    let mut found = Vec::new();
    for row in file.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let id = row.get_column_iter().find(|(name, _)| *name == "id").unwrap().1.clone();
        let Field::Str(id) = id else { panic!("{id}") };
        found.push(id);
    }
    (columns, found)
}

fn next(response: &Response) -> Option<String> {
    let link = response.headers().get("link")?.to_str().unwrap();
    Some(link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

#[tokio::test]
async fn a_search_is_a_table_for_who_asks() {
    let hub = TestHub::start().await;
    seven(&hub).await;
    let expected = ids(&hub.json(SEARCH).await);
    for list in [SEARCH, ITEMS] {
        let (columns, found) = table(hub.get(&format!("{list}?f=parquet")).await).await;
        assert_eq!(found, expected);
        for name in ["geometry", "bbox", "links", "assets", "collection", "datetime", "title"] {
            assert!(columns.iter().any(|column| column == name), "{name} of {columns:?}");
        }
        for (accept, is_table) in [
            (PARQUET, true),
            ("application/vnd.apache.parquet, */*;q=0.1", true),
            ("application/vnd.apache.parquet;q=0.5, application/geo+json", false),
            ("application/vnd.apache.parquet;q=0", false),
            ("text/html, image/png", false),
            ("*/*", false),
        ] {
            let asked = hub.request(Method::GET, list).header("accept", accept);
            let response = asked.send().await.unwrap();
            let vary = response.headers()["vary"].to_str().unwrap().to_owned();
            assert!(vary.split(", ").any(|name| name == "accept"), "{vary}");
            if is_table {
                assert_eq!(table(response).await.1, expected, "{accept}");
            } else {
                assert_eq!(response.headers()["content-type"], "application/geo+json", "{accept}");
            }
        }
        // What the parameter says counts more than the header.
        let asked =
            hub.request(Method::GET, &format!("{list}?f=geojson")).header("accept", PARQUET);
        assert_eq!(ids(&answer(asked.send().await.unwrap()).await.1), expected);
        let page = hub.json(&format!("{list}?limit=3")).await;
        let mut links = page["links"].as_array().unwrap().iter();
        let link = links.find(|link| link["rel"] == "alternate").unwrap();
        assert_eq!(link["type"], PARQUET);
        let at = link["href"].as_str().unwrap().strip_prefix(&hub.hub.public_url()).unwrap();
        assert_eq!(table(hub.get(at).await).await.1, expected[..3]);
    }
    let post = |path: &str| hub.request(Method::POST, path);
    let body = json!({"bbox": [19, 9, 31, 12], "f": "parquet"});
    let (_, found) = table(post(SEARCH).json(&body).send().await.unwrap()).await;
    assert_eq!(found, ["alice/scene3", "alice/scene2"]);
    let asked = post(SEARCH).header("accept", PARQUET).json(&json!({})).send();
    assert_eq!(table(asked.await.unwrap()).await.1, expected);
}

#[tokio::test]
async fn tables_have_pages() {
    let hub = TestHub::start().await;
    seven(&hub).await;
    let expected = ids(&hub.json(SEARCH).await);
    let path = |at: &str| at.strip_prefix(&hub.hub.public_url()).unwrap().to_owned();
    let (mut at, mut found) = (Some(format!("{SEARCH}?limit=3&f=parquet")), Vec::new());
    while let Some(here) = at {
        let response = hub.get(&here).await;
        at = next(&response).map(|at| path(&at));
        found.extend(table(response).await.1);
    }
    assert_eq!(found, expected);
    // The same body goes to where the link leads, which says all that the query said.
    for (first, body) in [
        (SEARCH.to_owned(), json!({"limit": 2, "f": "parquet"})),
        (format!("{SEARCH}?f=parquet&mode=reference"), json!({"limit": 2})),
    ] {
        let (mut at, mut found, mut pages) = (Some(first), Vec::new(), 0);
        while let Some(here) = at {
            let response = hub.request(Method::POST, &here).json(&body).send().await.unwrap();
            at = next(&response).map(|at| path(&at));
            found.extend(table(response).await.1);
            pages += 1;
        }
        assert_eq!((&found, pages), (&expected, 4));
    }
    let none = hub.get(&format!("{SEARCH}?collections=ai-model&f=parquet")).await;
    assert_eq!((next(&none), table(none).await.1.len()), (None, 0));
}

#[tokio::test]
async fn a_table_has_a_tag_and_is_asked_about() {
    let hub = TestHub::start().await;
    seven(&hub).await;
    let at = format!("{SEARCH}?f=parquet");
    let first = hub.get(&at).await;
    let tag = first.headers()["etag"].clone();
    let length = first.bytes().await.unwrap().len();
    let again = hub.request(Method::GET, &at).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert_ne!(hub.get(SEARCH).await.headers()["etag"], tag);
    let head = hub.request(Method::HEAD, &at).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["etag"]), (200, &tag));
    assert_eq!(head.headers()["content-type"], PARQUET);
    assert_eq!(head.headers()["content-length"], length.to_string());
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_table_has_the_members_that_are_asked_for() {
    let hub = TestHub::start().await;
    seven(&hub).await;
    for (fields, there) in [
        (
            "properties.title",
            vec!["id", "type", "stac_version", "collection", "geometry", "bbox", "title"],
        ),
        (
            "-links,-assets,-properties,-id,-geometry.coordinates",
            vec!["id", "type", "stac_version", "stac_extensions", "collection", "geometry", "bbox"],
        ),
    ] {
        let (columns, found) =
            table(hub.get(&format!("{SEARCH}?f=parquet&fields={fields}")).await).await;
        assert_eq!(
            (columns, found.len()),
            (there.iter().map(ToString::to_string).collect(), 7),
            "{fields}"
        );
    }
    let (columns, found) =
        table(hub.get(&format!("{SEARCH}?f=parquet&mode=reference")).await).await;
    assert!(found.len() == 7 && !columns.contains(&"assets".to_owned()), "{columns:?}");
}

#[tokio::test]
async fn other_formats_are_refused() {
    let hub = TestHub::start().await;
    for list in [SEARCH, ITEMS] {
        for query in ["f=html", "f=", "f=Parquet", "f=json&f=parquet"] {
            let (status, error) = answer(hub.get(&format!("{list}?{query}")).await).await;
            assert_eq!((status, &error["code"]), (400, &json!("bad_search")), "{list}?{query}");
            assert!(error["description"].as_str().unwrap().starts_with("f: "), "{error}");
        }
    }
    for body in [json!({"f": 1}), json!({"f": "csv"})] {
        let sent = hub.request(Method::POST, SEARCH).json(&body);
        assert_eq!(answer(sent.send().await.unwrap()).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn a_table_has_what_its_reader_may_see() {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    publish(&hub, &alice, "secret", &scene("Secret", 6.0, 2, "")).await;
    publish(&hub, &bob, "open", &scene("Open", 5.0, 1, "")).await;
    let change = hub.request(Method::PATCH, "/api/v1/repositories/alice").bearer_auth(&alice);
    let changed = change.json(&json!({"visibility": "private"})).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    for (token, expected) in [
        (Some(&alice), vec!["bob/open", "alice/secret"]),
        (Some(&bob), vec!["bob/open"]),
        (None, vec!["bob/open"]),
    ] {
        let mut asked = hub.request(Method::GET, &format!("{SEARCH}?f=parquet"));
        if let Some(token) = token {
            asked = asked.bearer_auth(token);
        }
        assert_eq!(table(asked.send().await.unwrap()).await.1, expected);
    }
}
