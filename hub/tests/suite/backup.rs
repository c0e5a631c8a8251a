//! Backups of a running hub, and what is restored from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flisthub_hub::backup::BackupError;
use flisthub_hub::catalog::{Actor, Claim, JobState, Lane, NewJob};
use flisthub_storage::{ChunkId, Silent};
use reqwest::Method;

use crate::archives::{files, noise};
use crate::backup_support::{CancelAfter, Place, names, open};
use crate::postgres;
use crate::support::{TestHub, answer};

async fn upload(hub: &TestHub, token: &str, name: &str, size: usize, seed: u64) -> ChunkId {
    let archive = files(&[("big", &noise(size, seed)), ("small", &seed.to_be_bytes())]);
    let (status, body) = answer(hub.upload(token, &format!("{name}.tar"), &archive).await).await;
    assert_eq!(status, 200, "{body}");
    body["payload"]["report"]["flist"].as_str().unwrap().parse().unwrap()
}

async fn delete(hub: &TestHub, token: &str, name: &str) {
    let path = format!("/api/v1/flists/alice/{name}");
    let deleted = hub.request(Method::DELETE, &path).bearer_auth(token).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
}

/// Uploads, overwrites and deletes until told to end. `kept` has what was acknowledged and stays.
async fn write(
    hub: &TestHub,
    token: &str,
    writer: u64,
    end: &AtomicBool,
    kept: &Mutex<BTreeMap<String, ChunkId>>,
) {
    for round in 0.. {
        if end.load(Ordering::SeqCst) {
            return;
        }
        let seed = writer * 1_000_000 + round;
        let size = if round % 5 == 0 { 2_000_000 } else { 5_000 };
        let id = upload(hub, token, &format!("kept-{seed}"), size, seed).await;
        kept.lock().unwrap().insert(format!("alice/kept-{seed}"), id);
        upload(hub, token, &format!("moves-{writer}"), 6_000, seed + 500_000).await;
        upload(hub, token, &format!("goes-{writer}"), 7_000, seed + 600_000).await;
        delete(hub, token, &format!("goes-{writer}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_load_reads_back_whole() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let (end, kept) = (AtomicBool::new(false), Mutex::new(BTreeMap::new()));
    let place = Place::new();
    let writers = async {
        let write = |writer| write(&hub, &token, writer, &end, &kept);
        tokio::join!(write(0), write(1), write(2), write(3))
    };
    let backups = async {
        for _ in 0..6 {
            let before = kept.lock().unwrap().clone();
            let report = place.run(&hub.hub).await;
            let restored = place.read_back(Some(&report.snapshot)).await;
            for (name, id) in before {
                assert_eq!(restored.get(&name), Some(&id), "acknowledged before the backup");
            }
        }
        end.store(true, Ordering::SeqCst);
    };
    tokio::join!(writers, backups);
    place.run(&hub.hub).await;
    assert_eq!(place.read_back(None).await, names(&hub.hub).await);
}

#[tokio::test]
async fn a_second_backup_copies_only_what_is_new() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let place = Place::new();
    upload(&hub, &token, "one", 8_000_000, 1).await;
    let first = place.run(&hub.hub).await;
    assert_eq!((first.copied_files, first.copied_bytes), (first.files, first.bytes));
    assert!(first.bytes > 8_000_000, "{first:?}");
    let before = place.files();

    upload(&hub, &token, "two", 3_000_000, 2).await;
    let second = place.run(&hub.hub).await;
    assert!((3_000_000..4_000_000).contains(&second.copied_bytes), "{second:?}");
    assert!(second.bytes > 11_000_000 && second.read_bytes < 4_000_000, "{second:?}");
    let after = place.files();
    let added: u64 = after
        .iter()
        .filter(|(path, _)| path.starts_with("files/") && !before.contains_key(*path))
        .map(|(_, bytes)| bytes)
        .sum();
    assert_eq!(added, second.copied_bytes, "what is reported is what was added");
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));

    let third = place.run(&hub.hub).await;
    assert!(third.read_bytes < 500_000, "nothing changed: {third:?}");
    for (report, names) in [(&first, 1), (&second, 2), (&third, 2)] {
        assert_eq!(place.read_back(Some(&report.snapshot)).await.len(), names);
        assert_eq!(report.flists, names as u64);
    }
}

