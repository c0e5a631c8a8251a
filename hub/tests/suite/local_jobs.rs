//! Jobs that commands do by themselves, as the real program where no hub runs.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use flisthub_hub::catalog::{Actor, Catalog, NewJob};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::archives::{files, noise};
use crate::crash::upload;
use crate::job_commands::{jobs, on, text};
use crate::postgres::{self, location};
use crate::program::{Serving, user};

#[test]
fn a_command_without_a_hub_does_the_very_job_that_waits() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    user(data, "alice");
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
        catalog.close().await;
        id
    });
    assert_eq!(on(data, &["gc", "--dry-run"]).status.code(), Some(0));
    let listed = jobs(data);
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["id"], &listed[0]["state"]), (&json!(id), &json!("succeeded")));
}

#[test]
fn what_belongs_to_another_user_is_left_to_that_one() {
    if !rustix::process::geteuid().is_root() {
        // Nobody else can give files away.
        return;
    }
    if postgres::skips("a file that belongs to another user is SQLite's") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    user(&data, "alice");
    std::os::unix::fs::chown(data.join("catalog.sqlite"), Some(12_345), None).unwrap();
    for arguments in [
        &["gc"][..],
        &["jobs"],
        &["user", "add", "bob"],
        &["user", "list"],
        &["token", "create", "--user", "alice"],
        &["audit"],
        &["catalog", "copy", "--to", "postgres"],
        &["catalog", "copy", "--to", "sqlite"],
    ] {
        let refused = on(&data, arguments);
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.contains("the user with the id 12345"), "{arguments:?}: {error}");
        assert!(error.contains("run it as"), "{arguments:?}: {error}");
    }
    assert!(!data.join("chunks").exists(), "nothing was made");

    // Made for another user, by systemd for instance, who has not come yet.
    let empty = directory.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::os::unix::fs::chown(&empty, Some(12_345), None).unwrap();
    let refused = on(&empty, &["user", "add", "alice"]);
    assert!(text(&refused.stderr).contains("run it as"), "{}", text(&refused.stderr));
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
}

/// A data directory with something in it.
fn with_content(data: &Path) {
    let token = user(data, "alice");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let serving = Serving::start(data);
    let archive = files(&[("one", &noise(300_000, 1))]);
    runtime.block_on(upload(&serving, &token, "base.tar", &archive));
    assert_eq!(serving.stop(), Some(0));
}

/// Starts a scrub without a hub that would take hours; gives it once it reads.
fn long_scrub(data: &Path) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flisthub"));
    postgres::tell(&mut child, data);
    let child = child
        .args(["scrub", "--rate", "1", "--data", data.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // `jobs` touches the catalog alone.
    while !jobs(data)
        .first()
        .is_some_and(|job| job["state"] == "running" && !job["phase"].is_null())
    {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child
}

#[test]
fn a_job_without_a_hub_ends_with_its_command() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    with_content(data);
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut child = long_scrub(data);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(jobs(data)[0]["state"], "cancelled");
    }
    let id = jobs(data)[0]["id"].as_str().unwrap().to_owned();
    let ended = on(data, &["jobs", "cancel", &id]);
    assert!(text(&ended.stderr).contains("has cancelled already"), "{}", text(&ended.stderr));
}

#[test]
fn a_job_whose_command_was_killed_has_failed() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    with_content(data);
    let mut child = long_scrub(data);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(jobs(data)[0]["state"], "running", "nobody has looked after it yet");
    let _serving = Serving::start(data);
    let job = loop {
        let job = jobs(data).remove(0);
        if job["state"] != "running" {
            break job;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["error"].as_str().unwrap().contains("the command that ran this job"), "{job}");
}
