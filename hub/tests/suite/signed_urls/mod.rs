//! Addresses that are signed for a while: what they open, for how long, and all that ends them. What they do not open is
//! answered as if nothing were signed.

#[cfg(test)]
mod ends;

use flisthub_flist::TreePath;
use flisthub_hub::auth::{Expiry, Level, Scope, Visibility};
use flisthub_hub::catalog::Actor;
use flisthub_hub::name::RepositoryName;
use flisthub_hub::signatures::{Grant, SignedGrant};
use flisthub_storage::ChunkId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::files::{Got, fetch};
use crate::jwt::Issuing;
use crate::support::{START, TestHub, answer};
use crate::tree_support::Planting;

const SIGN: &str = "/api/v1/flists/alice/scene/signed-urls";
const FILE: &str = "/api/v1/flists/alice/scene/files/a/scene.tif";
const CONTENT: &[u8] = b"0123456789";

async fn set_visibility(hub: &TestHub, visibility: Visibility) {
    let alice = RepositoryName::parse("alice").unwrap();
    let row = hub.hub.catalog.repository(&alice).await.unwrap().unwrap();
    hub.hub.catalog.set_visibility(&row, visibility, &Actor::operator(), START).await.unwrap();
}

async fn upload(hub: &TestHub, token: &str, content: &[u8]) {
    let archive =
        files(&[("a/scene.tif", content), ("a/other.tif", CONTENT), ("b c%.txt", CONTENT)]);
    assert_eq!(hub.upload(token, "scene.tar", &archive).await.status(), 200);
}

/// A hub with a private `alice/scene`, and alice's token.
async fn private() -> (TestHub, String) {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    upload(&hub, &token, CONTENT).await;
    set_visibility(&hub, Visibility::Private).await;
    (hub, token)
}

async fn ask(hub: &TestHub, token: &str, at: &str, body: &Value) -> (u16, Value) {
    answer(hub.request(Method::POST, at).bearer_auth(token).json(body).send().await.unwrap()).await
}

/// What follows the hub's own address in the one that is signed for that file.
async fn signed_for(hub: &TestHub, token: &str, body: &Value) -> String {
    let (status, signed) = ask(hub, token, SIGN, body).await;
    assert_eq!(status, 200, "{signed}");
    let url = signed["urls"][0]["url"].as_str().unwrap();
    url.strip_prefix(&hub.hub.public_url()).unwrap().to_owned()
}

async fn signed(hub: &TestHub, token: &str) -> String {
    signed_for(hub, token, &json!({"paths": ["a/scene.tif"]})).await
}

async fn get(hub: &TestHub, path: &str) -> Got {
    fetch(hub, Method::GET, path, &[]).await
}

/// All that an answer says, but for what each answer has of its own.
fn said(got: &Got) -> (u16, Vec<(String, String)>, String) {
    let own = ["date", "x-request-id"];
    let headers = got.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}")));
    let body = String::from_utf8_lossy(&got.body).into_owned();
    (got.status, headers.collect(), body)
}

/// The address opens nothing: it is answered as the one without a query.
async fn closed(hub: &TestHub, path: &str) {
    let plain = get(hub, path.split('?').next().unwrap()).await;
    assert_eq!(plain.status, 404);
    assert_eq!(said(&get(hub, path).await), said(&plain), "{path}");
}

async fn open(hub: &TestHub, path: &str) {
    let got = get(hub, path).await;
    assert_eq!((got.status, &*got.body), (200, CONTENT), "{path}");
}

