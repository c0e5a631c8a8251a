//! Conversions of images over HTTP: what comes out, what is used again, what is refused. What is shared,
//! bounded and forgotten is in `conversion_bounds`.

use flisthub_hub::auth::{Expiry, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::image_registry::Registry;
use crate::job_routes::call;
use crate::support::{FORM_TYPE, Field, TestHub, answer, form};

pub(crate) const CONVERSIONS: &str = "/api/v1/conversions";

pub(crate) fn base() -> Vec<u8> {
    files(&[("hello", b"hello"), ("etc/secret", b"hidden later")])
}

pub(crate) fn upper(text: &str) -> Vec<u8> {
    files(&[("upper", text.as_bytes()), ("etc/.wh.secret", b"")])
}

/// Asks for a conversion; gives the job's id.
pub(crate) async fn ask(hub: &TestHub, token: &str, body: &Value) -> String {
    let (status, job) = call(hub, token, Method::POST, CONVERSIONS, &body.to_string()).await;
    assert_eq!(status, 202, "{job}");
    assert_eq!(job["kind"], "convert");
    job["id"].as_str().unwrap().to_owned()
}

/// The job once it has ended.
pub(crate) async fn end(hub: &TestHub, token: &str, id: &str) -> Value {
    flisthub_hub::jobs::wait(&hub.hub, id).await.unwrap();
    call(hub, token, Method::GET, &format!("/api/v1/jobs/{id}"), "").await.1
}

pub(crate) async fn convert(hub: &TestHub, token: &str, body: Value) -> Value {
    let id = ask(hub, token, &body).await;
    end(hub, token, &id).await
}

pub(crate) async fn docker(hub: &TestHub, token: &str, fields: &[Field<'_>]) -> (u16, Value) {
    let request = hub.request(Method::POST, "/api/flist/me/docker").bearer_auth(token);
    let request = request.header("content-type", FORM_TYPE).body(form(fields));
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn an_image_becomes_a_flist_with_its_configuration_and_where_it_is_from() {
    let registry = Registry::start(None).await;
    let layers = registry.add("1", &[base(), upper("one")]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    let image = registry.image("1");
    let job = convert(&hub, &token, json!({ "image": image, "name": "app" })).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let result = &job["result"];
    assert_eq!((&result["layers"], &result["known_layers"]), (&json!(2), &json!(0)));
    let parts: Vec<(&Value, &Value)> = job["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (&part["state"], &part["entries"]))
        .collect();
    assert_eq!(parts, vec![(&json!("done"), &json!(2)); 2]);
    let dump = hub.json("/api/flist/alice/app.flist").await;
    let paths: Vec<&str> = dump["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["/etc", "/hello", "/upper"]);
    let config = hub.json("/api/v1/flists/alice/app/image").await;
    assert_eq!(config["config"], json!({ "Entrypoint": ["/hello"], "Labels": { "a": "b" } }));
    assert_eq!(config["rootfs"]["diff_ids"], json!(layers));
    let name = flisthub_hub::name::FlistName::parse("app").unwrap();
    let alice = flisthub_hub::name::RepositoryName::parse("alice").unwrap();
    let alice = hub.hub.catalog.repository(&alice).await.unwrap().unwrap();
    let history = hub.hub.catalog.history(alice.id, &name, None, 100).await.unwrap();
    let detail = history[0].detail.clone().unwrap();
    assert!(detail.starts_with(&format!("{image}@sha256:")), "{detail}");
    // What was no image has no configuration.
    hub.upload(&token, "plain.tar", &base()).await;
    assert_eq!(hub.get("/api/v1/flists/alice/plain/image").await.status(), 404);
    hub.settled().await;
}

/// What an image is in the catalogue says whoever asks for it, or its files.
#[tokio::test]
async fn an_image_is_found_in_its_categories() {
    let registry = Registry::start(None).await;
    registry.add("1", &[files(&[("README.md", b"---\ntitle: App\nextent: {spatial: x}\n---\n")])]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    let image = registry.image("1");
    let asked = json!({ "image": image, "name": "app", "categories": ["ai-model"] });
    let job = convert(&hub, &token, asked).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let item = &job["result"]["item"];
    assert_eq!(item["collections"], json!(["ai-model"]), "{job}");
    let warnings = item["warnings"].as_array().unwrap();
    assert!(warnings[0].as_str().unwrap().starts_with("extent.spatial"), "{job}");
    let found = hub.json("/api/stac/search?collections=ai-model&q=App").await;
    assert_eq!(found["features"][0]["id"], "alice/app", "{found}");
    // Asked for again without them, it stays where it is; with others it is another conversion.
    let again = json!({ "image": image, "name": "app" });
    convert(&hub, &token, again).await;
    assert_eq!(hub.json("/api/stac/search").await["features"][0]["collection"], "ai-model");
    let none = json!({ "image": image, "name": "app", "categories": [] });
    convert(&hub, &token, none).await;
    assert_eq!(hub.json("/api/stac/search").await["numberMatched"], 0);
}

#[tokio::test]
async fn the_next_image_fetches_only_what_is_new() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base(), upper("one")]);
    let two = registry.add("2", &[base(), upper("one"), files(&[("third", b"3")])]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    convert(&hub, &token, json!({ "image": registry.image("1") })).await;
    assert_eq!(registry.fetched().len(), 2);
    let job = convert(&hub, &token, json!({ "image": registry.image("2") })).await;
    assert_eq!(job["result"]["known_layers"], 2, "{job}");
    assert_eq!(registry.fetched(), [two[2].clone()]);
    // In other hands the files are nothing: every layer is checked against the store first.
    let bytes = base();
    let chunk = flisthub_storage::Kind::Content.id_of(b"hidden later");
    assert!(bytes.len() > 512);
    let gone = flisthub_storage::Maintain::remove(&*hub.hub.store, &[chunk], u64::MAX).unwrap();
    assert_eq!(gone.objects, 1, "{gone:?}");
    registry.add("3", &[base(), files(&[("other", b"o")])]);
    let job = convert(&hub, &token, json!({ "image": registry.image("3") })).await;
    assert_eq!((&job["state"], &job["result"]["known_layers"]), (&json!("succeeded"), &json!(0)));
    assert_eq!(registry.fetched().len(), 2);
}

#[tokio::test]
async fn a_layer_is_used_again_only_where_an_image_of_it_may_be_read() {
    let registry = Registry::start(None).await;
    let layers = registry.add("1", &[base()]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    convert(&hub, &token, json!({ "image": registry.image("1"), "name": "app" })).await;
    // The name goes, and with it the right to use what the cache still has.
    let gone = hub.request(Method::DELETE, "/api/v1/flists/alice/app").bearer_auth(&token);
    assert_eq!(gone.send().await.unwrap().status(), 204);
    registry.forget(&layers[0]);
    registry.fetched();
    let job = convert(&hub, &token, json!({ "image": registry.image("1"), "name": "again" })).await;
    assert_eq!(
        (&job["state"], &job["error_code"]),
        (&json!("failed"), &json!("bad_registry_answer")),
        "{job}"
    );
    assert_eq!(hub.names().await, json!([]));
}

#[tokio::test]
async fn zero_hubs_route_waits_and_tells_right_statuses() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base(), upper("one")]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    let image = registry.image("1");
    let (status, body) = docker(&hub, &token, &[Field::text("image", &image)]).await;
    assert_eq!((status, &body["status"]), (200, &json!("success")), "{body}");
    let name = image.replace([':', '/'], "-");
    assert_eq!(body["payload"]["name"], format!("{name}.flist"));
    assert_eq!(body["payload"]["files"]["response"]["regular"], 2);
    let (status, body) = docker(&hub, &token, &[]).await;
    assert_eq!((status, &body["message"]), (400, &json!("missing docker image name")));
    let none = registry.image("none");
    let (status, body) = docker(&hub, &token, &[Field::text("image", &none)]).await;
    assert_eq!((status, &body["status"]), (404, &json!("error")), "{body}");
    let damaged = registry.add("3", &[files(&[("z", b"y")])]);
    registry.damage(&damaged[0]);
    let image = registry.image("3");
    let (status, body) = docker(&hub, &token, &[Field::text("image", &image)]).await;
    assert_eq!(status, 502, "{body}");
    assert!(body["message"].as_str().unwrap().contains("layer 1 has digest sha256:"), "{body}");
    assert_eq!(hub.names().await.as_array().unwrap().len(), 1, "nothing else was published");
    hub.settled().await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_at_once() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base()]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    hub.user("bob").await;
    let image = registry.image("1");
    for (body, status, code) in [
        ("{}".to_owned(), 400, "bad_conversion"),
        (r#"{"image":"a","colour":1}"#.to_owned(), 400, "bad_conversion"),
        (json!({ "image": "bad ref", "name": "n" }).to_string(), 400, "bad_reference"),
        (json!({ "image": "A/B:c", "name": "n" }).to_string(), 400, "bad_reference"),
        (json!({ "image": image, "platform": "linux" }).to_string(), 400, "bad_platform"),
        (json!({ "image": image, "source": "lxd" }).to_string(), 400, "bad_source"),
        (json!({ "image": image, "categories": ["nope"] }).to_string(), 400, "bad_metadata"),
        (json!({ "image": image, "name": "a/b" }).to_string(), 400, "bad_name"),
        (json!({ "image": image, "repository": "bob" }).to_string(), 403, "forbidden"),
        (json!({ "image": image, "repository": "none" }).to_string(), 404, "not_found"),
        (json!({ "image": "a", "source": "docker" }).to_string(), 403, "forbidden"),
        (
            json!({ "image": image, "credentials": { "username": "", "password": "x" } })
                .to_string(),
            400,
            "bad_credentials",
        ),
    ] {
        let (found, problem) = call(&hub, &token, Method::POST, CONVERSIONS, &body).await;
        assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{body}: {problem}");
    }
    let reader = hub.token("alice", Scope::Read, Expiry::Never).await;
    let body = json!({ "image": image }).to_string();
    assert_eq!(call(&hub, &reader, Method::POST, CONVERSIONS, &body).await.0, 403);
    let anonymous = hub.request(Method::POST, CONVERSIONS).body(body).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    let (_, jobs) = call(&hub, &token, Method::GET, "/api/v1/jobs", "").await;
    assert_eq!(jobs["jobs"], json!([]), "no job came of any of it");
}

#[tokio::test]
async fn what_only_the_job_can_find_out_fails_with_its_reason() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base()]);
    let mut config = registry.config();
    config.images.docker_socket = "/nonexistent/docker.sock".into();
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let admin = hub.token("alice", Scope::Admin, Expiry::Never).await;
    for (token, body, code) in [
        (&token, json!({ "image": registry.image("2") }), "unknown_image"),
        (&token, json!({ "image": "127.0.0.1:1/a:1" }), "host_refused"),
        (&token, json!({ "image": "registry.example.com/a:1" }), "host_refused"),
        (&token, json!({ "image": registry.image("1"), "platform": "linux/arm64" }), "no_platform"),
        (&admin, json!({ "image": "app:1", "source": "docker" }), "no_engine"),
    ] {
        let shown = body.to_string();
        let job = convert(&hub, token, body).await;
        assert_eq!(job["error_code"], code, "{shown}: {job}");
        assert!(!job["log"].as_array().unwrap().is_empty(), "{shown}");
    }
    assert_eq!(hub.names().await, json!([]));
    hub.settled().await;
}

#[tokio::test]
async fn a_cancelled_conversion_publishes_nothing() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base(), upper("x")]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    let held = registry.hold().await;
    let id = ask(&hub, &token, &json!({ "image": registry.image("1") })).await;
    let path = format!("/api/v1/jobs/{id}");
    while call(&hub, &token, Method::GET, &path, "").await.1["parts"][0]["state"] != "running" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(call(&hub, &token, Method::DELETE, &path, "").await.0, 202);
    assert_eq!(
        end(&hub, &token, &id).await["state"],
        "cancelled",
        "although the registry is silent"
    );
    drop(held);
    assert_eq!(hub.names().await, json!([]));
    hub.settled().await;
}

