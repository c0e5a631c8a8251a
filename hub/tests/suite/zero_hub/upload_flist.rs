//! `.flist` files on their way in: what is taken, what is missing, and what is none.

use flisthub_flist::MAGIC;
use flisthub_hub::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::flist_file::with_manifest;
use super::{Two, error};
use crate::archives::{files, gzip, noise};
use crate::support::{FORM_TYPE, Field, TestHub, answer, form};

/// Sends a `.flist` file the way `curl -F file=@NAME` does.
pub(super) async fn send(hub: &TestHub, token: &str, name: &str, file: &[u8]) -> (u16, Value) {
    send_form(hub, token, None, &[Field::file("file", name, file)]).await
}

async fn send_form(
    hub: &TestHub,
    token: &str,
    original_name: Option<&str>,
    fields: &[Field<'_>],
) -> (u16, Value) {
    let request = hub
        .request(Method::POST, "/api/flist/me/upload-flist")
        .bearer_auth(token)
        .header("content-type", FORM_TYPE);
    let request = match original_name {
        Some(name) => request.header("x-original-name", name),
        None => request,
    };
    answer(request.body(form(fields)).send().await.unwrap()).await
}

/// Sends it to the native route.
async fn send_raw(hub: &TestHub, token: &str, name: &str, file: &[u8]) -> (u16, Value) {
    let path = format!("/api/v1/flists/{name}/flist-file");
    let request = hub.request(Method::POST, &path).bearer_auth(token).body(file.to_vec());
    answer(request.send().await.unwrap()).await
}

async fn download(hub: &TestHub, name: &str) -> Vec<u8> {
    let response = hub.get(&format!("/{name}.flist")).await;
    assert_eq!(response.status(), 200, "{name}");
    response.bytes().await.unwrap().to_vec()
}

/// How many objects the hub stores.
fn stored(hub: &TestHub) -> usize {
    use flisthub_storage::Maintain as _;
    hub.store.rows(None, 100_000).unwrap().len()
}

#[tokio::test]
async fn what_was_downloaded_can_be_uploaded() {
    let two = Two::with_flists().await;
    let archive = files(&[("etc/motd", b"hello"), ("bin/tool", &noise(3_000_000, 1))]);
    assert_eq!(two.hub.upload(&two.bob, "tool.tar", &archive).await.status(), 200);
    let file = download(&two.hub, "bob/tool").await;
    let (status, body) = send(&two.hub, &two.alice, "copy.flist", &file).await;
    let response = json!({ "regular": 2, "symlink": 0, "directory": 2, "special": 0, "failure": 0,
                           "fullsize": 3_000_005 });
    let files = json!({ "success": true, "error": null, "response": response, "status": 0 });
    let payload = json!({ "name": "copy.flist", "files": files });
    assert_eq!((status, body), (200, json!({ "status": "success", "payload": payload })));
    assert_eq!(download(&two.hub, "alice/copy").await, file);
    let info = async |name: &str| two.hub.json(&format!("/api/v1/flists/{name}")).await;
    assert_eq!(info("alice/copy").await["flist"], info("bob/tool").await["flist"]);
    two.hub.settled().await;
}

#[tokio::test]
async fn the_name_is_the_headers_last_part_or_the_files() {
    let two = Two::with_flists().await;
    let file = download(&two.hub, "alice/base").await;
    for (header, own, name) in [
        (Some("/home/alice/build/one.flist"), "x.flist", "one"),
        (Some("C:\\build\\two.flist"), "x.flist", "two"),
        (Some("three"), "", "three"),
        (None, "four.flist", "four"),
        (None, "five", "five"),
    ] {
        let fields = [Field::file("file", own, &file)];
        let (status, body) = send_form(&two.hub, &two.alice, header, &fields).await;
        let name = format!("{name}.flist");
        assert_eq!((status, &body["payload"]["name"]), (200, &json!(name)), "{body}");
    }
}

/// A flist of whose content something is not there. `bob` has it; the hub that it is sent to has not.
#[tokio::test]
async fn content_that_is_not_there_is_listed_and_nothing_is_stored() {
    let elsewhere = Two::start().await;
    let archive = files(&[("a", &noise(3_000_000, 1)), ("b", b"known"), ("c", b"new")]);
    assert_eq!(elsewhere.hub.upload(&elsewhere.bob, "x.tar", &archive).await.status(), 200);
    let file = download(&elsewhere.hub, "bob/x").await;
    let two = Two::start().await;
    two.upload(&two.bob, "y", b"known").await;
    let (before, objects) = (two.everything().await, stored(&two.hub));
    let (status, body) = send(&two.hub, &two.alice, "x.flist", &file).await;
    assert_eq!((status, &body["status"]), (409, &json!("error")));
    let missing = body["missing"].as_array().unwrap();
    let message = body["message"].as_str().unwrap();
    let expected = format!(
        "unauthorized upload, contents is not fully present on backend: {} chunks are missing: {}",
        missing.len(),
        missing[0].as_str().unwrap()
    );
    assert!(message.starts_with(&expected) && message.ends_with(", …"), "{message}");
    // All but the one that is in a flist that alice may read.
    assert!(missing.len() > 3 && missing.contains(&id_of(b"new")));
    assert!(!missing.contains(&id_of(b"known")));
    let (status, problem) = send_raw(&two.hub, &two.alice, "alice/x", &file).await;
    assert_eq!((status, &problem["code"]), (409, &json!("missing_objects")));
    assert_eq!(&problem["missing"], &body["missing"]);
    assert_eq!(two.everything().await, before);
    assert_eq!(stored(&two.hub), objects);
    two.hub.settled().await;
}

fn id_of(content: &[u8]) -> Value {
    let chunk = flisthub_storage::Chunk::new(flisthub_storage::Kind::Content, content.to_vec());
    json!(chunk.unwrap().id().to_string())
}

/// What somebody has sent in an upload that is not published, nobody else may use: the answer is the one for
/// what is not there at all.
#[tokio::test]
async fn what_somebody_else_has_only_sent_is_not_there() {
    let elsewhere = Two::start().await;
    elsewhere.upload(&elsewhere.bob, "secret", b"the secret").await;
    let file = download(&elsewhere.hub, "bob/secret").await;
    // On this hub it is stored, because bob has sent it in a session of his.
    let two = Two::start().await;
    let open = two.hub.request(Method::POST, "/api/v1/sessions").bearer_auth(&two.bob);
    let open = open.json(&json!({ "repository": "bob" })).send().await.unwrap();
    let session: Value = open.json().await.unwrap();
    let id: flisthub_storage::ChunkId = id_of(b"the secret").as_str().unwrap().parse().unwrap();
    let frames = flisthub_storage::ChunkStore::get_frames(&*elsewhere.hub.store, &[id]).unwrap();
    let frame = frames.into_iter().next().unwrap().unwrap();
    let session = session["session"].as_str().unwrap().parse().unwrap();
    flisthub_storage::Sessions::put_in(&*two.hub.store, &session, &[frame]).unwrap();

    for token in [&two.alice, &two.bob] {
        let (status, body) = send(&two.hub, token, "stolen.flist", &file).await;
        assert_eq!((status, &body["missing"]), (409, &json!([id_of(b"the secret")])));
        let absent = with_another_chunk(&two, &file).await;
        let (status, other) = send(&two.hub, token, "stolen.flist", &absent).await;
        assert_eq!(status, 409);
        let words =
            |body: &Value| body["message"].as_str().unwrap().split(": ").next().map(str::to_owned);
        assert_eq!(words(&other), words(&body));
    }
    // Once it is published where alice may read it, she may use it.
    two.upload(&two.bob, "told", b"the secret").await;
    assert_eq!(send(&two.hub, &two.alice, "used.flist", &file).await.0, 200);
}

/// The same flist of other content, which no hub has.
async fn with_another_chunk(two: &Two, file: &[u8]) -> Vec<u8> {
    let elsewhere = Two::start().await;
    elsewhere.upload(&elsewhere.bob, "secret", b"no secret!").await;
    let other = download(&elsewhere.hub, "bob/secret").await;
    assert_eq!((other.len(), two.hub.url.is_empty()), (file.len(), false));
    other
}

#[tokio::test]
async fn what_is_no_flist_is_refused() {
    let two = Two::with_flists().await;
    let file = download(&two.hub, "alice/base").await;
    let lies = with_manifest(&file, |manifest| manifest.totals.bytes += 1);
    let mut other_object = file.clone();
    *other_object.last_mut().unwrap() ^= 1;
    let mut kind = file.clone();
    kind[MAGIC.len()] = 7;
    let mut length = file.clone();
    length[MAGIC.len() + 1..MAGIC.len() + 5].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut version = file.clone();
    version[MAGIC.len() - 1] = 2;
    let archive = files(&[("a", b"b")]);
    let before = two.everything().await;
    let objects = stored(&two.hub);
    for (bytes, words) in [
        (vec![], "not a .flist file"),
        (b"\x89FLI".to_vec(), "not a .flist file"),
        (archive.clone(), "not a .flist file"),
        (gzip(&archive), "this is gzip, perhaps a .flist of 0-flist"),
        (version, "not a .flist file of version 1"),
        (MAGIC.to_vec(), "ends early, in object 0"),
        (file[..file.len() - 1].to_vec(), "ends early, in object 1"),
        ([&file[..], b"x"].concat(), "bytes are left after the last object"),
        (other_object, "object 1 of the .flist file is not the one"),
        (kind, "object 0 of the .flist file must be a manifest"),
        (length, "object 0 of the .flist file must be a manifest of at most 1 MiB"),
    ] {
        let (status, body) = send(&two.hub, &two.alice, "new.flist", &bytes).await;
        let message = body["message"].as_str().unwrap_or_default();
        assert!(status == 422 && message.contains(words), "{words}: {status} {body}");
        let (status, problem) = send_raw(&two.hub, &two.alice, "alice/new", &bytes).await;
        assert_eq!((status, &problem["code"]), (422, &json!("bad_flist")), "{words}");
        assert_eq!(problem["detail"], message, "{words}");
    }
    assert_eq!(stored(&two.hub), objects);
    // Every object is what it should be, and what they say is not true.
    let (status, body) = send(&two.hub, &two.alice, "new.flist", &lies).await;
    assert_eq!((status, &body["status"]), (422, &json!("error")), "{body}");
    assert!(body["message"].as_str().unwrap().contains("totals"), "{body}");
    assert_eq!(two.everything().await, before);
    two.hub.settled().await;
}

#[tokio::test]
async fn forms_and_names_that_cannot_be() {
    let two = Two::with_flists().await;
    two.done("v1/x/tag/alice/base").await;
    two.done("base/link/latest").await;
    let file = download(&two.hub, "alice/base").await;
    let field = |name| Field::file("file", name, &file);
    let before = two.everything().await;
    for (fields, status, words) in [
        (vec![], 400, "no file found"),
        (vec![Field::file("flist", "x.flist", &file)], 400, "flist"),
        (vec![field("x.flist"), field("y.flist")], 400, "more than one"),
        (vec![field("x.flist"), Field::text("metadata-a", "b")], 400, "metadata-a"),
        (vec![field("")], 400, "no file selected"),
        (vec![field("../x.flist")], 400, "not a name"),
        (vec![field(".flist")], 400, "not a name"),
        (vec![field("merge.flist")], 400, "reserved"),
        (vec![field("v1.flist")], 409, "v1"),
        (vec![field("latest.flist")], 409, "latest"),
    ] {
        let (found, body) = send_form(&two.hub, &two.alice, None, &fields).await;
        let message = body["message"].as_str().unwrap_or_default();
        assert!(found == status && message.contains(words), "{words}: {found} {body}");
    }
    for name in ["/tmp/", "..", ""] {
        let (status, body) = send_form(&two.hub, &two.alice, Some(name), &[field("x.flist")]).await;
        assert_eq!((status, &body["status"]), (400, &json!("error")), "{name}: {body}");
    }
    let nobody = two.hub.request(Method::POST, "/api/flist/me/upload-flist");
    let nobody = answer(nobody.send().await.unwrap()).await;
    assert_eq!(nobody, (401, error("no authorization provided")));
    assert_eq!(two.everything().await, before);
    two.hub.settled().await;
}

#[tokio::test]
async fn a_file_that_is_too_large() {
    let mut config = Config::default();
    config.limits.flist_file_bytes = 400;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    assert_eq!(hub.upload(&token, "small.tar", &files(&[("a", b"b")])).await.status(), 200);
    let many: Vec<(String, &[u8])> = (0..20).map(|n| (format!("file-{n}"), &b"b"[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (&**name, *bytes)).collect();
    assert_eq!(hub.upload(&token, "large.tar", &files(&many)).await.status(), 200);
    let (small, large) = (download(&hub, "alice/small").await, download(&hub, "alice/large").await);
    assert!(small.len() < 400 && large.len() > 400, "{} {}", small.len(), large.len());
    assert_eq!(send(&hub, &token, "copy.flist", &small).await.0, 200);
    let (status, body) = send(&hub, &token, "more.flist", &large).await;
    assert_eq!((status, &body["message"]), (413, &json!("the body has more than 400 bytes")));
    assert_eq!(send_raw(&hub, &token, "alice/more", &large).await.0, 413);
    hub.settled().await;
    let names = json!(["alice/copy.flist", "alice/large.flist", "alice/small.flist"]);
    assert_eq!(hub.names().await, names);
}

#[tokio::test]
async fn the_native_route() {
    let two = Two::with_flists().await;
    let file = download(&two.hub, "bob/app").await;
    let path = "/api/v1/flists/alice/app/flist-file";
    let put = async |headers: &[(&str, &str)], path: &str| {
        let mut request = two.hub.request(Method::POST, path).bearer_auth(&two.alice);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.body(file.clone()).send().await.unwrap()).await
    };
    let (status, info) = put(&[("if-none-match", "*")], path).await;
    assert_eq!((status, &info["name"], &info["revision"]), (201, &json!("app"), &json!(1)));
    assert_eq!(info["flist"], two.hub.json("/api/v1/flists/bob/app").await["flist"]);
    let (status, problem) = put(&[("if-none-match", "*")], path).await;
    assert_eq!((status, &problem["code"]), (412, &json!("precondition_failed")));
    let (status, problem) = put(&[("if-match", "\"9\"")], path).await;
    assert_eq!((status, &problem["code"]), (412, &json!("precondition_failed")));
    assert_eq!(put(&[("if-match", "\"1\"")], path).await.0, 200);
    let others = "/api/v1/flists/bob/new/flist-file";
    let (status, problem) = put(&[], others).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
    let (status, problem) = put(&[], "/api/v1/flists/carol/new/flist-file").await;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    let history = two.hub.json("/api/v1/flists/alice/app/history").await;
    let newest = &history["entries"][0];
    assert_eq!(
        (&newest["source"], &newest["detail"]),
        (&json!("upload-flist"), &json!("a .flist file"))
    );
}

/// Starts an upload by hand and leaves it hanging after half of the file.
async fn half_an_upload(two: &Two, file: &[u8]) -> tokio::net::TcpStream {
    let body = form(&[Field::file("file", "half.flist", file)]);
    let head = format!(
        "POST /api/flist/me/upload-flist HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {}\r\n\
         Content-Type: {FORM_TYPE}\r\nContent-Length: {}\r\n\r\n",
        two.alice,
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(two.hub.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..body.len() / 2]).await.unwrap();
    while two.hub.hub.uploads.available_permits() == two.hub.hub.config.limits.uploads {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stream
}

#[tokio::test]
async fn a_half_open_upload_leaves_nothing_behind() {
    let two = Two::with_flists().await;
    let file = download(&two.hub, "bob/app").await;
    let before = two.everything().await;
    drop(half_an_upload(&two, &file).await);
    two.hub.settled().await;
    assert_eq!(two.everything().await, before);
    assert_eq!(send(&two.hub, &two.alice, "half.flist", &file).await.0, 200);
}

#[tokio::test]
async fn one_that_stands_still_is_given_up() {
    let mut config = Config::default();
    config.limits.idle_seconds = 1;
    config.limits.uploads = 1;
    let hub = TestHub::with(config).await;
    let (alice, bob) = (hub.user("alice").await, hub.user("bob").await);
    let two = Two { hub, alice, bob };
    two.upload(&two.bob, "app", b"app").await;
    let file = download(&two.hub, "bob/app").await;
    let _held = half_an_upload(&two, &file).await;
    let (status, body) = send(&two.hub, &two.bob, "x.flist", &file).await;
    assert_eq!((status, &body["status"]), (503, &json!("error")));
    two.hub.settled().await;
    // On a connection of its own: the hub closes the others for standing still, too.
    let names = crate::support::client().get(format!("{}/api/flist", two.hub.url)).send();
    assert_eq!(answer(names.await.unwrap()).await, (200, json!(["bob/app.flist"])));
}
