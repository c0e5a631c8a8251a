//! Running other programs, and short ways to the crate's functions.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use flisthub_converter::{
    ConvertError, ExtractOptions, ExtractReport, IngestOptions, Ingested, extract, ingest_archive,
    ingest_directory,
};
use flisthub_flist::{Entry, Tree, TreePath};
use flisthub_storage::{
    ChunkId, ChunkStore, Frame, Kind, MemoryStore, PutReport, Stat, StoreError, StoreStats,
};

/// Says why a test is skipped, on standard error where the test runner's `--nocapture` shows it, and
/// on the terminal always.
pub(crate) fn skip(why: &str) {
    eprintln!("SKIPPED: {why}");
    drop(std::fs::write("/dev/tty", format!("SKIPPED: {why}\n")));
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn has(program: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}

/// Runs a shell script with `$1`, `$2`, ... and gives what it wrote.
pub(crate) fn shell(script: &str, arguments: &[&Path]) -> Vec<u8> {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script, "bash"])
        .args(arguments)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {told}");
    output.stdout
}

pub(crate) fn ingest(archive: &[u8], store: &dyn ChunkStore) -> Result<Ingested, ConvertError> {
    ingest_archive(archive, store, &IngestOptions::default())
}

pub(crate) fn scan(directory: &Path, store: &dyn ChunkStore) -> Ingested {
    ingest_directory(directory, store, &IngestOptions::default()).unwrap()
}

pub(crate) fn write_out(store: &dyn ChunkStore, flist: &Ingested, to: &Path) -> ExtractReport {
    extract(store, flist.flist, to, &ExtractOptions::default()).unwrap()
}

/// All entries of an archive that must be good.
pub(crate) fn entries(archive: &[u8]) -> Vec<(TreePath, Entry)> {
    let store = MemoryStore::new();
    let ingested = ingest(archive, &store).unwrap();
    entries_of(&store, &ingested)
}

pub(crate) fn entries_of(store: &MemoryStore, ingested: &Ingested) -> Vec<(TreePath, Entry)> {
    let dyn_store: &dyn ChunkStore = store;
    Tree::of(&ingested.manifest).walk(dyn_store).map(Result::unwrap).collect()
}

/// The one entry at `path`.
pub(crate) fn entry(archive: &[u8], path: &str) -> Entry {
    let found = entries(archive).into_iter().find(|(at, _)| at.as_bytes() == path.as_bytes());
    found.unwrap_or_else(|| panic!("{path} is not there")).1
}

/// The error, with all of its causes, of an archive that must be bad.
pub(crate) fn refusal(archive: &[u8]) -> String {
    refusal_with(archive, &IngestOptions::default())
}

pub(crate) fn refusal_with(archive: &[u8], options: &IngestOptions) -> String {
    let store = Recorder::default();
    let error = ingest_archive(archive, &store, options).expect_err("should be refused");
    assert!(error.is_bad_input(), "{error:?}");
    assert_eq!(store.put(Kind::Manifest), 0, "a refused archive must leave no manifest");
    whole(&error)
}

/// A store that remembers what was put, and can be told to fail.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) inner: MemoryStore,
    put: Mutex<Vec<(Kind, ChunkId)>>,
    /// Frames after which every put fails.
    pub(crate) fails_after: Option<usize>,
}

impl Recorder {
    /// How many objects of that kind were put, counting again what was put again.
    pub(crate) fn put(&self, kind: Kind) -> usize {
        self.put.lock().unwrap().iter().filter(|(put, _)| *put == kind).count()
    }

    pub(crate) fn all_put(&self) -> usize {
        self.put.lock().unwrap().len()
    }

    pub(crate) fn forget(&self) {
        self.put.lock().unwrap().clear();
    }
}

impl ChunkStore for Recorder {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.inner.stat(ids)
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.inner.get_frames(ids)
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        let mut put = self.put.lock().unwrap();
        if self.fails_after.is_some_and(|most| put.len() >= most) {
            return Err(StoreError::backend("the disk is full"));
        }
        put.extend(frames.iter().map(|frame| (frame.kind(), frame.id())));
        self.inner.put(frames)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.inner.stats()
    }
}

pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