#[tokio::test]
async fn an_interrupted_backup_harms_nothing_and_is_finished_by_the_next() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let place = Place::new();
    upload(&hub, &token, "one", 3_000_000, 1).await;
    let whole = place.run(&hub.hub).await;
    for round in 2..6 {
        upload(&hub, &token, "two", 5_000_000, round).await;
        // So that each comes to lie in a file of its own.
        let store = hub.hub.disk.as_ref().unwrap().store.clone();
        store.checkpoint(&place.path(&format!("checkpoint-{round}"))).unwrap();
    }
    for after in [1, 4_000_000, 11_000_000, 21_000_000] {
        let cancel = CancelAfter(after, AtomicU64::new(0));
        let error = place.run_with(&hub.hub, Some(1), cancel).await.unwrap_err();
        assert!(matches!(error, BackupError::Cancelled), "{error}");
        assert_eq!(place.read_back(None).await.len(), 1, "the one from before");
        let data = hub.hub.disk.as_ref().unwrap().data.path();
        assert!(!data.join("backup").exists(), "the checkpoint is removed");
    }
    // A kill leaves more behind: a torn line, a partial copy, the checkpoint.
    let data = hub.hub.disk.as_ref().unwrap().data.path().to_owned();
    fs::create_dir_all(data.join("backup/chunks")).unwrap();
    fs::write(data.join("backup/catalog.sqlite"), "old").unwrap();
    fs::write(place.backup().join("files/partial"), "half a file").unwrap();
    let list = place.backup().join("unfinished");
    let mut lines = fs::read(&list).unwrap();
    assert!(lines.len() > 50, "large files were copied before the end");
    lines.extend(b"\n{\"path\":\"chunks/0000");
    fs::write(&list, lines).unwrap();

    let report = place.run(&hub.hub).await;
    assert!(report.read_bytes < 10_000_000, "most was copied before: {report:?}");
    assert_eq!(place.read_back(None).await.len(), 2);
    assert_eq!(place.read_back(Some(&whole.snapshot)).await.len(), 1);
    assert!(!place.backup().join("unfinished").exists());
    assert!(!data.join("backup").exists());
}

#[tokio::test]
async fn only_the_newest_snapshots_are_kept_with_their_files() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let place = Place::new();
    let mut reports = Vec::new();
    for round in 0..4 {
        upload(&hub, &token, &format!("name-{round}"), 500_000, round).await;
        reports.push(place.run(&hub.hub).await);
    }
    // As a crash in the middle of dropping leaves it: a snapshot is gone, its files are not.
    let first = place.backup().join(format!("snapshots/{}.snapshot", reports[0].snapshot));
    fs::remove_file(first).unwrap();
    let last = place.run_with(&hub.hub, Some(2), Silent).await.unwrap();
    let pruned = last.pruned.unwrap();
    assert_eq!(pruned.snapshots, 2);
    assert!(pruned.files > 0 && pruned.bytes > 0);
    let files = place.files();
    let mut used = BTreeSet::new();
    for report in [&reports[3], &last] {
        let path = format!("snapshots/{}.snapshot", report.snapshot);
        assert!(files.contains_key(&path));
        let snapshot = place.snapshot(&report.snapshot);
        used.extend(snapshot.files.iter().map(|file| format!("files/{}", file.blake3)));
        assert_eq!(place.read_back(Some(&report.snapshot)).await.len(), 4);
    }
    let left: BTreeSet<String> =
        files.keys().filter(|path| path.starts_with("files/")).cloned().collect();
    assert_eq!(left, used);
    assert_eq!(files.keys().filter(|path| path.starts_with("snapshots/")).count(), 2);
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_keeps_every_file() {
    let hub = TestHub::start().await;
    let place = Place::new();
    let first = place.run(&hub.hub).await;
    let second = place.run(&hub.hub).await;
    let path = place.backup().join(format!("snapshots/{}.snapshot", second.snapshot));
    let good = fs::read(&path).unwrap();
    fs::write(&path, "torn").unwrap();
    let error = place.run_with(&hub.hub, Some(2), Silent).await.unwrap_err();
    assert!(error.to_string().contains(&second.snapshot), "{error}");
    fs::write(&path, good).unwrap();
    place.read_back(Some(&first.snapshot)).await;
    place.read_back(Some(&second.snapshot)).await;
    place.read_back(None).await;
}

