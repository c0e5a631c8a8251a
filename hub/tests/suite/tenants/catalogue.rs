//! Items of private repositories, wherever the catalogue could tell of them: searches, numbers, extents, tags, links,
//! older revisions, checks, downloads, checksums.

use flisthub_hub::config::Config;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{SECRET_NAME, Tenants};
use crate::archives::{files, noise};
use crate::support::TestHub;

/// Where alice's item is, and nobody else's.
const WEST: f64 = 123.25;

/// A file that alice has among her assets, or would have.
fn plan() -> Vec<u8> {
    noise(20_000, 31)
}

/// Two hubs with the same address, that only differ in whether alice has an item.
async fn twice(attack: impl AsyncFn(&mut Tenants)) -> Tenants {
    let mut both = Vec::new();
    for with_secret in [true, false] {
        let config =
            Config { public_url: Some("https://hub.example.com".to_owned()), ..Config::default() };
        let mut tenants = Tenants::at(TestHub::with(config).await, with_secret).await;
        if with_secret {
            catalogued_by_alice(&tenants).await;
        }
        own_item(&tenants).await;
        attack(&mut tenants).await;
        both.push(tenants);
    }
    let (without, with) = (both.pop().unwrap(), both.pop().unwrap());
    assert!(!with.heard.is_empty());
    assert_eq!(with.heard.len(), without.heard.len());
    for (with, without) in with.heard.iter().zip(&without.heard) {
        assert_eq!(with, without, "mallory hears whether it is there");
        let said = with.body.to_string();
        assert!(!said.contains(SECRET_NAME) && !said.contains(&WEST.to_string()), "{with:?}");
    }
    with
}

/// Alice's item has a word, a tag, a place and a time that no other item has, a star, and an older revision.
async fn catalogued_by_alice(tenants: &Tenants) {
    let alice = tenants.alice.as_str();
    let archive = files(&[("plan.tif", &plan()), ("README.md", b"# zebrafish\n")]);
    assert_eq!(tenants.hub.upload(alice, "secret.tar", &archive).await.status(), 200);
    let item = json!({
        "categories": ["dataset"],
        "metadata": {
            "title": SECRET_NAME, "tags": [SECRET_NAME], "assets": ["*.tif"], "created": "2011-03-04T00:00:00Z",
            "extent": {
                "spatial": [WEST, 45, 124, 46], "temporal": ["2011-03-04T00:00:00Z", "2011-03-05T00:00:00Z"],
            },
        },
    });
    let path = "/api/v1/flists/alice/secret";
    for (method, path, body) in [
        (Method::PUT, format!("{path}/metadata"), Some(item)),
        (Method::PUT, format!("{path}/star"), None),
    ] {
        let (status, said) = tenants.ask(alice, method, &path, body).await;
        assert_eq!(status, 200, "{path}: {said}");
    }
}

/// Mallory's item says that it belongs to alice's, which is for anybody to say.
async fn own_item(tenants: &Tenants) {
    let readme = "---\ncategory: dataset\ntags: [mine]\nextent:\n  spatial: [5, 45, 6, 46]\n\
                  related:\n  dataset: alice/secret\n---\n# Mine\n";
    let archive = files(&[("README.md", readme.as_bytes())]);
    let uploaded = tenants.hub.upload(&tenants.mallory, "own.tar", &archive).await;
    assert_eq!(uploaded.status(), 200);
}

const SEARCH: &str = "/api/stac/search";

#[tokio::test]
async fn nobody_hears_which_items_others_have() {
    let with = twice(async |tenants| {
        for path in [
            SEARCH.to_owned(),
            format!("{SEARCH}?q=zebrafish"),
            format!("{SEARCH}?q=secret"),
            format!("{SEARCH}?q=alice"),
            format!("{SEARCH}?q=%5B{}%5D", &SECRET_NAME[..7]),
            format!("{SEARCH}?q=:starred"),
            format!("{SEARCH}?ids=alice/secret"),
            format!("{SEARCH}?ids=alice/secret,mallory/own&sortby=-stars"),
            format!("{SEARCH}?bbox=120,40,130,50"),
            format!("{SEARCH}?datetime=2011-03-04T12:00:00Z"),
            format!("{SEARCH}?collections=ai-model"),
            format!("{SEARCH}?sortby=-title&limit=1"),
            format!("{SEARCH}?sortby=created&mode=reference"),
            "/api/stac/collections".to_owned(),
            "/api/stac/collections/dataset".to_owned(),
            "/api/stac/collections/ai-model".to_owned(),
            "/api/stac/children".to_owned(),
            "/api/stac/collections/dataset/items".to_owned(),
            "/api/stac/collections/dataset/browse".to_owned(),
            "/api/stac/collections/dataset/items/mallory/own".to_owned(),
            "/api/proxy/tags".to_owned(),
        ] {
            assert_eq!(tenants.mallory(Method::GET, &path, None).await, 200, "{path}");
        }
        for (body, whole) in [
            (json!({ "q": ["zebrafish"] }), false),
            (json!({ "ids": ["alice/secret"] }), false),
            (json!({ "bbox": [120, 40, 130, 50] }), false),
            (json!({ "intersects": { "type": "Point", "coordinates": [123.5, 45.5] } }), false),
            (json!({ "datetime": "2011-03-01T00:00:00Z/2011-04-01T00:00:00Z" }), false),
            (json!({ "collections": ["dataset", "ai-model"] }), true),
        ] {
            assert_eq!(tenants.mallory(Method::POST, SEARCH, Some(body)).await, 200);
            let found = &tenants.heard.last().unwrap().body;
            assert_eq!(found["numberMatched"], u8::from(whole), "{found}");
        }
    })
    .await;
    // Alice has it all the same.
    let path = format!("{SEARCH}?q=zebrafish");
    let found = with.ask(&with.alice, Method::GET, &path, None).await.1;
    assert_eq!(found["numberMatched"], 1, "{found}");
}

