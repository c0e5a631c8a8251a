//! The catalogue over HTTP while names are published, published again and deleted: an answer shows what was acknowledged,
//! each item whole, and pages neither double nor skip what stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flisthub_hub::config::Config;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::stac_items::{publish, scene};
use crate::support::TestHub;

/// Names that are there all the time, and are published again and again.
const STAY: usize = 7;

/// Items on a page.
const PAGE: usize = 3;

struct Stage {
    hub: TestHub,
    token: String,
    done: AtomicBool,
}

impl Stage {
    /// Publishes an item whose title says the day that it is of.
    async fn publish(&self, name: &str, day: u32) {
        let title = format!("{name} {day:02}");
        publish(&self.hub, &self.token, name, &scene(&title, 5.0, day, "")).await;
    }

    async fn delete(&self, name: &str) {
        let path = format!("/api/v1/flists/alice/{name}");
        let request = self.hub.request(Method::DELETE, &path).bearer_auth(&self.token);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }

    /// What a search finds on one page: the names with their days, and how many match.
    async fn found(&self, path: &str) -> (Vec<(String, u32)>, usize, Option<String>) {
        let page = self.hub.json(path).await;
        let items = page["features"].as_array().unwrap().iter().map(whole).collect();
        let links = page["links"].as_array().unwrap();
        let next = links.iter().find(|link| link["rel"] == "next");
        let base = self.hub.hub.public_url();
        let next = next.map(|link| link["href"].as_str().unwrap().replacen(&base, "", 1));
        (items, usize::try_from(page["numberMatched"].as_u64().unwrap()).unwrap(), next)
    }

    fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }
}

/// Name and day of an item, all of which is of one publish.
fn whole(item: &Value) -> (String, u32) {
    let properties = &item["properties"];
    let (name, day) = properties["title"].as_str().unwrap().split_once(' ').unwrap();
    assert_eq!(item["id"], format!("alice/{name}"), "{item}");
    let moment = format!("2024-05-{day}T00:00:00Z");
    assert_eq!(properties["start_datetime"], moment, "{item}");
    (name.to_owned(), day.parse().unwrap())
}

/// Publishes names again that stay. What is acknowledged is found, and nothing older.
async fn publisher(stage: Arc<Stage>) -> u32 {
    let mut round = 0;
    while !stage.is_done() {
        round += 1;
        let (name, day) = (format!("stay{}", round as usize % STAY), round % 28 + 1);
        stage.publish(&name, day).await;
        let (found, matched, _) = stage.found(&format!("/api/stac/search?ids=alice/{name}")).await;
        assert_eq!((found, matched), (vec![(name, day)], 1));
    }
    round
}

/// Publishes and deletes names.
async fn changer(stage: Arc<Stage>) -> u32 {
    let mut round = 0;
    while !stage.is_done() {
        round += 1;
        let (name, day) = (format!("goes{}", round % 5), round % 28 + 1);
        stage.publish(&name, day).await;
        stage.delete(&name).await;
        let (found, matched, _) = stage.found(&format!("/api/stac/search?ids=alice/{name}")).await;
        assert_eq!((found, matched), (Vec::new(), 0));
    }
    round
}

/// Reads all pages, by an order that publishes do not change.
async fn reader(stage: Arc<Stage>) {
    for _ in 0..20 {
        let mut next = Some(format!("/api/stac/search?sortby=id&limit={PAGE}"));
        let mut names = Vec::new();
        while let Some(path) = next {
            let (found, matched, after) = stage.found(&path).await;
            assert!((STAY..=STAY + 1).contains(&matched), "{matched}");
            names.extend(found.into_iter().map(|(name, _)| name));
            next = after;
        }
        assert!(names.is_sorted_by(|one, other| one < other), "doubled: {names:?}");
        let stayed = names.iter().filter(|name| name.starts_with("stay")).count();
        assert_eq!(stayed, STAY, "skipped: {names:?}");
        // On one page there are as many as it says.
        let (found, matched, _) = stage.found("/api/stac/search?limit=100").await;
        assert_eq!(found.len(), matched);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn searches_show_what_is_acknowledged_while_names_are_published_and_deleted() {
    let mut config = Config::default();
    config.limits.requests_per_second = 0;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let stage = Arc::new(Stage { hub, token, done: AtomicBool::new(false) });
    for number in 0..STAY {
        stage.publish(&format!("stay{number}"), 1).await;
    }
    let writers: [JoinHandle<u32>; 2] =
        [tokio::spawn(publisher(Arc::clone(&stage))), tokio::spawn(changer(Arc::clone(&stage)))];
    for reader in [reader, reader].map(|reader| tokio::spawn(reader(Arc::clone(&stage)))) {
        reader.await.unwrap();
    }
    stage.done.store(true, Ordering::SeqCst);
    for writer in writers {
        assert!(writer.await.unwrap() > 0);
    }
}