#[tokio::test]
async fn a_signed_address_is_read_as_any_file() {
    let (hub, token) = private().await;
    let path = signed(&hub, &token).await;
    closed(&hub, FILE).await;
    let got = get(&hub, &path).await;
    assert_eq!((got.status, &*got.body), (200, CONTENT));
    for (name, value) in [
        ("content-type", "image/tiff"),
        ("content-length", "10"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-cache"),
        ("referrer-policy", "no-referrer"),
        ("content-location", ""),
    ] {
        assert_eq!(got.header(name), value, "{name}");
    }
    let tag = got.header("etag").to_owned();
    let by_token = hub.request(Method::GET, FILE).bearer_auth(&token).send().await.unwrap();
    assert_eq!(by_token.headers()["etag"], *tag);
    assert_eq!(by_token.headers()["cache-control"], "no-cache");

    let head = fetch(&hub, Method::HEAD, &path, &[]).await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "10", 0));
    let part = fetch(&hub, Method::GET, &path, &[("range", "bytes=2-4")]).await;
    assert_eq!((part.status, part.header("content-range")), (206, "bytes 2-4/10"));
    assert_eq!((&*part.body, part.header("cache-control")), (&b"234"[..], "private, no-cache"));
    let outside = fetch(&hub, Method::GET, &path, &[("range", "bytes=20-")]).await;
    assert_eq!(outside.status, 416);
    let same = fetch(&hub, Method::GET, &path, &[("if-none-match", &tag)]).await;
    assert_eq!((same.status, same.header("cache-control")), (304, "private, no-cache"));
    let saved = get(&hub, &format!("{path}&download=true")).await;
    assert!(saved.header("content-disposition").starts_with("attachment"));
    assert_eq!((saved.status, &*saved.body), (200, CONTENT));
}

#[tokio::test]
async fn what_is_answered_to_who_signs() {
    let (hub, token) = private().await;
    let body = json!({"paths": ["/b c%.txt", "a/scene.tif"], "seconds": 60});
    let asked = hub.request(Method::POST, &SIGN.replace("scene/", "scene.flist/"));
    let response = asked.bearer_auth(&token).json(&body).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let (status, signed) = answer(response).await;
    let current = hub.request(Method::GET, "/api/v1/flists/alice/scene").bearer_auth(&token);
    let (_, current) = answer(current.send().await.unwrap()).await;
    assert_eq!(status, 200, "{signed}");
    assert_eq!(signed["expires"], START + 60);
    assert_eq!((&signed["repository"], &signed["name"]), (&json!("alice"), &json!("scene")));
    assert_eq!((&signed["revision"], &signed["flist"]), (&json!(1), &current["flist"]));
    let paths: Vec<&Value> =
        signed["urls"].as_array().unwrap().iter().map(|url| &url["path"]).collect();
    assert_eq!(paths, ["/b c%.txt", "a/scene.tif"]);
    for url in signed["urls"].as_array().unwrap() {
        let path = url["url"].as_str().unwrap().strip_prefix(&hub.hub.public_url()).unwrap();
        open(&hub, path).await;
    }
    // No longer than the token.
    let short = hub.token("alice", Scope::Read, Expiry::After(30)).await;
    let (_, signed) = ask(&hub, &short, SIGN, &body).await;
    assert_eq!(signed["expires"], START + 30);
}

#[tokio::test]
async fn what_cannot_be_signed() {
    let (hub, token) = private().await;
    let many = vec!["a/scene.tif"; 201];
    for (body, status, code) in [
        (json!({"paths": []}), 400, "bad_request"),
        (json!({"paths": many}), 400, "bad_request"),
        (json!({"paths": ["a/scene.tif"], "seconds": 0}), 400, "bad_request"),
        (json!({"paths": ["a/scene.tif"], "seconds": 43_201}), 400, "bad_request"),
        (json!({"paths": ["a/scene.tif"], "seconds": -1}), 400, "bad_request"),
        (json!({"paths": ["a/scene.tif"], "days": 1}), 400, "bad_request"),
        (json!({"paths": "a/scene.tif"}), 400, "bad_request"),
        (json!({"paths": ["a/../a/scene.tif"]}), 400, "bad_path"),
        (json!({"paths": ["a/scene.tif", "a\u{0}"]}), 400, "bad_path"),
        (json!({"paths": ["a/scene.tif", "none"]}), 404, "not_found"),
        (json!({"paths": ["a"]}), 422, "not_a_file"),
        (json!({"paths": [""]}), 422, "not_a_file"),
    ] {
        let (got, problem) = ask(&hub, &token, SIGN, &body).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{body}: {problem}");
    }
    let body = json!({"paths": ["a/scene.tif"], "seconds": 43_200});
    let (status, signed) = ask(&hub, &token, SIGN, &body).await;
    assert_eq!((status, &signed["expires"]), (200, &json!(START + 43_200)));

    // Who cannot read hears what they hear of what is not there.
    let bob = hub.user("bob").await;
    let there = ask(&hub, &bob, SIGN, &body).await;
    let absent = ask(&hub, &bob, &SIGN.replace("alice", "nobody"), &body).await;
    let detail = |problem: &Value| problem["detail"].as_str().unwrap().replace("nobody", "alice");
    assert_eq!((there.0, there.1["detail"].as_str().unwrap()), (404, &*detail(&absent.1)));
    set_visibility(&hub, Visibility::Public).await;
    assert_eq!(ask(&hub, &bob, SIGN, &body).await.0, 200);
    let anonymous = hub.request(Method::POST, SIGN).json(&body).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
}

