//! Damage to the catalog's files: a clear refusal or an error, never a wrong list.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use flisthub_hub::actions::accounts;
use flisthub_hub::catalog::{Catalog, CatalogError};
use flisthub_hub::config::Config;
use flisthub_hub::data::DataDirectory;
use flisthub_hub::name::RepositoryName;
use flisthub_hub::state::Hub;
use flisthub_storage::{Chunk, Compressor, Kind, SystemClock};

use crate::archives::{files, noise};
use crate::crash::upload;
use crate::postgres;
use crate::program::{Serving, flisthub, user};
use crate::support::client;

/// Users in the catalog that is damaged: enough for many pages.
const USERS: u64 = 160;
/// Positions at which a byte is flipped.
const FLIPS: usize = 30;

fn name(number: u64) -> String {
    format!("user-{number:04}")
}

/// The catalog's files as a crash leaves them: the later half of its rows is in `-wal`.
async fn wreck(into: &Path) {
    let live = tempfile::tempdir().unwrap();
    let file = live.path().join("catalog.sqlite");
    let catalog = Catalog::open(&file).await.unwrap();
    for number in 0..USERS / 2 {
        accounts::add_user(&catalog, &name(number), 7).await.unwrap();
    }
    catalog.close().await;
    let catalog = Catalog::open(&file).await.unwrap();
    for number in USERS / 2..USERS {
        accounts::add_user(&catalog, &name(number), 7).await.unwrap();
    }
    for file in fs::read_dir(live.path()).unwrap() {
        let file = file.unwrap();
        if !file.file_name().to_str().unwrap().ends_with("-shm") {
            fs::copy(file.path(), into.join(file.file_name())).unwrap();
        }
    }
    catalog.close().await;
}

/// What a damaged catalog says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Whole,
    /// It lacks the last rows, and no others.
    Shorter,
    /// A read fails, or the check finds damage.
    Noticed,
    /// It is not opened.
    Refused,
}

async fn outcome(directory: &Path) -> Outcome {
    let catalog = match Catalog::open(&directory.join("catalog.sqlite")).await {
        Ok(catalog) => catalog,
        Err(error) => {
            assert!(matches!(error, CatalogError::Database(_) | CatalogError::Migrate(_)));
            return Outcome::Refused;
        }
    };
    let sound = catalog.check().await.is_ok_and(|found| found.is_empty());
    let mut found = Vec::new();
    for number in 0..USERS {
        let name = RepositoryName::parse(&name(number)).unwrap();
        match catalog.user(&name).await {
            Ok(user) => found.push(user.is_some_and(|account| account.user.name == name.as_str())),
            Err(_) => return Outcome::Noticed,
        }
    }
    catalog.close().await;
    let there = found.iter().take_while(|there| **there).count();
    match () {
        () if !sound => Outcome::Noticed,
        () if found.iter().all(|there| *there) => Outcome::Whole,
        () if !found[there..].contains(&true) => Outcome::Shorter,
        () => panic!("rows are missing in the middle, and the check finds nothing"),
    }
}

async fn damaged(wreck: &Path, file: &str, damage: &dyn Fn(&mut Vec<u8>)) -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    for file in fs::read_dir(wreck).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), directory.path().join(file.file_name())).unwrap();
    }
    let path = directory.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    damage(&mut bytes);
    fs::write(path, bytes).unwrap();
    outcome(directory.path()).await
}

/// Every outcome of flips all over a file and of cuts.
async fn outcomes(wreck: &Path, file: &str) -> Vec<(String, Outcome)> {
    let length = usize::try_from(fs::metadata(wreck.join(file)).unwrap().len()).unwrap();
    let mut all = Vec::new();
    for index in 0..FLIPS {
        let at = if index < 10 { index * 3 } else { index * length / FLIPS + index };
        let flip = |bytes: &mut Vec<u8>| {
            let last = bytes.len() - 1;
            bytes[at.min(last)] ^= 0x41;
        };
        all.push((format!("flip {at}"), damaged(wreck, file, &flip).await));
    }
    for cut in [0, 1, length / 2, length - 1] {
        let shorten = |bytes: &mut Vec<u8>| bytes.truncate(cut);
        all.push((format!("cut {cut}"), damaged(wreck, file, &shorten).await));
    }
    let mut counted = std::collections::BTreeMap::<(&str, Outcome), u32>::new();
    for (how, outcome) in &all {
        *counted.entry((how.split(' ').next().unwrap(), *outcome)).or_default() += 1;
    }
    println!("{file}: {counted:?}");
    all
}