/// A `docker save` archive of these layers.
fn saved(layers: &[Vec<u8>]) -> Vec<u8> {
    let digests: Vec<String> = layers
        .iter()
        .map(|layer| flisthub_converter::image::Digest::of(layer).to_string())
        .collect();
    let config = json!({
        "os": "linux", "architecture": "amd64", "rootfs": { "type": "layers", "diff_ids": digests },
    });
    let config = config.to_string();
    let names: Vec<String> = (0..layers.len()).map(|index| format!("{index}/layer.tar")).collect();
    let manifest = json!([{ "Config": "config.json", "RepoTags": ["app:1"], "Layers": names }]);
    let manifest = manifest.to_string();
    let mut members: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(layers.iter().map(Vec::as_slice)).collect();
    members.push(("config.json", config.as_bytes()));
    members.push(("manifest.json", manifest.as_bytes()));
    files(&members)
}

#[tokio::test]
async fn a_saved_archive_is_converted_as_it_is_sent() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base(), upper("one")]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    let send = async |path: &str, body: Vec<u8>| {
        let request = hub.request(Method::POST, path).bearer_auth(&token).body(body);
        answer(request.send().await.unwrap()).await
    };
    let archive = saved(&[base(), upper("one")]);
    let (status, report) = send("/api/v1/flists/alice/saved/image", archive.clone()).await;
    assert_eq!((status, &report["layers"]), (201, &json!(2)), "{report}");
    let pulled =
        convert(&hub, &token, json!({ "image": registry.image("1"), "name": "app" })).await;
    let tree = |report: &Value| (report["entries"].clone(), report["bytes"].clone());
    assert_eq!(tree(&report), tree(&pulled["result"]));
    // What an upper layer replaced is in no flist, so alice's repository does not hold it.
    assert_eq!(pulled["result"]["new_chunks"], 1);
    let (status, again) = send("/api/v1/flists/alice/saved/image?tag=app:1", archive.clone()).await;
    assert_eq!((status, &again["flist"]), (200, &report["flist"]), "{again}");
    for (path, body, status, code) in [
        ("saved/image?tag=app:2", archive.clone(), 404, "unknown_image"),
        ("saved/image?platform=linux/arm64", archive.clone(), 422, "no_platform"),
        ("saved/image?platform=x", archive.clone(), 400, "bad_platform"),
        ("saved/image?colour=1", archive.clone(), 400, "bad_query"),
        ("new/image", base(), 422, "bad_image"),
        ("new/image", archive[..700].to_vec(), 422, "bad_image"),
        ("new/image", b"no archive".to_vec(), 422, "bad_image"),
        ("new/image", Vec::new(), 422, "bad_image"),
    ] {
        let (found, problem) = send(&format!("/api/v1/flists/alice/{path}"), body).await;
        assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{path}: {problem}");
    }
    assert_eq!(hub.names().await.as_array().unwrap().len(), 2);
    hub.settled().await;
}
