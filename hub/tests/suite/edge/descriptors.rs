//! A hub that runs out of descriptors stays up, loses nothing, and serves again when there are some.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use super::crowd::{address, raise, upload};
use super::{alive, connect, until};
use crate::archives::noise;
use crate::postgres;
use crate::program::{Serving, user};
use crate::support::client;

/// How long an answer is waited for that may never come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program with at most so many descriptors.
fn limited(data: &Path, config: &Path, most: u32) -> Serving {
    let mut command = Command::new("sh");
    postgres::tell(&mut command, data);
    let mut child = command
        .args(["-c", &format!("ulimit -n {most} && exec \"$@\""), "sh"])
        .arg(env!("CARGO_BIN_EXE_flisthub"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(config)
        .arg("--data")
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").expect("the line that says where");
    Serving { url: url.to_owned(), child }
}

struct Case {
    directory: tempfile::TempDir,
    token: String,
    kept: Vec<String>,
}

impl Case {
    fn new() -> Self {
        raise();
        let directory = tempfile::tempdir().unwrap();
        let token = user(&directory.path().join("data"), "alice");
        let text = "[limits]\nconnections_per_address = 0\nidle_seconds = 3600\n";
        std::fs::write(directory.path().join("hub.toml"), text).unwrap();
        Self { directory, token, kept: Vec::new() }
    }

    fn start(&self, most: u32) -> Serving {
        let path = self.directory.path();
        limited(&path.join("data"), &path.join("hub.toml"), most)
    }

    /// Uploads some megabytes; remembers the name if it is acknowledged.
    async fn upload(&mut self, client: &reqwest::Client, serving: &Serving, seed: u64) -> bool {
        let name = format!("n{seed}");
        let content = noise(3 << 20, seed);
        let sent = upload(client, serving, &self.token, &name, &content).await;
        let taken = matches!(sent, Ok(200));
        if taken {
            self.kept.push(name);
        }
        taken
    }

    /// All that was acknowledged is there, and reads back.
    async fn check(&self, client: &reqwest::Client, serving: &Serving) {
        let names = client.get(format!("{}/api/flist", serving.url)).send().await.unwrap();
        let names: Value = names.json().await.unwrap();
        for name in &self.kept {
            assert!(names.as_array().unwrap().contains(&json!(format!("alice/{name}.flist"))));
            let path = format!("{}/api/v1/flists/alice/{name}/files/a", serving.url);
            let bytes = client.get(path).send().await.unwrap().bytes().await.unwrap();
            assert_eq!(bytes, noise(3 << 20, name[1..].parse().unwrap()), "{name}");
        }
    }
}

#[tokio::test]
async fn more_connections_than_descriptors_leave_the_store_its_own() {
    let mut case = Case::new();
    let serving = case.start(256);
    let at = address(&serving);
    // One connection that is open before the others come.
    let client = client();
    assert!(case.upload(&client, &serving, 1).await);
    let mut crowd = Vec::new();
    for _ in 0..300 {
        // Once the hub and the system's queue are full nobody gets in.
        let connecting = tokio::time::timeout(Duration::from_secs(1), connect(at));
        let Ok(stream) = connecting.await else { break };
        crowd.push(stream);
    }
    assert!(crowd.len() > 50, "{}", crowd.len());
    assert!(alive(&mut crowd[0]).await);
    for seed in 2..6 {
        assert!(case.upload(&client, &serving, seed).await, "{seed}");
    }
    case.check(&client, &serving).await;
    drop(crowd);
    until(async || alive(&mut connect(at).await).await).await;
    drop(client);
    assert_eq!(serving.stop(), Some(0));
    let serving = case.start(1_024);
    case.check(&crate::support::client(), &serving).await;
}

#[tokio::test]
async fn a_hub_without_any_descriptor_comes_back() {
    let mut case = Case::new();
    let serving = case.start(1_024);
    let client = client();
    for seed in 1..4 {
        assert!(case.upload(&client, &serving, seed).await);
    }
    let pid = Pid::from_child(&serving.child);
    let before = prlimit(Some(pid), Resource::Nofile, few()).unwrap();
    // Nothing can be opened any more, no connection either: what is asked is answered somehow, or is not.
    // What is acknowledged is kept.
    for seed in 4..8 {
        let upload = case.upload(&client, &serving, seed);
        let _ = tokio::time::timeout(PATIENCE, upload).await;
    }
    prlimit(Some(pid), Resource::Nofile, before).unwrap();
    let mut seed = 8;
    until(async || {
        seed += 1;
        let upload = case.upload(&client, &serving, seed);
        tokio::time::timeout(PATIENCE, upload).await.unwrap_or(false)
    })
    .await;
    case.check(&client, &serving).await;
    drop(client);
    assert_eq!(serving.stop(), Some(0));
    let serving = case.start(1_024);
    case.check(&crate::support::client(), &serving).await;
}

/// Fewer than are open.
fn few() -> Rlimit {
    Rlimit { current: Some(3), maximum: Some(1_024) }
}

#[test]
fn too_few_descriptors_are_told_at_start() {
    let case = Case::new();
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 100 && exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_flisthub"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(case.directory.path().join("data"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ulimit -n"), "{said}");
}