#[tokio::test]
async fn a_damaged_catalog_never_lists_wrong_rows() {
    if postgres::skips("damage to SQLite's file") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    wreck(directory.path()).await;
    for (how, outcome) in outcomes(directory.path(), "catalog.sqlite-wal").await {
        // SQLite reads its log up to the first frame whose checksum is wrong.
        assert!(matches!(outcome, Outcome::Whole | Outcome::Shorter), "{how}: {outcome:?}");
    }
    for (how, outcome) in outcomes(directory.path(), "catalog.sqlite").await {
        // A file that is too short to be one is a new catalog to SQLite: `Hub::open` refuses it.
        let new = ["cut 0", "cut 1"].contains(&how.as_str());
        assert_eq!(outcome == Outcome::Shorter, new, "{how}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_store_without_its_catalog_is_not_opened() {
    if postgres::skips("SQLite's file is removed") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let data = DataDirectory::open(directory.path()).unwrap();
    let open = || Hub::open(&data, Config::default(), Arc::new(SystemClock));
    // A hub that was killed while it was made.
    let hub = open().await.unwrap();
    hub.catalog.close().await;
    drop(hub);
    fs::remove_file(data.catalog()).unwrap();
    let hub = open().await.unwrap();
    let chunk = Chunk::new(Kind::Content, &b"content"[..]).unwrap();
    hub.store.put(&[Compressor::new(1).unwrap().compress(&chunk).unwrap()]).unwrap();
    hub.catalog.close().await;
    drop(hub);
    drop(open().await.unwrap());
    for gone in [false, true] {
        fs::write(data.catalog(), b"").unwrap();
        if gone {
            fs::remove_file(data.catalog()).unwrap();
        }
        let error = open().await.err().unwrap();
        assert!(error.to_string().contains("restore the data directory from a backup"), "{error}");
    }
}

/// The largest log of the store, cut to half: what a lying disk may leave of it.
fn halve_the_log(data: &Path) {
    let files = fs::read_dir(data.join("chunks")).unwrap().map(|file| file.unwrap().path());
    let logs = files.filter(|path| path.extension().is_some_and(|ending| ending == "log"));
    let log = logs.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let length = fs::metadata(&log).unwrap().len();
    fs::File::options().write(true).open(log).unwrap().set_len(length / 2).unwrap();
}

#[tokio::test]
async fn a_store_that_lost_the_end_of_its_log_is_not_served_unless_asked() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let token = user(data, "alice");
    let serving = Serving::start(data);
    for number in 0..4 {
        let archive = files(&[("content", &noise(100_000, number))]);
        upload(&serving, &token, &format!("name-{number}.tar"), &archive).await;
    }
    serving.kill();
    halve_the_log(data);

    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let refused = flisthub(&arguments);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("alice/name-") && said.contains("--accept-loss"), "{said}");

    let serving = Serving::start_with(data, &["--accept-loss"], "");
    let path = |number: u64| format!("{}/alice/name-{number}.flist", serving.url);
    assert_eq!(client().get(path(0)).send().await.unwrap().status(), 200);
    assert_ne!(client().get(path(3)).send().await.unwrap().status(), 200);
    for number in 0..4 {
        let archive = files(&[("content", &noise(100_000, number))]);
        upload(&serving, &token, &format!("name-{number}.tar"), &archive).await;
    }
    assert_eq!(client().get(path(3)).send().await.unwrap().status(), 200);
    assert_eq!(serving.stop(), Some(0));
    // Healed: it starts without being asked to.
    Serving::start(data).kill();
}