#[tokio::test]
async fn an_item_of_others_is_as_one_that_is_not_there() {
    twice(async |tenants| {
        let name = "/api/v1/flists/alice/secret";
        let items = "/api/stac/collections/dataset/items/alice";
        for (method, path, body) in [
            (Method::GET, format!("{items}/secret"), None),
            (Method::GET, format!("{items}%2Fsecret"), None),
            (Method::GET, format!("{items}/secret@1"), None),
            (Method::GET, format!("{items}/secret@2"), None),
            (Method::GET, "/api/stac/collections/ai-model/items/alice/secret".to_owned(), None),
            (Method::GET, "/api/check/alice/secret".to_owned(), None),
            (Method::GET, "/api/check/alice/secret?info=true".to_owned(), None),
            (Method::GET, "/api/download/alice/secret/repository/plan.tif".to_owned(), None),
            (Method::GET, "/api/download/alice/secret/repository/plan.tif?ref=1".to_owned(), None),
            (Method::GET, "/api/download/alice/secret/archive.tar".to_owned(), None),
            (Method::GET, format!("{name}/files/plan.tif?revision=2"), None),
            (Method::GET, format!("{name}/metadata"), None),
            (Method::PUT, format!("{name}/metadata"), Some(json!({ "categories": ["dataset"] }))),
            (Method::DELETE, format!("{name}/metadata"), None),
            (Method::PUT, format!("{name}/star"), None),
            (Method::DELETE, format!("{name}/star"), None),
        ] {
            assert_eq!(tenants.mallory(method.clone(), &path, body).await, 404, "{method} {path}");
        }
    })
    .await;
}

/// Whoever guesses a file hears its checksum, which they could compute, and not that somebody had it.
#[tokio::test]
async fn nobody_hears_of_whose_files_checksums_are_known() {
    twice(async |tenants| {
        let guessed = files(&[("plan.tif", &plan())]);
        let other = files(&[("other.tif", b"something else")]);
        for archive in [guessed, other] {
            let uploaded = tenants.hub.upload(&tenants.mallory, "guess.tar", &archive).await;
            assert_eq!(tenants.hear("upload", uploaded).await, 200);
        }
        let asked = json!({ "categories": ["dataset"], "metadata": { "assets": ["*"] } });
        let path = "/api/v1/flists/mallory/guess/metadata";
        assert_eq!(tenants.mallory(Method::PUT, path, Some(asked)).await, 200);
        for revision in ["@1", ""] {
            let path = format!("/api/stac/collections/dataset/items/mallory/guess{revision}");
            assert_eq!(tenants.mallory(Method::GET, &path, None).await, 200);
        }
    })
    .await;
}

/// Who could read an item once reads neither it nor what its older revisions were.
#[tokio::test]
async fn an_item_is_gone_with_the_right_to_read_it() {
    let tenants = Tenants::new(true).await;
    catalogued_by_alice(&tenants).await;
    let mallory = tenants.mallory.as_str();
    let search = format!("{SEARCH}?q=zebrafish");
    let matched = async || {
        let (status, found) = tenants.ask(mallory, Method::GET, &search, None).await;
        assert_eq!(status, 200, "{found}");
        found["numberMatched"].as_u64().unwrap()
    };
    let told = async || {
        let mut told: Vec<Value> = Vec::new();
        for path in ["/api/stac/collections/dataset", "/api/proxy/tags"] {
            told.push(tenants.ask(mallory, Method::GET, path, None).await.1);
        }
        let told = json!(told).to_string();
        (told.contains(&WEST.to_string()), told.contains(SECRET_NAME))
    };
    assert_eq!((matched().await, told().await), (0, (false, false)));
    tenants.member("mallory", Some("reader")).await;
    assert_eq!((matched().await, told().await), (1, (true, true)));
    tenants.member("mallory", Some("guest")).await;
    assert_eq!((matched().await, told().await), (0, (false, false)));
    tenants.set_visibility("internal").await;
    assert_eq!((matched().await, told().await), (1, (true, true)));
    tenants.set_visibility("private").await;
    tenants.member("mallory", None).await;
    assert_eq!((matched().await, told().await), (0, (false, false)));
    for revision in ["", "@1", "@2"] {
        let path = format!("/api/stac/collections/dataset/items/alice/secret{revision}");
        assert_eq!(tenants.ask(mallory, Method::GET, &path, None).await.0, 404);
    }
}
