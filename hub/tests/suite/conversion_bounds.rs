//! Conversions of images: what is one job, how long credentials are kept, what the operator's own are good for,
//! and what waits and runs within which bounds.

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::catalog::{Actor, JobState};
use flisthub_hub::jobs::{self, ConvertSpec, JobSpec};
use reqwest::Method;
use serde_json::{Value, json};

use crate::conversions::{CONVERSIONS, ask, base, docker, end, upper};
use crate::image_registry::Registry;
use crate::job_lanes;
use crate::job_routes::call;
use crate::support::{Field, TestHub, actor_of};

/// Whether the hub holds the credentials that a job was asked for with.
async fn held(hub: &TestHub, job: &str) -> bool {
    let row = hub.hub.catalog.job(job).await.unwrap().unwrap();
    let arguments: Value = serde_json::from_str(&row.arguments).unwrap();
    hub.hub.images.vault.get(arguments["credentials"].as_str().unwrap()).is_some()
}

#[tokio::test]
async fn the_same_asked_twice_is_one_job() {
    let registry = Registry::start(Some(("bob", "hunter2"))).await;
    registry.add("1", &[base()]);
    registry.add("same", &[base()]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    let body = |tag: &str, password: &str| {
        json!({ "image": registry.image(tag), "name": "app",
            "credentials": { "username": "bob", "password": password } })
    };
    let hold = registry.hold().await;
    let first = ask(&hub, &token, &body("1", "hunter2")).await;
    assert_eq!(ask(&hub, &token, &body("1", "hunter2")).await, first);
    assert_eq!(ask(&hub, &token, &body("same", "hunter2")).await, first, "one digest, two names");
    let mut named = body("1", "hunter2");
    named["platform"] = json!("linux/amd64");
    assert_eq!(ask(&hub, &token, &named).await, first, "the hub's own platform, named");
    named["platform"] = json!("linux/arm64");
    assert_ne!(ask(&hub, &token, &named).await, first);
    let wrong = ask(&hub, &token, &body("1", "hunter3")).await;
    assert_ne!(wrong, first, "other credentials share nothing");
    registry.add("1", &[base(), upper("moved")]);
    let moved = ask(&hub, &token, &body("1", "hunter2")).await;
    assert_ne!(moved, first, "the tag names another image now");
    // The job with the wrong ones may have ended already.
    assert!(held(&hub, &first).await);
    drop(hold);
    assert_eq!(end(&hub, &token, &first).await["state"], "succeeded");
    assert_eq!(end(&hub, &token, &moved).await["state"], "succeeded");
    let wrong_end = end(&hub, &token, &wrong).await;
    assert_eq!(
        (&wrong_end["state"], &wrong_end["error_code"]),
        (&json!("failed"), &json!("registry_unauthorized"))
    );
    assert_eq!(wrong_end["arguments"]["credentials"], true);
    assert!(wrong_end["log"][0]["text"].as_str().unwrap().starts_with("converting 127.0.0.1:"));
    assert!(!wrong_end.to_string().contains("hunter"), "{wrong_end}");
    // Forgotten once the last job that needs them has ended, a moment after its row says so.
    while held(&hub, &first).await || held(&hub, &wrong).await {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // Nothing of the password is anywhere in the hub's files.
    for file in std::fs::read_dir(hub.data()).unwrap() {
        let path = file.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", path.display());
    }
}

#[tokio::test]
async fn credentials_go_with_a_queued_job_that_is_cancelled() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base()]);
    let mut config = registry.config();
    config.images.conversions = 1;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let hold = registry.hold().await;
    let image = registry.image("1");
    let before = ask(&hub, &token, &json!({ "image": image })).await;
    let credentials = json!({ "username": "bob", "password": "hunter2" });
    let queued = json!({ "image": image, "name": "other", "credentials": credentials });
    let queued = ask(&hub, &token, &queued).await;
    assert!(held(&hub, &queued).await);
    let path = format!("/api/v1/jobs/{queued}");
    assert_eq!(call(&hub, &token, Method::DELETE, &path, "").await.0, 202);
    assert!(!held(&hub, &queued).await);
    drop(hold);
    assert_eq!(end(&hub, &token, &before).await["state"], "succeeded");
}

