//! The STAC API over HTTP: the catalogue's links, single items, what is wrong with requests.

use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::support::{TestHub, answer};

/// An archive whose item is at a place and of a day.
pub(crate) fn scene(title: &str, west: f64, day: u32, more: &str) -> Vec<u8> {
    let (east, day) = (west + 1.0, format!("2024-05-{day:02}T00:00:00Z"));
    let readme = format!(
        "---\ntitle: {title}\ncategory: dataset\nextent:\n  spatial: [{west}, 10, {east}, 11]\n  \
         temporal: [\"{day}\", \"{day}\"]\nassets: [\"*.tif\"]\n{more}---\n# {title}\n"
    );
    files(&[("README.md", readme.as_bytes()), ("image.tif", title.as_bytes())])
}

/// Publishes one.
pub(crate) async fn publish(hub: &TestHub, token: &str, name: &str, archive: &[u8]) {
    let (status, answered) = answer(hub.upload(token, &format!("{name}.tar"), archive).await).await;
    assert_eq!(status, 200, "{answered}");
}

fn href<'a>(body: &'a Value, rel: &str) -> &'a str {
    let links = body["links"].as_array().unwrap();
    let link = links.iter().find(|link| link["rel"] == rel);
    link.unwrap_or_else(|| panic!("no link {rel} in {body}"))["href"].as_str().unwrap()
}

fn path<'a>(hub: &TestHub, href: &'a str) -> &'a str {
    href.strip_prefix(&hub.hub.public_url()).unwrap_or_else(|| panic!("{href} is elsewhere"))
}

#[tokio::test]
async fn everything_is_reached_from_the_root() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    publish(&hub, &token, "scene", &scene("One", 5.0, 1, "")).await;
    let root = hub.json("/api/stac/").await;
    assert_eq!((&root["type"], &root["id"]), (&json!("Catalog"), &json!("flisthub")));
    assert_eq!(hub.json("/api/stac").await, root);
    let conformance = hub.json(path(&hub, href(&root, "conformance"))).await;
    assert_eq!(conformance["conformsTo"], root["conformsTo"]);
    let described = hub.get(path(&hub, href(&root, "service-desc"))).await;
    let kind = described.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(kind, "application/vnd.oai.openapi+json;version=3.1");
    assert_eq!(described.json::<Value>().await.unwrap()["openapi"], "3.1.0");
    assert_eq!(hub.get(path(&hub, href(&root, "service-doc"))).await.status(), 200);
    let children = hub.json(path(&hub, href(&root, "children"))).await;
    let collections = hub.json(path(&hub, href(&root, "data"))).await;
    assert_eq!(children["children"], collections["collections"]);
    let links = root["links"].as_array().unwrap().iter().filter(|link| link["rel"] == "child");
    let mut bodies = Vec::new();
    for link in links {
        bodies.push(hub.json(path(&hub, link["href"].as_str().unwrap())).await);
    }
    assert_eq!(children["children"], json!(bodies));
    let dataset = bodies.iter().find(|body| body["id"] == "dataset").unwrap();
    assert_eq!(dataset["extent"]["spatial"]["bbox"], json!([[5.0, 10.0, 6.0, 11.0]]));
    let browse = hub.json(path(&hub, href(dataset, "child"))).await;
    let item = hub.json(path(&hub, href(&browse, "item"))).await;
    assert_eq!((&item["id"], &item["collection"]), (&json!("alice/scene"), &json!("dataset")));
    let items = hub.json(path(&hub, href(dataset, "items"))).await;
    assert_eq!(items["features"], json!([item]));
    assert_eq!(path(&hub, href(&item, "self")), "/api/stac/collections/dataset/items/alice/scene");
}

#[tokio::test]
async fn an_item_is_read_whole_or_not_at_all() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    publish(&hub, &token, "scene", &scene("One", 5.0, 1, "")).await;
    let at = "/api/stac/collections/dataset/items/alice/scene";
    let response = hub.get(at).await;
    assert_eq!(response.headers()["content-type"], "application/geo+json");
    let tag = response.headers()["etag"].clone();
    let item: Value = response.json().await.unwrap();
    assert_eq!(item["properties"]["title"], "One");
    assert_eq!(hub.json(&at.replace("alice/", "alice%2F")).await, item);
    let again = hub.request(Method::GET, at).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &tag));
    let head = hub.request(Method::HEAD, at).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["etag"]), (200, &tag));
    for absent in [
        "/api/stac/collections/dataset/items/alice/other",
        "/api/stac/collections/dataset/items/alice",
        "/api/stac/collections/dataset/items/alice/scene/x",
        "/api/stac/collections/dataset/items/alice/scene@9",
        "/api/stac/collections/dataset/items/alice/scene@x",
        "/api/stac/collections/dataset/items/nobody/scene",
        "/api/stac/collections/ai-model/items/alice/scene",
        "/api/stac/collections/nope/items/alice/scene",
        "/api/stac/collections/nope/items",
        "/api/stac/collections/nope",
        "/api/stac/nope",
    ] {
        let (status, error) = answer(hub.get(absent).await).await;
        assert_eq!((status, &error["code"]), (404, &json!("not_found")), "{absent}");
        assert!(error["description"].is_string(), "{absent}");
    }
    let wrong = hub.request(Method::POST, at).send().await.unwrap();
    assert_eq!(wrong.headers()["allow"], "GET,HEAD,PUT,PATCH,DELETE");
    let (status, error) = answer(wrong).await;
    assert_eq!((status, &error["code"]), (405, &json!("method_not_allowed")));
}

#[tokio::test]
async fn older_revisions_stay_reachable_with_their_own_files() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    for title in ["One", "Two"] {
        publish(&hub, &token, "scene", &scene(title, 5.0, 1, "")).await;
    }
    let at = "/api/stac/collections/dataset/items/alice/scene";
    let latest = hub.json(at).await;
    assert_eq!(latest["properties"]["title"], "Two");
    let older = hub.json(path(&hub, href(&latest, "predecessor-version"))).await;
    assert_eq!(older["id"], "alice/scene@1");
    assert_eq!(older["properties"]["title"], "One");
    assert_eq!(href(&older, "latest-version"), href(&latest, "self"));
    assert!(href(&older, "successor-version").ends_with("alice/scene@2"));
    for (item, content) in [(&latest, "Two"), (&older, "One")] {
        let file = item["assets"]["image.tif"]["href"].as_str().unwrap();
        let bytes = hub.get(path(&hub, file)).await.text().await.unwrap();
        assert_eq!(bytes, content, "{file}");
    }
    let found = hub.json("/api/stac/search").await;
    assert_eq!(found["numberMatched"], 1, "older ones are not searched");
    let files = "/api/v1/flists/alice/scene/files/image.tif?revision=";
    for (revision, status) in [("1", 200), ("2", 200), ("3", 404), ("0", 404), ("x", 400)] {
        let response = hub.get(&format!("{files}{revision}")).await;
        assert_eq!(response.status(), status, "{revision}");
    }
}
