//! Thumbnails of rasters: from the item that leads to them to the picture, and who has it.

use reqwest::Method;
use serde_json::json;

use crate::archives::files;
use crate::files::{Got, fetch};
use crate::support::{Field, TestHub, answer};

/// Forty rows of sixty pixels.
const RASTER: &[u8] = include_bytes!("../../../stac/tests/fixtures/geodata/a.tif");
const AT: &str = "/api/stac/collections/dataset/items/alice/scene";
const THUMBNAIL: &str = "/api/v1/flists/alice/scene/thumbnail";

async fn published(hub: &TestHub, token: &str, tree: &[(&str, &[u8])]) {
    let archive = files(tree);
    let fields = [Field::text("categories", "dataset"), Field::file("file", "scene.tar", &archive)];
    let (status, answered) = answer(hub.form(token, &fields).await).await;
    assert_eq!(status, 200, "{answered}");
}

async fn get(hub: &TestHub, rest: &str, headers: &[(&str, &str)]) -> Got {
    fetch(hub, Method::GET, &format!("{THUMBNAIL}/{rest}"), headers).await
}

/// Columns and rows of a picture, all of which can be read.
fn size(picture: &[u8]) -> (u32, u32) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert!(pixels.iter().any(|byte| *byte != 0), "nothing is shown");
    (info.width, info.height)
}

/// The raster with another value of a tag, as a whole number of 32 bits.
fn with_tag(tag: u16, value: u32) -> Vec<u8> {
    let mut file = RASTER.to_vec();
    let directory = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let mut entries = (0..30).map(|entry| directory + 2 + entry * 12);
    let at = entries.find(|&at| file[at..at + 2] == tag.to_le_bytes()).unwrap();
    file[at + 2..at + 4].copy_from_slice(&4_u16.to_le_bytes());
    file[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
    file
}

#[tokio::test]
async fn an_item_leads_to_a_picture_of_its_raster() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    published(&hub, &token, &[("a b/scene.tif", RASTER)]).await;
    let item = hub.json(AT).await;
    let asset = &item["assets"]["thumbnail"];
    let href = asset["href"].as_str().unwrap();
    assert_eq!(href, format!("{}{THUMBNAIL}/a%20b/scene.tif", hub.hub.public_url()));
    // Twice: it is made, and it is kept.
    for _ in 0..2 {
        let got = get(&hub, "a%20b/scene.tif", &[]).await;
        assert_eq!((got.status, got.header("content-type")), (200, "image/png"), "{got:?}");
        assert_eq!(size(&got.body), (60, 40));
        for (name, value) in [
            ("cache-control", "no-cache"),
            ("accept-ranges", "none"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(got.header(name), value, "{name}");
        }
    }
    // What the name was is shown at its revision, and the item of then leads to it.
    published(&hub, &token, &[("other.tif", RASTER)]).await;
    assert_eq!(get(&hub, "a%20b/scene.tif", &[]).await.status, 404);
    let older = hub.json(&format!("{AT}@1")).await;
    let href = older["assets"]["thumbnail"]["href"].as_str().unwrap().to_owned();
    let path = href.strip_prefix(&hub.hub.public_url()).unwrap();
    assert_eq!(path, format!("{THUMBNAIL}/a%20b/scene.tif?revision=1"));
    assert_eq!(size(&fetch(&hub, Method::GET, path, &[]).await.body), (60, 40));
}

#[tokio::test]
async fn a_picture_is_known_by_its_tag() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    published(&hub, &token, &[("scene.tif", RASTER), ("copy.tif", RASTER)]).await;
    let got = get(&hub, "scene.tif", &[]).await;
    let tag = got.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 20, "{tag}");
    assert_eq!(get(&hub, "copy.tif", &[]).await.header("etag"), tag);
    assert_eq!(get(&hub, "scene.tif?size=512", &[]).await.header("etag"), tag);
    assert_ne!(get(&hub, "scene.tif?size=64", &[]).await.header("etag"), tag);
    let known = get(&hub, "scene.tif", &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, &*tag));
    assert_eq!(get(&hub, "scene.tif?size=64", &[("if-none-match", &tag)]).await.status, 200);
    assert_eq!(get(&hub, "scene.tif", &[("if-match", "\"other\"")]).await.status, 412);
    let head = fetch(&hub, Method::HEAD, &format!("{THUMBNAIL}/scene.tif"), &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), got.body.len().to_string());
}