#[tokio::test]
async fn the_right_to_publish_is_looked_at_again_when_the_job_runs() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base()]);
    let hub = TestHub::with(registry.config()).await;
    hub.user("alice").await;
    let token = hub.token("alice", Scope::Admin, Expiry::Never).await;
    let bob = job_lanes::user(&hub, "bob").await;
    let by = Actor::operator();
    assert!(hub.hub.catalog.set_admin("bob", true, &by, 1).await.unwrap());
    for (repository, admin, code) in [
        ("alice", false, json!("forbidden")),
        ("gone", false, json!("not_found")),
        ("alice", true, json!(null)),
        ("bob", false, json!(null)),
    ] {
        let spec = ConvertSpec {
            user_id: bob,
            repository: repository.into(),
            image: registry.image("1"),
            digest: None,
            admin,
            ..job_lanes::convert("app")
        };
        let (row, _) =
            jobs::start_shared(&hub.hub, &JobSpec::Convert(Box::new(spec)), &actor_of(bob))
                .await
                .unwrap();
        let job = end(&hub, &token, &row.id).await;
        assert_eq!(job["error_code"], code, "{repository}, admin: {admin}: {job}");
    }
}

#[tokio::test]
async fn where_no_digest_can_be_looked_up_the_job_goes_without() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base()]);
    let hub = TestHub::with(registry.config()).await;
    let token = hub.user("alice").await;
    let _all = hub.hub.images.lookups.acquire_many(8).await.unwrap();
    assert_eq!(hub.hub.images.lookups.available_permits(), 0);
    let job = ask(&hub, &token, &json!({ "image": registry.image("1") })).await;
    let job = end(&hub, &token, &job).await;
    assert_eq!((&job["state"], &job["arguments"]["digest"]), (&json!("succeeded"), &Value::Null));
}

#[tokio::test]
async fn a_full_queue_is_told_before_and_shared_all_the_same() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base()]);
    let mut config = registry.config();
    (config.images.conversions, config.images.queued_per_user) = (1, 1);
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let hold = registry.hold().await;
    let body = |name: &str| json!({ "image": registry.image("1"), "name": name });
    let running = ask(&hub, &token, &body("a")).await;
    while hub.hub.catalog.job(&running).await.unwrap().unwrap().state != JobState::Running {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let queued = ask(&hub, &token, &body("b")).await;
    for (name, job) in [("a", &running), ("b", &queued)] {
        assert_eq!(ask(&hub, &token, &body(name)).await, *job, "{name}");
    }
    let before = registry.looked_up();
    let third = body("c").to_string();
    let (status, problem) = call(&hub, &token, Method::POST, CONVERSIONS, &third).await;
    assert_eq!((status, &problem["code"]), (503, &json!("busy")), "{problem}");
    assert_eq!((before >= 4, registry.looked_up()), (true, before), "not for the third");
    drop(hold);
    assert_eq!(end(&hub, &token, &queued).await["state"], "succeeded");
}

#[tokio::test]
async fn callers_that_wait_are_bounded_before_a_job_is_made() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base()]);
    let hub = TestHub::with(registry.config()).await;
    let alice = job_lanes::user(&hub, "alice").await;
    let token = hub.token("alice", Scope::Write, Expiry::Never).await;
    let waiting: Vec<_> = std::iter::from_fn(|| hub.hub.jobs.waiting(alice)).collect();
    let image = registry.image("1");
    let (status, body) = docker(&hub, &token, &[Field::text("image", &image)]).await;
    assert_eq!(status, 503, "{body}");
    let (_, page) = call(&hub, &token, Method::GET, "/api/v1/jobs", "").await;
    assert_eq!(page["jobs"], json!([]));
    drop(waiting);
    assert_eq!(docker(&hub, &token, &[Field::text("image", &image)]).await.0, 200);
}

#[tokio::test]
async fn credentials_of_the_hubs_own_that_cannot_be_used_are_told_without_their_place() {
    let registry = Registry::start(None).await;
    registry.add("1", &[base()]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.json");
    let mut config = registry.config();
    config.images.docker_config = Some(file.clone());
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let body = json!({ "image": registry.image("1") }).to_string();
    for content in [None, Some("no JSON")] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let (status, problem) = call(&hub, &token, Method::POST, CONVERSIONS, &body).await;
        assert_eq!((status, &problem["code"]), (500, &json!("bad_docker_config")), "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("images.docker_config"), "{detail}");
        assert!(!detail.contains(directory.path().to_str().unwrap()), "{detail}");
    }
    std::fs::write(&file, "{}").unwrap();
    assert_eq!(call(&hub, &token, Method::POST, CONVERSIONS, &body).await.0, 202);
}
