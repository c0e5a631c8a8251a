//! `flisthub gc`, `space`, `jobs` and their kind as the real program: with a hub, without one, and with one
//! that was killed.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use flisthub_hub::catalog::{Actor, Catalog, Claim, JobState, Lane, NewJob};
use flisthub_hub::jobs::JobError;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::archives::{files, noise};
use crate::control::control;
use crate::crash::upload;
use crate::jobs::{doing, running, until_told};
use crate::postgres::{self, location};
use crate::program::{Serving, flisthub, user};
use crate::support::client;

pub(crate) fn on(data: &Path, arguments: &[&str]) -> Output {
    flisthub(&[arguments, &["--data", data.to_str().unwrap()]].concat())
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn jobs(data: &Path) -> Vec<Value> {
    let output = on(data, &["jobs", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs the program while this test's runtime goes on.
async fn beside(data: &Path, arguments: &'static [&'static str]) -> Output {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || on(&data, arguments)).await.unwrap()
}

#[test]
fn a_command_works_with_a_hub_and_without() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    user(data, "alice");
    let without = on(data, &["gc", "--dry-run", "--grace", "24h", "--json"]);
    assert_eq!(without.status.code(), Some(0), "{}", text(&without.stderr));
    let serving = Serving::start(data);
    let with = on(data, &["gc", "--dry-run", "--grace", "1h", "--json"]);
    assert_eq!(with.status.code(), Some(0), "{}", text(&with.stderr));
    for (output, grace) in [(&without, 86_400), (&with, 3_600)] {
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&report["dry_run"], &report["grace_seconds"]), (&json!(true), &json!(grace)));
    }
    let listed = jobs(data);
    assert_eq!(listed.len(), 2);
    for (job, grace) in listed.iter().zip([3_600, 86_400]) {
        assert_eq!((&job["kind"], &job["state"]), (&json!("sweep"), &json!("succeeded")));
        assert_eq!(job["arguments"]["grace_seconds"], grace);
    }
    // For people.
    let report = on(data, &["gc", "--dry-run"]);
    assert!(text(&report.stdout).contains("dry run: yes"), "{}", text(&report.stdout));
    assert_eq!(text(&on(data, &["jobs"]).stdout).lines().count(), 3);
    assert_eq!(serving.stop(), Some(0));
    assert!(!data.join("control.sock").exists());
    assert_eq!(jobs(data).len(), 3);
}

#[test]
fn space_why_and_undelete_work_with_a_hub_and_without() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let token = user(data, "alice");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let archive = files(&[("one", &noise(100_000, 1))]);
    let id = flisthub_storage::Kind::Content.id_of(&noise(100_000, 1)).to_string();
    let publish = |serving: &Serving| {
        runtime.block_on(upload(serving, &token, "base.tar", &archive));
        let path = format!("{}/api/flist/me/base", serving.url);
        let gone = client().delete(path).bearer_auth(&token);
        assert_eq!(runtime.block_on(gone.send()).unwrap().status(), 200);
    };
    let check = || {
        let back = on(data, &["undelete", "alice/base"]);
        assert_eq!(back.status.code(), Some(0), "{}", text(&back.stderr));
        assert_eq!(text(&back.stdout), "alice/base is back\n");
        for (name, words) in [("alice/base", "is there"), ("base", "repository/name")] {
            let output = on(data, &["undelete", name]);
            assert_eq!(output.status.code(), Some(1));
            assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
        }
        let space: Value = serde_json::from_slice(&on(data, &["space", "--json"]).stdout).unwrap();
        assert_eq!(space["flists"][0]["names"], json!(["alice/base"]), "{space}");
        assert_eq!(space["repositories"].as_array().unwrap().len(), 1);
        let why = on(data, &["why", &id]);
        let shown = text(&why.stdout);
        assert!(shown.contains("path: /one") && shown.contains("repository: alice"), "{shown}");
        let none = on(data, &["why", "xyz"]);
        assert!(text(&none.stderr).contains("no id of a stored object"));
    };
    let serving = Serving::start(data);
    publish(&serving);
    check();
    let gone = client().delete(format!("{}/api/flist/me/base", serving.url));
    let gone = runtime.block_on(gone.bearer_auth(&token).send()).unwrap();
    assert_eq!(gone.status(), 200);
    assert_eq!(serving.stop(), Some(0));
    check();
}

