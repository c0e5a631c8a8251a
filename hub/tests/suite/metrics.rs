//! `/metrics`: who gets it, that no caller makes it grow, that its figures are true, and that dashboard, alerts
//! and documentation name what there is.

use std::collections::{BTreeMap, BTreeSet};

use flisthub_hub::auth::{Expiry, Scope};
use flisthub_hub::catalog::{Actor, JobState};
use flisthub_hub::server;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::archives::{files, noise};
use crate::support::{TestHub, answer, client};

const DASHBOARD: &str = include_str!("../../../deploy/grafana/flisthub.json");
const RULES: &str = include_str!("../../../deploy/prometheus/flisthub.rules.yml");
const MANUAL: &str = include_str!("../../../docs/operations.md");

/// Samples by what stands before the value: the name with its labels.
struct Samples(BTreeMap<String, f64>);

impl Samples {
    fn read(text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.map(|line| {
            let (key, value) = line.rsplit_once(' ').unwrap();
            (key.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        });
        Self(pairs.collect())
    }

    fn value(&self, key: &str) -> f64 {
        *self.0.get(key).unwrap_or_else(|| panic!("no {key} in {:?}", self.0.keys()))
    }

    fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(|key| key.split('{').next().unwrap()).collect()
    }
}

async fn admin(hub: &TestHub) -> String {
    hub.user("root").await;
    hub.token("root", Scope::Admin, Expiry::Never).await
}

async fn text(hub: &TestHub, token: &str) -> String {
    let response = hub.request(Method::GET, "/metrics").bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.text().await.unwrap()
}