#[tokio::test]
async fn an_issuers_word_signs_nothing() {
    let issuing = Issuing::new("ES256");
    let hub = TestHub::with(issuing.config()).await;
    let token = hub.user("alice").await;
    upload(&hub, &token, CONTENT).await;
    let jwt = issuing.jwt("alice", json!({}));
    let (status, problem) = ask(&hub, &jwt, SIGN, &json!({"paths": ["a/scene.tif"]})).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{problem}");
}

#[tokio::test]
async fn an_address_is_for_one_file_alone() {
    let (hub, token) = private().await;
    let other = files(&[("a/scene.tif", b"other")]);
    assert_eq!(hub.upload(&token, "other.tar", &other).await.status(), 200);
    let path = signed(&hub, &token).await;
    open(&hub, &path).await;
    for (from, to) in [
        ("a/scene.tif", "a/other.tif"),
        ("a/scene.tif", "a"),
        ("a/scene.tif", "a/scene.tif/"),
        ("/a/scene.tif", ""),
        ("alice/scene", "alice/other"),
        ("alice/scene", "alice/scene.flist"),
        ("alice/", "bob/"),
        ("?", "?revision=1&"),
    ] {
        let changed = path.replacen(from, to, 1);
        assert_ne!(changed, path);
        let got = get(&hub, &changed).await;
        let plain = get(&hub, changed.split('?').next().unwrap()).await;
        // The root takes no such query.
        let expected = if from == "/a/scene.tif" { 400 } else { 404 };
        assert_eq!((got.status, plain.status), (expected, 404), "{changed}");
        if expected == 404 {
            assert_eq!(said(&got), said(&plain), "{changed}");
        }
    }
    let query = path.split_once('?').unwrap().1;
    for route in [
        "/api/v1/flists/alice/scene",
        "/api/v1/flists/alice/scene/export",
        "/api/v1/flists/alice/scene/metadata",
        "/api/download/alice/scene/repository/a/scene.tif",
        "/alice/scene.flist",
        "/api/stac/collections",
    ] {
        let status = get(&hub, &format!("{route}?{query}")).await.status;
        assert!(matches!(status, 400 | 404), "{route}: {status}");
    }
}

#[tokio::test]
async fn whoever_changes_an_address_has_none() {
    let (hub, token) = private().await;
    let path = signed(&hub, &token).await;
    let (file, query) = path.split_once('?').unwrap();
    let pairs: Vec<&str> = query.split('&').collect();
    assert_eq!(pairs.len(), 4);
    for at in 0..pairs.len() {
        let (name, value) = pairs[at].split_once('=').unwrap();
        let mut tampered = vec![String::new(), "x".to_owned(), format!("{value}0")];
        for digit in 0..value.len() {
            let mut changed = value.as_bytes().to_vec();
            changed[digit] = if changed[digit] == b'1' { b'2' } else { b'1' };
            tampered.push(String::from_utf8(changed).unwrap());
        }
        for value in tampered {
            let pair = format!("{name}={value}");
            let mut changed = pairs.clone();
            changed[at] = &pair;
            closed(&hub, &format!("{file}?{}", changed.join("&"))).await;
        }
        let mut without = pairs.clone();
        without.remove(at);
        closed(&hub, &format!("{file}?{}", without.join("&"))).await;
    }
    open(&hub, &path).await;
}