#[test]
fn jobs_of_a_killed_hub_run_when_it_starts_again() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    user(data, "alice");
    Serving::start(data).kill();
    assert!(data.join("control.sock").exists(), "a killed hub leaves its socket");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let id = runtime.block_on(async {
        let catalog = Catalog::at(&location(data)).await.unwrap();
        let arguments = r#"{"kind":"sweep","dry_run":true}"#.to_owned();
        let job = NewJob {
            kind: "sweep",
            arguments,
            by: &Actor::operator(),
            detail: None,
            repository_id: None,
        };
        let id = catalog.insert_job(&job, 1).await.unwrap().id;
        // As the hub left it that was killed while it ran.
        let row = catalog.claim_job(Claim::Oldest(Lane::Upkeep), 2).await.unwrap().unwrap();
        assert_eq!((&row.id, row.state), (&id, JobState::Running));
        catalog.close().await;
        id
    });
    // A command without a hub does its own job and leaves the other for the hub.
    assert_eq!(on(data, &["gc", "--dry-run", "--grace", "1h"]).status.code(), Some(0));
    let listed = jobs(data);
    assert_eq!((&listed[1]["id"], &listed[1]["state"]), (&json!(id), &json!("queued")));
    assert_eq!((&listed[0]["state"], &listed[1]["attempts"]), (&json!("succeeded"), &json!(1)));
    let serving = Serving::start(data);
    while jobs(data)[1]["state"] != "succeeded" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn what_cannot_be_done_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let nowhere = on(&data, &["gc"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(text(&nowhere.stderr).contains("no data directory"), "{}", text(&nowhere.stderr));
    assert!(!data.exists(), "and nothing is made");
    let empty = on(directory.path(), &["scrub"]);
    assert!(text(&empty.stderr).contains("no catalog"), "{}", text(&empty.stderr));

    user(&data, "alice");
    for (arguments, words) in [
        (&["gc", "--grace", "never"][..], "24h"),
        (&["gc", "--grace", "0s"], "24h"),
        (&["scrub", "--rate", "fast"], "100M"),
        (&["backup", "/b", "--keep", "0"], "--keep"),
        (&["jobs", "cancel", "nothing"], "no job nothing"),
    ] {
        let output = on(&data, arguments);
        assert!(!output.status.success(), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
    // A hub whose socket is gone still has the store.
    let _serving = Serving::start(&data);
    std::fs::remove_file(data.join("control.sock")).unwrap();
    let locked = on(&data, &["gc"]);
    assert_eq!(locked.status.code(), Some(1));
    let error = text(&locked.stderr);
    assert!(error.contains("control.sock") && error.contains("another process"), "{error}");
    // The catalog is for everybody.
    assert_eq!(jobs(&data), [] as [Value; 0]);
}

#[tokio::test]
async fn a_scrub_that_finds_damage_does_not_end_well() {
    for (sound, code) in [(true, 0), (false, 2)] {
        let hub = doing(move |_, _| Ok(json!({ "sound": sound }))).await;
        let (_, _served) = control(&hub);
        let output = beside(&hub.data(), &["scrub"]).await;
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("sound: "));
        assert_eq!(beside(&hub.data(), &["space"]).await.status.code(), Some(0));
    }
}

#[tokio::test]
async fn a_failure_is_told_and_nothing_in_it_reaches_the_terminal() {
    let hub = doing(|_, monitor| {
        monitor.note("found a\u{1b}[31m name".to_owned());
        Err(JobError::Failed { code: "disk_full", message: "the disk is full".to_owned() })
    })
    .await;
    let (_, _served) = control(&hub);
    let output = beside(&hub.data(), &["gc"]).await;
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("the sweep failed: the disk is full"), "{error}");
    assert!(error.contains("found a\\u{1b}[31m name"), "{error}");
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn ctrl_c_asks_for_the_end_and_waits_for_it() {
    let hub = doing(until_told).await;
    let (_, _served) = control(&hub);
    let mut child = Command::new(env!("CARGO_BIN_EXE_flisthub"));
    postgres::tell(&mut child, &hub.data());
    let child = child
        .args(["scrub", "--data", hub.data().to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = loop {
        if let Some(row) = hub.hub.catalog.jobs(None, None, 1).await.unwrap().pop() {
            break row.id;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    running(&hub.hub, &id).await;
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let output = output.await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("scrub: cancelled"));
    let row = hub.hub.catalog.job(&id).await.unwrap().unwrap();
    assert_eq!(row.state, JobState::Cancelled);
}