#[tokio::test]
async fn what_cannot_be_shown_is_told() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    // Four thousand million columns, and pixels that are said not to be compressed.
    let (lying, broken) = (with_tag(256, 4_000_000_000), with_tag(259, 1));
    let tree: [(&str, &[u8]); 4] = [
        ("d/broken.tif", &broken),
        ("lying.tif", &lying),
        ("note.tif", b"this is no raster"),
        ("scene.tif", RASTER),
    ];
    published(&hub, &token, &tree).await;
    for (rest, status, code) in [
        ("d/broken.tif", 422, "no_thumbnail"),
        ("lying.tif", 422, "no_thumbnail"),
        ("note.tif", 422, "no_thumbnail"),
        ("d", 422, "no_thumbnail"),
        ("scene.tif/", 404, "not_found"),
        ("gone.tif", 404, "not_found"),
        ("..%2Fscene.tif", 400, "bad_path"),
        ("scene.tif?size=63", 400, "bad_query"),
        ("scene.tif?size=1025", 400, "bad_query"),
        ("scene.tif?size=x", 400, "bad_query"),
        ("scene.tif?sizes=64", 400, "bad_query"),
        ("scene.tif?revision=2", 404, "not_found"),
    ] {
        let got = get(&hub, rest, &[]).await;
        assert_eq!((got.status, &*got.code()), (status, code), "{rest}");
    }
    let told = get(&hub, "note.tif", &[]).await;
    let told: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
    assert!(told["detail"].as_str().unwrap().contains("TIFF"), "{told}");
    assert_eq!(size(&get(&hub, "scene.tif?size=1024", &[]).await.body), (60, 40));
    // All places of searches were given back.
    assert_eq!(hub.hub.searches.available_permits(), 4);
}

#[tokio::test]
async fn a_picture_is_for_those_who_may_read_the_raster() {
    let hub = TestHub::start().await;
    let (token, other) = (hub.user("alice").await, hub.user("bob").await);
    published(&hub, &token, &[("scene.tif", RASTER)]).await;
    let private = hub.request(Method::PATCH, "/api/v1/repositories/alice").bearer_auth(&token);
    let private = private.json(&json!({ "visibility": "private" })).send().await.unwrap();
    assert_eq!(private.status(), 200);
    let (alice, bob) = (format!("bearer {token}"), format!("bearer {other}"));
    // Also once it is kept, and also for who knows its tag.
    let got = get(&hub, "scene.tif", &[("authorization", &alice)]).await;
    assert_eq!(got.status, 200);
    let tag = got.header("etag");
    for headers in
        [&[][..], &[("authorization", &*bob)], &[("authorization", &*bob), ("if-none-match", tag)]]
    {
        let refused = get(&hub, "scene.tif", headers).await;
        assert_eq!((refused.status, &*refused.code()), (404, "not_found"));
        assert_eq!(refused.header("etag"), "");
    }
}

#[tokio::test]
async fn an_item_that_is_written_back_has_its_picture_under_any_name() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    published(&hub, &token, &[("scene.tif", RASTER)]).await;
    let send = async |method, path: &str, body: &serde_json::Value| {
        let request = hub.request(method, path).bearer_auth(&token).json(body);
        request.send().await.unwrap().status().as_u16()
    };
    let item = hub.json(AT).await;
    assert_eq!(send(Method::PUT, AT, &item).await, 204);
    let to = json!({ "to": "place" });
    assert_eq!(send(Method::POST, "/api/v1/flists/alice/scene/rename", &to).await, 200);
    let at = AT.replace("alice/scene", "alice/place");
    let mut moved = hub.json(&at).await;
    let href = format!("{}/api/v1/flists/alice/place/thumbnail/scene.tif", hub.hub.public_url());
    assert_eq!(moved["assets"]["thumbnail"]["href"], href);
    let previews = |item: &serde_json::Value| -> Vec<String> {
        let links = item["links"].as_array().unwrap().iter();
        let links = links.filter(|link| link["rel"] == "preview");
        links.map(|link| link["href"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(previews(&moved), [href]);
    // Who shows a picture of their own has that alone.
    moved["links"] = json!([{ "rel": "preview", "href": "https://example.com/a.png" }]);
    assert_eq!(send(Method::PUT, &at, &moved).await, 204);
    let own = hub.json(&at).await;
    assert_eq!(previews(&own), ["https://example.com/a.png"]);
    assert_eq!(own["assets"].get("thumbnail"), None);
}