/// What they say once everything was measured and no other request runs: on a slow machine, measuring takes longer than
/// a scraper waits for, and a request runs until the last byte of its answer is on its way.
async fn settled(hub: &TestHub, token: &str) -> String {
    loop {
        let text = text(hub, token).await;
        let samples = Samples::read(&text);
        let measured = ["flisthub_users", "flisthub_store_bytes"];
        if measured.iter().all(|key| samples.0.contains_key(*key))
            && (samples.value("flisthub_http_requests_in_flight") - 1.0).abs() < 0.1
        {
            return text;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_metrics_are_for_admins_and_for_who_reaches_an_address_of_their_own() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let admin = admin(&hub).await;
    let of_admin = hub.token("root", Scope::Write, Expiry::Never).await;
    assert_eq!(hub.get("/metrics").await.status(), 401);
    for token in [&alice, &of_admin] {
        let request = hub.request(Method::GET, "/metrics").bearer_auth(token);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 403);
        assert!(!response.text().await.unwrap().contains("flisthub_"));
    }
    assert!(settled(&hub, &admin).await.contains("flisthub_build_info{version=\""));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(server::serve_metrics(hub.hub.clone(), listener));
    let get = async |path: &str| client().get(format!("{own}{path}")).send().await.unwrap();
    let response = get("/metrics").await;
    assert_eq!(response.status(), 200);
    assert!(response.text().await.unwrap().contains("flisthub_store_bytes"));
    for path in ["/api/flist", "/api/v1/me", "/"] {
        assert_eq!(get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn no_caller_makes_them_grow() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    let ask = async |round: u32| {
        for path in [
            format!("/marker{round}/marker{round}.flist"),
            format!("/marker{round}"),
            format!("/api/v1/flists/marker{round}"),
            format!("/api/v1/marker{round}"),
            format!("/api/flist/marker{round}"),
            format!("/api/v1/flists/marker{round}/x/files/marker{round}/deep"),
        ] {
            hub.get(&path).await;
        }
        let method = Method::from_bytes(format!("MARKER{round}").as_bytes()).unwrap();
        hub.request(method, "/api/flist").send().await.unwrap();
    };
    ask(0).await;
    // Asking for them is a request like others.
    text(&hub, &admin).await;
    let before = settled(&hub, &admin).await;
    for round in 1..5 {
        ask(round).await;
    }
    let after = settled(&hub, &admin).await;
    assert!(!after.to_lowercase().contains("marker"), "{after}");
    assert_eq!(Samples::read(&before).0.len(), Samples::read(&after).0.len());
    let samples = Samples::read(&after);
    let route = "route=\"/api/v1/flists/{repository}\"";
    let count = format!("flisthub_http_requests_total{{method=\"GET\",{route},status=\"404\"}}");
    assert!((samples.value(&count) - 5.0).abs() < 0.1, "{count}");
    let other =
        "flisthub_http_requests_total{method=\"other\",route=\"/api/flist\",status=\"405\"}";
    assert!((samples.value(other) - 5.0).abs() < 0.1);
}

async fn job(hub: &TestHub, admin: &str, spec: Value) {
    let request = hub.request(Method::POST, "/api/v1/jobs").bearer_auth(admin);
    let (status, job) = answer(request.json(&spec).send().await.unwrap()).await;
    assert_eq!(status, 202, "{job}");
    done(hub, job["id"].as_str().unwrap()).await;
}

/// Waits for the end of a job, which must have done what was asked. Not by requests, of which one user may make only so
/// many while the clock stands.
async fn done(hub: &TestHub, id: &str) {
    loop {
        let row = hub.hub.catalog.job(id).await.unwrap().unwrap();
        if row.state.is_end() {
            return assert_eq!(row.state, JobState::Succeeded, "{row:?}");
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// A hub that has done a bit of everything, and what it tells then.
async fn busy() -> (TestHub, String) {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let admin = admin(&hub).await;
    let archive = files(&[("one", &noise(200_000, 1)), ("two", &noise(100_000, 2))]);
    for name in ["first.tar", "again.tar"] {
        assert_eq!(hub.upload(&alice, name, &archive).await.status(), 200);
    }
    // Only what is read to its end is sent whole.
    let download = hub.get("/alice/first.flist").await;
    assert_eq!(download.status(), 200);
    assert!(!download.bytes().await.unwrap().is_empty());
    hub.settled().await;
    job(&hub, &admin, json!({"kind": "sweep"})).await;
    job(&hub, &admin, json!({"kind": "sweep", "dry_run": true})).await;
    job(&hub, &admin, json!({"kind": "scrub"})).await;
    let spec = flisthub_hub::jobs::JobSpec::Backup {
        directory: hub.data().with_file_name("backup"),
        keep: None,
    };
    let row = flisthub_hub::jobs::start(&hub.hub, &spec, &Actor::operator()).await.unwrap();
    done(&hub, &row.id).await;
    let text = settled(&hub, &admin).await;
    (hub, text)
}

#[tokio::test]
async fn what_they_say_is_true() {
    let (hub, text) = busy().await;
    let samples = Samples::read(&text);
    let is = |key: &str, expected: f64| {
        let found = samples.value(key);
        assert!((found - expected).abs() < 0.001, "{key} is {found}, not {expected}");
    };
    // Two names, each at full length, of content that is there once.
    is("flisthub_logical_bytes", 600_000.0);
    is("flisthub_logical_entries", 4.0);
    is("flisthub_names{kind=\"flist\"}", 2.0);
    is("flisthub_names{kind=\"tag\"}", 0.0);
    is("flisthub_users", 2.0);
    is("flisthub_repositories", 2.0);
    is("flisthub_catalog_up", 1.0);
    is("flisthub_ending", 0.0);
    is("flisthub_store_failing", 0.0);
    is("flisthub_store_quarantined_objects", 0.0);
    is("flisthub_upload_sessions", 0.0);
    is("flisthub_places_taken{work=\"uploads\"}", 0.0);
    is("flisthub_places_limit{work=\"uploads\"}", 8.0);
    let stored = samples.value("flisthub_store_bytes");
    assert!(stored > 300_000.0 && samples.value("flisthub_store_objects") > 2.0);
    is("flisthub_dedup_ratio", 600_000.0 / stored);
    // This very request runs, and it came through one of the connections.
    is("flisthub_http_requests_in_flight", 1.0);
    assert!(samples.value("flisthub_connections") >= 1.0);
    is(
        "flisthub_http_requests_total{method=\"POST\",route=\"/api/flist/me/upload\",status=\"200\"}",
        2.0,
    );
    let timed = "method=\"POST\",route=\"/api/flist/me/upload\",class=\"2xx\"";
    is(&format!("flisthub_http_request_duration_seconds_count{{{timed}}}"), 2.0);
    is(&format!("flisthub_http_request_duration_seconds_bucket{{le=\"+Inf\",{timed}}}"), 2.0);
    let file = hub.get("/alice/first.flist").await.bytes().await.unwrap().len();
    let sent = "flisthub_http_response_body_bytes_total{route=\"/{repository}/{file}\"}";
    is(sent, f64::from(u32::try_from(file).unwrap()));
    is("flisthub_jobs_ended_total{kind=\"sweep\",outcome=\"succeeded\"}", 2.0);
    is("flisthub_jobs_ended_total{kind=\"scrub\",outcome=\"failed\"}", 0.0);
    is("flisthub_jobs{kind=\"sweep\",state=\"queued\"}", 0.0);
    is("flisthub_scrub_sound", 1.0);
    is("flisthub_scrub_findings{finding=\"damaged\"}", 0.0);
    is("flisthub_sweep_removed_objects", 0.0);
    for kind in ["sweep", "scrub", "backup"] {
        let key = format!("flisthub_job_last_success_timestamp_seconds{{kind=\"{kind}\"}}");
        is(&key, f64::from(u32::try_from(crate::support::START).unwrap()));
    }
    assert!(samples.value("process_open_fds") > 3.0);
}

#[tokio::test]
async fn a_catalog_that_does_not_answer_is_told_at_once() {
    let hub = TestHub::start().await;
    let admin = admin(&hub).await;
    settled(&hub, &admin).await;
    hub.hub.catalog.close().await;
    // Asked for without a token, which nobody can look up now.
    let text = hub.hub.metrics.text(&hub.hub).await;
    let samples = Samples::read(&text);
    assert!(samples.value("flisthub_catalog_up").abs() < 0.1);
    assert!(!samples.0.contains_key("flisthub_users"), "what was there says nothing");
    assert!(samples.0.contains_key("flisthub_store_bytes"));
}

/// Words of a text that begin as the names of metrics do.
fn named(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("flisthub_") || word.starts_with("process_"))
        .collect()
}

/// Every text below a key of that name.
fn texts<'a>(value: &'a Value, keys: &[&str], found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(text) if keys.contains(&key.as_str()) => found.push(text),
                    _ => texts(value, keys, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| texts(value, keys, found)),
        _ => {}
    }
}

#[tokio::test]
async fn dashboard_alerts_and_manual_name_what_there_is() {
    let (_hub, text) = busy().await;
    let samples = Samples::read(&text);
    let names = samples.names();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut queries = Vec::new();
    texts(&dashboard, &["expr", "query", "definition"], &mut queries);
    assert!(queries.len() > 40, "the queries are not found any more");
    let expressions: Vec<&str> =
        RULES.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let rules = expressions.join("\n");
    for (file, text) in [("the dashboard", queries.join("\n")), ("the rules", rules)] {
        let known = named(&text);
        assert!(known.len() > 8, "{file}: {known:?}");
        let unknown: Vec<_> = known.difference(&names).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
    // The manual names each family as its first line does, and nothing else.
    let families: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let manual = named(MANUAL);
    let missing: Vec<_> =
        families.iter().filter(|family| !manual.iter().any(|word| same(word, family))).collect();
    assert!(missing.is_empty(), "docs/operations.md says nothing of {missing:?}");
    let wrong: Vec<_> =
        manual.iter().filter(|word| !families.iter().any(|family| same(word, family))).collect();
    assert!(wrong.is_empty(), "docs/operations.md names {wrong:?}");
}

/// Whether a word is a family's name, or that of its samples.
fn same(word: &str, family: &str) -> bool {
    word == family
        || word
            .strip_prefix(family)
            .is_some_and(|rest| matches!(rest, "_total" | "_info" | "_bucket" | "_count" | "_sum"))
}

/// What Grafana needs to show a dashboard at all.
#[test]
fn the_dashboard_is_whole() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36);
    assert_eq!(dashboard["id"], Value::Null, "a number is another Grafana's");
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{panel}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(taken.insert((x, y)), "{} lies over another", panel["title"]);
            }
        }
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}");
            assert!(!panel["targets"].as_array().unwrap().is_empty());
        }
    }
}
