//! Items that are composed again without anybody publishing them again, by the real program: for another configuration,
//! by `flisthub reindex`, and for checksums of large files, which take long and go on wherever they were interrupted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use flisthub_hub::catalog::{Catalog, ItemRow, JobState};
use reqwest::StatusCode;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::archives::files;
use crate::crash::upload;
use crate::postgres::location;
use crate::program::{Serving, last_line, user};
use crate::support::client;

/// A configuration with these categories.
fn configured(directory: &Path, name: &str, categories: &[&str]) -> PathBuf {
    let list: Vec<Value> = categories.iter().map(|id| json!({ *id: { "title": id } })).collect();
    let yaml = directory.join(format!("{name}.yaml"));
    // JSON is YAML.
    let catalogue = json!({ "stac": { "categories": list } });
    std::fs::write(&yaml, catalogue.to_string()).unwrap();
    let file = directory.join(format!("{name}.toml"));
    std::fs::write(&file, format!("[stac]\nconfig = [\"{}\"]\n", yaml.display())).unwrap();
    file
}

/// An item of alice's `scene`, if it is in that collection.
async fn item(serving: &Serving, collection: &str) -> Option<Value> {
    let at = format!("{}/api/stac/collections/{collection}/items/alice/scene", serving.url);
    let response = client().get(at).send().await.unwrap();
    if response.status() == StatusCode::NOT_FOUND {
        return None;
    }
    assert_eq!(response.status(), StatusCode::OK);
    Some(response.json().await.unwrap())
}

/// Waits for an item of which something holds.
async fn until(serving: &Serving, collection: &str, holds: impl Fn(Option<&Value>) -> bool) {
    loop {
        if holds(item(serving, collection).await.as_ref()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The item in the catalog while no hub runs.
async fn stored(data: &Path, collection: &str) -> Option<ItemRow> {
    let catalog = Catalog::at(&location(data)).await.unwrap();
    let found = catalog.item(collection, "alice", "scene").await.unwrap();
    catalog.close().await;
    found
}

/// How many jobs are to be done once a hub runs.
async fn waiting(data: &Path) -> usize {
    let catalog = Catalog::at(&location(data)).await.unwrap();
    let mut waiting = catalog.jobs_in(JobState::Queued).await.unwrap().len();
    waiting += catalog.jobs_in(JobState::Running).await.unwrap().len();
    catalog.close().await;
    waiting
}

#[tokio::test]
async fn items_follow_the_configuration_and_reindex() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let token = user(&data, "alice");
    let maps = configured(directory.path(), "maps", &["dataset", "maps"]);
    let plain = configured(directory.path(), "plain", &["dataset"]);
    let (maps, plain) = (maps.to_str().unwrap(), plain.to_str().unwrap());
    let serving = Serving::start_with(&data, &["--config", plain], "");
    let readme = b"---\ncategories: [dataset, maps]\n---\n";
    upload(&serving, &token, "scene.tar", &files(&[("README.md", readme)])).await;
    assert!(item(&serving, "dataset").await.is_some());
    assert!(item(&serving, "maps").await.is_none());
    assert_eq!(serving.stop(), Some(0));
    // A hub that starts with another configuration composes them by it.
    let serving = Serving::start_with(&data, &["--config", maps], "");
    until(&serving, "maps", |item| item.is_some()).await;
    assert_eq!(serving.stop(), Some(0));
    assert!(stored(&data, "maps").await.is_some());
    // So does the command, while none runs.
    let reindex = |config| {
        let line =
            last_line(&["reindex", "--json", "--config", config, "--data", data.to_str().unwrap()]);
        serde_json::from_str::<Value>(&line).unwrap()["items"].clone()
    };
    let done = json!({ "names": 1, "failed": 0 });
    assert_eq!(reindex(plain), done);
    assert!(stored(&data, "maps").await.is_none());
    assert!(stored(&data, "dataset").await.is_some());
    assert_eq!(reindex(maps), done);
    assert!(stored(&data, "maps").await.is_some());
    // Whatever they were composed of before.
    assert_eq!(reindex(maps), done);
}

/// The checksums of the assets that are these files; of those that lack, none.
fn checksums(item: Option<&Value>, names: &[&str]) -> Vec<String> {
    let of = |name: &&str| Some(item?["assets"][*name]["file:checksum"].as_str()?.to_owned());
    names.iter().filter_map(of).collect()
}

#[tokio::test]
async fn checksums_of_large_files_are_computed_whatever_ends_in_between() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let token = user(data, "alice");
    // Larger than what a publish reads, and sparse: zeros, with a letter at the end.
    let large = |letter: u8| {
        let mut content = vec![0; 65 << 20];
        content.push(letter);
        content
    };
    let names = ["a.bin", "b.bin", "c.bin"];
    let contents = [large(b'a'), large(b'b'), large(b'c')];
    let readme = b"---\ncategory: dataset\nassets: ['*.bin']\n---\n".as_slice();
    let mut all: Vec<(&str, &[u8])> = vec![("README.md", readme)];
    all.extend(names.iter().zip(&contents).map(|(name, content)| (*name, &**content)));
    // The hub dies when the first of them is there, once, and once more when the next one is.
    let dies = "items::summed=return";
    let mut serving = Serving::start_with(data, &[], dies);
    upload(&serving, &token, "scene.tar", &files(&all)).await;
    for _ in 0..2 {
        assert!(!serving.child.wait().unwrap().success());
        serving = Serving::start_with(data, &[], dies);
    }
    assert!(!serving.child.wait().unwrap().success());
    // What it died of so often is not tried again by itself at once.
    assert_eq!(Serving::start(data).stop(), Some(0));
    assert_eq!(waiting(data).await, 0);
    let stored = stored(data, "dataset").await.unwrap().document;
    assert!(stored.matches("file:checksum").count() < names.len(), "{stored}");
    // One that is told to stop meanwhile is no hindrance either.
    assert_eq!(Serving::start(data).stop(), Some(0));
    let serving = Serving::start(data);
    until(&serving, "dataset", |item| checksums(item, &names).len() == names.len()).await;
    let expected: Vec<String> = contents
        .iter()
        .map(|content| {
            let sum = digest(&SHA256, content);
            sum.as_ref().iter().fold("1220".to_owned(), |text, byte| format!("{text}{byte:02x}"))
        })
        .collect();
    let found = item(&serving, "dataset").await;
    assert_eq!(checksums(found.as_ref(), &names), expected);
    assert_eq!(serving.stop(), Some(0));
}
