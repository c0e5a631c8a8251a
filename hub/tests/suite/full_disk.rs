//! A full disk and a disk that takes no writes, under the real program: a small file system of its own
//! is the data directory.
//!
//! Mounting takes root. Where it is not allowed these tests say so and do nothing.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use flisthub_storage::Kind;
use reqwest::Method;
use serde_json::Value;

use crate::archives::{files, noise};
use crate::postgres;
use crate::program::{Serving, user};
use crate::support::{FORM_TYPE, Field, answer, client, form};

/// How often a hub is asked whether it has come back, and the pause between.
const TRIES: u32 = 120;
const PAUSE: Duration = Duration::from_millis(250);
/// For one answer: what takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A small file system in memory, gone when dropped.
struct Small {
    directory: Option<tempfile::TempDir>,
}

fn mount(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("mount").args(arguments).output().map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

impl Small {
    /// `None`, said aloud, where mounting is not allowed.
    fn new(size: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only root may mount a file system");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        let options = format!("size={size},mode=700");
        if let Err(reason) = mount(&["-t", "tmpfs", "-o", &options, "tmpfs", path]) {
            #[expect(clippy::disallowed_methods, reason = "test binaries have no command line")]
            let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
            assert!(!ci, "a file system cannot be mounted: {reason}");
            eprintln!("skipped: a file system cannot be mounted here: {reason}");
            return None;
        }
        Some(Self { directory: Some(directory) })
    }

    fn path(&self) -> &Path {
        self.directory.as_ref().unwrap().path()
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    fn remount(&self, how: &str) -> Result<(), String> {
        mount(&["-o", &format!("remount,{how}"), self.path().to_str().unwrap()])
    }

    fn grow(&self, size: &str) {
        self.remount(&format!("size={size}")).unwrap();
    }

    fn take_writes(&self, takes: bool) {
        self.remount(if takes { "rw" } else { "ro" }).unwrap();
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = File::options().append(true).create(true).open(self.filler()).unwrap();
        for part in [1 << 20, 4096, 1] {
            while filler.write(&vec![0; part]).is_ok_and(|written| written == part) {}
        }
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let path = self.path().to_owned();
        // Lazily: a failed test may still hold files open.
        let unmounted = Command::new("umount").arg("-l").arg(&path).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            // Removing it now would delete what is in the mounted file system.
            drop(self.directory.take().map(tempfile::TempDir::keep));
        }
    }
}

/// A hub on a small file system, and all that it has acknowledged.
struct Case {
    // The hub ends before its file system goes.
    serving: Serving,
    small: Small,
    token: String,
    /// Seeds and counts of files.
    kept: Vec<(u64, u64)>,
}

impl Case {
    fn start(size: &str) -> Option<Self> {
        Small::new(size).map(Self::on)
    }

    fn on(small: Small) -> Self {
        let token = user(&small.data(), "alice");
        let serving = Serving::start(&small.data());
        Self { serving, small, token, kept: Vec::new() }
    }

    /// Ends the hub in order and starts it again.
    fn restart(self) -> Self {
        let Self { serving, small, token, kept } = self;
        assert_eq!(serving.stop(), Some(0));
        let serving = Serving::start(&small.data());
        Self { serving, small, token, kept }
    }

    /// Uploads files made from `seed` under a name made from it. Remembers it if it is acknowledged.
    async fn upload(&mut self, seed: u64, count: u64) -> (u16, Value) {
        let contents = contents(seed, count);
        let names: Vec<String> = (0..contents.len()).map(|index| format!("{index}")).collect();
        let entries: Vec<(&str, &[u8])> =
            names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
        let request = client()
            .request(Method::POST, format!("{}/api/flist/me/upload", self.serving.url))
            .bearer_auth(&self.token)
            .header("content-type", FORM_TYPE)
            .timeout(PATIENCE)
            .body(form(&[Field::file("file", &format!("n{seed}.tar"), &files(&entries))]));
        let (status, body) = answer(request.send().await.expect("an answer, in time")).await;
        if status == 200 {
            self.kept.push((seed, count));
        }
        (status, body)
    }

    /// Whatever was acknowledged is listed, nothing else is, and all of it reads back.
    async fn check(&self) {
        let mut expected: Vec<String> =
            self.kept.iter().map(|(seed, _)| format!("alice/n{seed}.flist")).collect();
        expected.sort();
        let listed = client().get(format!("{}/api/flist", self.serving.url));
        let (status, mut names) = answer(listed.timeout(PATIENCE).send().await.unwrap()).await;
        assert_eq!(status, 200, "{names}");
        names.as_array_mut().unwrap().sort_by_key(|name| name.as_str().unwrap().to_owned());
        assert_eq!(names, serde_json::json!(expected));
        for (seed, count) in &self.kept {
            let url = format!("{}/alice/n{seed}.flist", self.serving.url);
            assert_eq!(client().get(url).timeout(PATIENCE).send().await.unwrap().status(), 200);
            let contents = contents(*seed, *count);
            let ids = contents.iter().flat_map(|content| *Kind::Content.id_of(content).as_bytes());
            let url = format!("{}/api/v1/repositories/alice/chunks", self.serving.url);
            let request = client().post(url).timeout(PATIENCE).body(ids.collect::<Vec<u8>>());
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 200);
            // The hub hashes what it gives; noise does not shrink.
            let bytes = response.bytes().await.expect("the whole answer");
            assert!(bytes.len() > contents.iter().map(Vec::len).sum());
        }
    }

    /// Asks until an upload is taken. The hub tries by itself every two seconds.
    async fn comes_back(&mut self, seed: u64) {
        let mut last = None;
        for _ in 0..TRIES {
            let (status, body) = self.upload(seed, 2).await;
            if status == 200 {
                return;
            }
            assert!(matches!(status, 503 | 507), "{status}: {body}");
            last = Some((status, body));
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the hub does not come back: {last:?}");
    }

    /// Whether a write of the catalog alone is refused: a deletion of the first name.
    async fn delete(&self, seed: u64) -> (u16, String) {
        let url = format!("{}/api/v1/flists/alice/n{seed}", self.serving.url);
        let request = client().delete(url).bearer_auth(&self.token).timeout(PATIENCE);
        let response = request.send().await.expect("an answer, in time");
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

/// What an upload holds: so many files, each one chunk.
fn contents(seed: u64, count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|index| noise(400_000, seed * 1000 + index)).collect()
}

#[tokio::test]
async fn a_full_disk_refuses_writes_reads_on_and_comes_back() {
    if postgres::skips("SQLite's file is on the disk that is full") {
        return;
    }
    let Some(mut case) = Case::start("96m") else { return };
    assert_eq!(case.upload(1, 2).await.0, 200);
    // Until nothing goes in any more: in the middle of an upload.
    let mut refused = None;
    for seed in 2..40 {
        let (status, body) = case.upload(seed, 25).await;
        if status != 200 {
            refused = Some((status, body));
            break;
        }
    }
    let (status, body) = refused.expect("96 MiB are less than 38 uploads of 10 MB");
    println!("filled by uploads: {status} {body}");
    assert_eq!(status, 507, "{body}");
    assert!(body.to_string().contains("disk is full"), "{body}");
    case.check().await;
    // Not a byte left: neither the chunk store nor the catalog can write. Trying to recover frees a
    // little (what is in the log goes into files), so it is taken again.
    let mut refused = 0;
    for seed in 50..90 {
        case.small.fill();
        let (status, body) = case.upload(seed, 1).await;
        assert!(matches!(status, 200 | 507), "{status}: {body}");
        refused += u32::from(status == 507);
        if refused == 3 {
            break;
        }
    }
    assert_eq!(refused, 3);
    case.check().await;
    case.small.fill();
    let (status, body) = case.delete(1).await;
    println!("a deletion: {status} {body}");
    assert!(status == 507 && body.contains("disk_full"), "{status}: {body}");
    case.check().await;
    // The uploads left files behind that no name needs; what the filler took is enough for more.
    case.small.grow("256m");
    case.small.make_room();
    case.comes_back(60).await;
    assert_eq!(case.upload(61, 25).await.0, 200);
    case.check().await;
    case.restart().check().await;
}

#[test]
fn a_hub_does_not_start_where_it_cannot_write() {
    if postgres::skips("SQLite's file is on the disk that is full") {
        return;
    }
    let Some(small) = Small::new("16m") else { return };
    user(&small.data(), "alice");
    small.fill();
    refused(&small, &["full", "No space left"]);
    small.make_room();
    small.take_writes(false);
    refused(&small, &["read-only", "Read-only", "readonly"]);
    small.take_writes(true);
    assert_eq!(Serving::start(&small.data()).stop(), Some(0));
}

/// Starting ends with exit code 1 and one of `words`. A hub that would run is ended by `timeout`.
fn refused(small: &Small, words: &[&str]) {
    let data = small.data();
    let output = Command::new("timeout")
        .args(["30", env!("CARGO_BIN_EXE_flisthub"), "serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("start: {:?} {text}", output.status);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(words.iter().any(|word| text.contains(word)), "{text}");
    assert!(!text.contains("panicked"), "{text}");
}
