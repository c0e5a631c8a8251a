//! Round trips: what goes in comes out, attribute by attribute.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use flisthub_converter::{ExtractError, ExtractOptions, extract};
use flisthub_storage::MemoryStore;

use crate::compare::{assert_same, snapshot};
use crate::sample::{self, Extent, make};
use crate::tools::{has, ingest, is_root, scan, shell, skip, whole, write_out};

/// The most that GNU tar can be asked to keep.
pub(crate) const FULL_TAR: &str = "tar --format=posix --xattrs --xattrs-include='*' --acls \
    --numeric-owner --sparse -cf - -C \"$1\" . 2>/dev/null";

#[test]
fn a_directory_survives() {
    if !is_root() {
        return skip("making devices and owners needs root");
    }
    let work = tempfile::tempdir().unwrap();
    let (from, to) = (work.path().join("from"), work.path().join("to"));
    make(&from, Extent::Whole);
    let before = snapshot(&from);
    let store = MemoryStore::new();
    let flist = scan(&from, &store);
    let report = write_out(&store, &flist, &to);
    assert_same(&before, &snapshot(&to));
    assert!(report.needs_root.is_empty() && report.unsupported.is_empty(), "{report:?}");
    assert_eq!(report.counts, flist.counts);
    assert_eq!(report.bytes, flist.report.bytes);
    assert_eq!(scan(&to, &store).flist, flist.flist);
    rsync_agrees(&from, &to);
}

#[test]
fn an_archive_survives() {
    if !is_root() {
        return skip("making devices and owners needs root");
    }
    let work = tempfile::tempdir().unwrap();
    let (from, to) = (work.path().join("from"), work.path().join("to"));
    make(&from, Extent::WithoutSocket);
    let before = snapshot(&from);
    let store = MemoryStore::new();
    let flist = ingest(&shell(FULL_TAR, &[&from]), &store).unwrap();
    write_out(&store, &flist, &to);
    assert_same(&before, &snapshot(&to));
    rsync_agrees(&from, &to);
}

fn rsync_agrees(from: &Path, to: &Path) {
    if !has("rsync") {
        return skip("rsync is not installed");
    }
    let script = "rsync -aHAXn --checksum --delete --modify-window=-1 -i \"$1\"/ \"$2\"/";
    let differences = shell(script, &[from, to]);
    assert_eq!(String::from_utf8_lossy(&differences), "");
}

#[test]
fn a_destination_in_use_is_left_alone() {
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    std::fs::create_dir(&from).unwrap();
    std::fs::write(from.join("a"), "new").unwrap();
    let store = MemoryStore::new();
    let flist = scan(&from, &store).flist;
    let to = work.path().join("to");
    std::fs::create_dir(&to).unwrap();
    std::fs::write(to.join("b"), "old").unwrap();
    let refused = extract(&store, flist, &to, &ExtractOptions::default());
    assert!(matches!(refused, Err(ExtractError::NotEmpty(_))), "{refused:?}");
    assert!(!to.join("a").exists());
    let options = ExtractOptions { into_existing: true, ..ExtractOptions::default() };
    extract(&store, flist, &to, &options).unwrap();
    assert_eq!(std::fs::read(to.join("a")).unwrap(), b"new");
    assert_eq!(std::fs::read(to.join("b")).unwrap(), b"old");
    // What is there is never written over, nor is a link in its place followed.
    std::fs::remove_file(to.join("a")).unwrap();
    std::os::unix::fs::symlink(work.path().join("outside"), to.join("a")).unwrap();
    let refused = extract(&store, flist, &to, &options).unwrap_err();
    assert!(whole(&refused).contains("to/a: making the file"), "{}", whole(&refused));
    assert!(!work.path().join("outside").exists());
    let file = extract(&store, flist, &to.join("b"), &ExtractOptions::default());
    assert!(matches!(file, Err(ExtractError::NotEmpty(_))), "{file:?}");
}

#[test]
fn an_inherited_access_list_does_not_come_along() {
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    std::fs::create_dir_all(from.join("d")).unwrap();
    std::fs::write(from.join("d/f"), "x").unwrap();
    let default = sample::acl(&[(1, 7, !0), (2, 7, 1234), (4, 5, !0), (16, 7, !0), (32, 5, !0)]);
    let above = work.path().join("above");
    std::fs::create_dir(&above).unwrap();
    sample::xattr(&above, "system.posix_acl_default", &default);
    let store = MemoryStore::new();
    let flist = scan(&from, &store);
    write_out(&store, &flist, &above.join("to"));
    assert_same(&snapshot(&from), &snapshot(&above.join("to")));
}

#[test]
fn large_files_are_written_in_parts() {
    let work = tempfile::tempdir().unwrap();
    let (from, to) = (work.path().join("from"), work.path().join("to"));
    std::fs::create_dir(&from).unwrap();
    let mut content = sample::noise(40 << 20, 7);
    content[10 << 20..20 << 20].fill(0);
    content[39 << 20..].fill(0);
    sample::make_sparse(&from.join("f"), &content);
    sample::mode(&from.join("f"), 0o400);
    sample::time(&from.join("f"), 5, 6);
    let store = MemoryStore::new();
    let flist = scan(&from, &store);
    let options = ExtractOptions { writers: 4, ..ExtractOptions::default() };
    extract(&store, flist.flist, &to, &options).unwrap();
    assert_same(&snapshot(&from), &snapshot(&to));
}

#[test]
fn an_extraction_can_be_cancelled_and_tells_how_far_it_is() {
    let work = tempfile::tempdir().unwrap();
    let mut archive = crate::build_tar::Tar::new();
    for index in 0..5000 {
        archive.file(&format!("f{index}"), &sample::noise(3000, index));
    }
    let store = MemoryStore::new();
    let flist = ingest(&archive.end(), &store).unwrap().flist;
    let cancel = Arc::new(AtomicBool::new(false));
    let stop = cancel.clone();
    let options = ExtractOptions {
        cancel: Some(cancel),
        progress: Some(Arc::new(move |progress| {
            assert!(progress.bytes_in >= progress.entries * 3000);
            stop.store(progress.entries > 1500, Relaxed);
        })),
        ..ExtractOptions::default()
    };
    let to = work.path().join("to");
    let result = extract(&store, flist, &to, &options);
    assert!(matches!(result, Err(ExtractError::Cancelled)), "{result:?}");
    assert!((1500..5000).contains(&std::fs::read_dir(&to).unwrap().count()));
}

#[test]
fn a_deep_tree_does_not_use_up_handles() {
    let program = std::env::current_exe().unwrap();
    let script = "ulimit -n 200; \"$1\" --exact extraction::deep_tree --ignored";
    let told = shell(script, &[&program]);
    assert!(String::from_utf8_lossy(&told).contains("1 passed"));
}

#[test]
#[ignore = "run by a_deep_tree_does_not_use_up_handles with few handles"]
fn deep_tree() {
    let work = tempfile::tempdir().unwrap();
    let mut archive = crate::build_tar::Tar::new();
    let path = "d/".repeat(1000);
    archive.file(&format!("{path}f"), b"deep");
    let store = MemoryStore::new();
    let flist = ingest(&archive.end(), &store).unwrap();
    let to = work.path().join("to");
    write_out(&store, &flist, &to);
    assert_eq!(scan(&to, &store).counts, flist.counts);
}