#[tokio::test]
async fn a_token_counts_before_a_signature() {
    let (hub, token) = private().await;
    let path = signed(&hub, &token).await;
    upload(&hub, &token, b"changed").await;
    let bob = hub.user("bob").await;
    let by = async |token: &str| {
        let got = hub.request(Method::GET, &path).bearer_auth(token).send().await.unwrap();
        (got.status().as_u16(), got.bytes().await.unwrap().to_vec())
    };
    assert_eq!(by(&token).await, (200, b"changed".to_vec()));
    // Who may not read is no worse off than who is nobody in particular.
    assert_eq!(by(&bob).await, (200, CONTENT.to_vec()));
    // A token that is worth nothing is refused as ever.
    assert_eq!(by("fh_nothing").await.0, 401);
    hub.clock.forward(900);
    let refused = by(&bob).await;
    let plain = hub.request(Method::GET, FILE).bearer_auth(&bob).send().await.unwrap();
    assert_eq!((refused.0, plain.status().as_u16()), (404, 404));
    assert_eq!(refused.1, plain.bytes().await.unwrap());
}

#[tokio::test]
async fn links_of_names_and_of_files_are_followed() {
    let (hub, token) = private().await;
    let mut tree = Planting::new(&*hub.store);
    tree.small("d/data.tif", CONTENT).link("latest.tif", b"d/data.tif").link("loop", b"loop");
    tree.publish(&hub, &token, "alice/scene").await;
    let bob = hub.user("bob").await;
    let body = json!({"target": "alice/scene"});
    let link = hub.request(Method::PUT, "/api/v1/flists/alice/current/link").bearer_auth(&token);
    let made = link.json(&body).send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.status());
    let current = SIGN.replace("scene", "current");
    let (status, signed) = ask(&hub, &token, &current, &json!({"paths": ["latest.tif"]})).await;
    // The name at the end of the link has the revisions.
    assert_eq!((status, &signed["name"], &signed["revision"]), (200, &json!("scene"), &json!(2)));
    let url = signed["urls"][0]["url"].as_str().unwrap();
    let path = url.strip_prefix(&hub.hub.public_url()).unwrap();
    let got = get(&hub, path).await;
    assert_eq!((got.status, &*got.body), (200, CONTENT));
    // Nothing of the signature is repeated.
    let place = "/api/v1/flists/alice/scene/files/d/data.tif?revision=2";
    assert_eq!(got.header("content-location"), place);
    let (status, problem) = ask(&hub, &token, &current, &json!({"paths": ["loop"]})).await;
    assert_eq!((status, &problem["code"]), (422, &json!("link_loop")));
    assert_eq!(ask(&hub, &bob, &current, &json!({"paths": ["latest.tif"]})).await.0, 404);
}

#[tokio::test]
async fn neither_items_nor_figures_tell_of_addresses() {
    let (hub, token) = private().await;
    let readme =
        files(&[("README.md", b"---\ncategory: dataset\n---\n"), ("a/scene.tif", CONTENT)]);
    assert_eq!(hub.upload(&token, "scene.tar", &readme).await.status(), 200);
    let path = signed(&hub, &token).await;
    open(&hub, &path).await;
    let signature = path.split_once("signature=").unwrap().1;
    hub.user("root").await;
    let admin = hub.token("root", Scope::Admin, Expiry::Never).await;
    for (token, path) in [
        (&token, "/api/stac/collections/dataset/items/alice/scene"),
        (&token, "/api/stac/search"),
        (&admin, "/metrics"),
        (&admin, "/api/v1/audit"),
    ] {
        let got = hub.request(Method::GET, path).bearer_auth(token).send().await.unwrap();
        assert_eq!(got.status(), 200, "{path}");
        let text = got.text().await.unwrap();
        assert!(
            text.len() > 20 && !text.contains(signature) && !text.contains("signature="),
            "{path}"
        );
    }
}
