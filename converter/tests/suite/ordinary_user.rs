//! What an ordinary user gets: everything but what needs root, told once.
//!
//! The process must be an ordinary user's, so the test program runs itself again as one.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use flisthub_converter::{
    ConvertError, ExtractOptions, IngestOptions, NotRestored, extract, ingest_directory,
};
use flisthub_flist::TreePath;
use flisthub_storage::{ChunkStore, MemoryStore, RocksOptions, RocksStore, SystemClock};

use crate::compare::snapshot;
use crate::sample::{Extent, make, mode};
use crate::tools::{is_root, scan, shell, skip};

const NOBODY: u32 = 65534;

/// Runs the named test, which does nothing otherwise, as an ordinary user in `directory`.
fn as_nobody(test: &str, directory: &Path) {
    // Where the program itself stands may be closed to others. Copied by another process: a child that
    // some other test starts at this moment would keep a file of ours open for writing, and what is
    // open for writing cannot be run.
    let copy = directory.join("test-program");
    let program = std::env::current_exe().unwrap();
    shell("install -m 755 \"$1\" \"$2\"", &[&program, &copy]);
    let output = Command::new(copy)
        .args(["--exact", test, "--nocapture", "--ignored"])
        .current_dir(directory)
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

fn open(path: &Path) -> RocksStore {
    RocksStore::open(path, &RocksOptions::default(), Arc::new(SystemClock)).unwrap()
}

#[test]
fn an_ordinary_user_is_told_once_what_needs_root() {
    if !is_root() {
        return skip("making devices and owners needs root");
    }
    let work = tempfile::tempdir().unwrap();
    mode(work.path(), 0o755);
    make(&work.path().join("from"), Extent::Whole);
    {
        let store = open(&work.path().join("store"));
        let flist = scan(&work.path().join("from"), &store).flist;
        store.flush().unwrap();
        std::fs::write(work.path().join("flist"), flist.to_string()).unwrap();
    }
    std::fs::create_dir(work.path().join("out")).unwrap();
    for path in ["out", "store"] {
        shell("chown -R 65534:65534 \"$1\"", &[&work.path().join(path)]);
    }
    as_nobody("ordinary_user::extract_as_nobody", work.path());
    // Apart from what was counted, all is as it was.
    let (before, after) =
        (snapshot(&work.path().join("from")), snapshot(&work.path().join("out/to")));
    for (path, expected) in &before {
        let shown = String::from_utf8_lossy(path);
        let Some(found) = after.get(path) else {
            assert!(expected.kind.contains("device"), "{shown} is missing");
            continue;
        };
        assert_eq!(found.kind, expected.kind, "{shown}");
        assert_eq!(found.mtime, expected.mtime, "{shown}");
        assert_eq!(found.mode, expected.mode & 0o1777, "{shown}");
        assert_eq!(found.owner, (NOBODY, NOBODY), "{shown}");
        assert_eq!(found.same_as, expected.same_as, "{shown}");
        assert_eq!(found.holes, expected.holes, "{shown}");
    }
    assert_eq!(after.len() + 2, before.len());
    let small = &after[&b"small"[..]].xattrs;
    assert_eq!(small, &before[&b"small"[..]].xattrs);
}

#[test]
#[ignore = "run by an_ordinary_user_is_told_once_what_needs_root as another user"]
fn extract_as_nobody() {
    let store = open(Path::new("store"));
    let flist = std::fs::read_to_string("flist").unwrap().parse().unwrap();
    let report = extract(&store, flist, Path::new("out/to"), &ExtractOptions::default()).unwrap();
    let skipped = &report.needs_root.skipped;
    let of = |what| skipped.get(&what).map_or(0, |skipped| skipped.count);
    assert_eq!(of(NotRestored::Device), 2);
    // The setgid directory and the program.
    assert_eq!(of(NotRestored::SetId), 2);
    assert!(of(NotRestored::Owner) > 10);
    // trusted.* twice, the capability.
    assert_eq!(of(NotRestored::Xattr), 3);
    assert_eq!(skipped[&NotRestored::Device].example, TreePath::parse(b"disk").unwrap());
    let told = report.needs_root.to_string();
    assert!(told.contains("devices of 2 entries (such as disk)"), "{told}");
}

#[test]
fn what_may_not_be_read_is_told_by_its_path() {
    if !is_root() {
        return skip("becoming another user needs root");
    }
    let work = tempfile::tempdir().unwrap();
    mode(work.path(), 0o755);
    std::fs::create_dir_all(work.path().join("tree/closed")).unwrap();
    std::fs::write(work.path().join("file"), "x").unwrap();
    mode(&work.path().join("tree/closed"), 0o700);
    as_nobody("ordinary_user::read_as_nobody", work.path());
}

#[test]
#[ignore = "run by what_may_not_be_read_is_told_by_its_path as another user"]
fn read_as_nobody() {
    let result =
        ingest_directory(Path::new("tree"), &MemoryStore::new(), &IngestOptions::default());
    let error = result.unwrap_err();
    assert!(matches!(&error, ConvertError::File { .. }), "{error:?}");
    assert!(error.to_string().starts_with("tree/closed: "), "{error}");
}

#[test]
fn an_ordinary_tree_survives_as_an_ordinary_user() {
    if !is_root() {
        return skip("becoming another user needs root");
    }
    let work = tempfile::tempdir().unwrap();
    mode(work.path(), 0o777);
    as_nobody("ordinary_user::round_trip_as_nobody", work.path());
}

#[test]
#[ignore = "run by an_ordinary_tree_survives_as_an_ordinary_user as another user"]
fn round_trip_as_nobody() {
    let (from, to) = (Path::new("from"), Path::new("to"));
    make(from, Extent::Ordinary);
    mode(&from.join("same"), 0o400);
    let store = MemoryStore::new();
    let flist = scan(from, &store);
    let report = extract(&store, flist.flist, to, &ExtractOptions::default()).unwrap();
    assert!(report.needs_root.is_empty(), "{}", report.needs_root);
    crate::compare::assert_same(&snapshot(from), &snapshot(to));
    assert_eq!(scan(to, &store).flist, flist.flist);
}