#[tokio::test]
async fn a_snapshot_that_somebody_renamed_keeps_every_file() {
    let hub = TestHub::start().await;
    let place = Place::new();
    let first = place.run(&hub.hub).await;
    let folder = place.backup().join("snapshots");
    let name = folder.join(format!("{}.snapshot", first.snapshot));
    let renamed = folder.join("before-the-move.snapshot");
    fs::rename(&name, &renamed).unwrap();
    let error = place.run_with(&hub.hub, Some(1), Silent).await.unwrap_err();
    assert!(error.to_string().contains("before-the-move.snapshot: this is no"), "{error}");
    fs::rename(&renamed, &name).unwrap();
    place.read_back(Some(&first.snapshot)).await;
    place.read_back(None).await;
}

#[tokio::test]
async fn what_a_killed_hub_left_goes_when_the_next_one_starts() {
    let place = Place::new();
    let data = place.path("data");
    drop(open(&data).await);
    for left in ["backup/chunks", "backup.old-1", "backup.old-7/deep"] {
        fs::create_dir_all(data.join(left)).unwrap();
        fs::write(data.join(left).join("000001.sst"), "large").unwrap();
    }
    fs::write(data.join("backup.md"), "somebody's own").unwrap();
    let hub = open(&data).await;
    assert!(!data.join("backup").exists(), "it is out of the way at once");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&data).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    while names().iter().any(|name| name.starts_with("backup.old-")) {
        std::thread::yield_now();
    }
    assert!(names().iter().any(|name| name == "backup.md"));
    place.run(&hub).await;
}

#[tokio::test]
async fn a_backup_is_for_its_owner_alone_and_looks_as_documented() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    upload(&hub, &token, "one", 500_000, 1).await;
    let place = Place::new();
    let report = place.run(&hub.hub).await;
    let mode = |path: &str| {
        let found = fs::metadata(place.backup().join(path)).unwrap();
        found.permissions().mode() & 0o777
    };
    for folder in ["", "files", "snapshots"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    let files = place.files();
    assert!(files.keys().all(|path| mode(path) == 0o600));
    let version = fs::read(place.backup().join("flisthub-backup")).unwrap();
    assert_eq!(version, b"flisthub backup 1\n");
    let snapshot = format!("snapshots/{}.snapshot", report.snapshot);
    assert_eq!(report.snapshot, "20270115T080000Z-1");
    for path in files.keys() {
        let named = path.strip_prefix("files/").is_some_and(|name| {
            let content = fs::read(place.backup().join(path)).unwrap();
            name == blake3::hash(&content).to_hex().as_str()
        });
        assert!(named || ["flisthub-backup", "lock", &snapshot].contains(&path.as_str()), "{path}");
    }
    let (data, _) = place.restore(None).await;
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    if !postgres::skips("the mode of SQLite's file") {
        let catalog = fs::metadata(data.join("catalog.sqlite")).unwrap();
        assert_eq!(catalog.permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn jobs_of_back_then_are_not_done_by_the_restored_hub() {
    let place = Place::new();
    let hub = open(&place.path("data")).await;
    let job = NewJob {
        kind: "sweep",
        arguments: "{}".to_owned(),
        by: &Actor::operator(),
        detail: None,
        repository_id: None,
    };
    let running = hub.catalog.insert_job(&job, 1).await.unwrap();
    hub.catalog.claim_job(Claim::Oldest(Lane::Upkeep), 2).await.unwrap().unwrap();
    let queued = hub.catalog.insert_job(&job, 3).await.unwrap();
    place.run(&hub).await;
    let (data, _) = place.restore(None).await;
    let restored = open(&data).await;
    for id in [running.id, queued.id] {
        let row = restored.catalog.job(&id).await.unwrap().unwrap();
        assert_eq!(row.state, JobState::Failed);
        assert!(row.error.unwrap().contains("restored from a backup"));
    }
}
