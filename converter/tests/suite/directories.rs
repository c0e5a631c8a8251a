//! Local directories: what cannot be read or does not hold still is told by its path.

use flisthub_converter::{ConvertError, IngestOptions, Limits, ingest_directory};
use flisthub_flist::Content;
use flisthub_storage::MemoryStore;

use crate::tools::{entries_of, scan, whole};

#[test]
fn what_is_no_directory_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for path in [file, work.path().join("absent")] {
        let result = ingest_directory(&path, &MemoryStore::new(), &IngestOptions::default());
        let error = result.unwrap_err();
        assert!(whole(&error).contains(path.to_str().unwrap()), "{}", whole(&error));
    }
}

#[test]
fn links_are_kept_and_never_followed() {
    let work = tempfile::tempdir().unwrap();
    let root = work.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::create_dir(work.path().join("outside")).unwrap();
    std::fs::write(work.path().join("outside/secret"), "x").unwrap();
    std::os::unix::fs::symlink("../outside", root.join("link")).unwrap();
    let store = MemoryStore::new();
    let found = entries_of(&store, &scan(&root, &store));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1.content, Content::Symlink { target: b"../outside".to_vec() });
}

#[test]
fn a_file_that_grows_while_it_is_read_is_refused() {
    // A file under /proc says it is empty and is not: the surest way to a size that does not hold.
    let result = ingest_directory(
        std::path::Path::new("/proc/self/net/stat"),
        &MemoryStore::new(),
        &IngestOptions::default(),
    );
    let error = result.unwrap_err();
    assert!(matches!(error, ConvertError::Changed(_)), "{error:?}");
    assert!(!error.is_bad_input());
}

#[test]
fn limits_hold_for_directories_too() {
    let work = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(work.path().join("a/b")).unwrap();
    std::fs::write(work.path().join("a/b/c"), "12345").unwrap();
    let usual = Limits::default();
    for limits in [
        Limits { entries: 2, ..usual },
        Limits { file_bytes: 4, ..usual },
        Limits { depth: 2, ..usual },
        Limits { path_bytes: 4, ..usual },
    ] {
        let options = IngestOptions { limits, ..IngestOptions::default() };
        let result = ingest_directory(work.path(), &MemoryStore::new(), &options);
        let error = result.unwrap_err();
        assert!(error.to_string().starts_with("entry \"a/b/c\": "), "{error}");
    }
}
