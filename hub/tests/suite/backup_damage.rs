//! Backups that are damaged or hostile.

use std::fs;
use std::os::unix::fs::symlink;

use flisthub_hub::backup::BackupError;
use flisthub_hub::catalog::Catalog;

use crate::backup_support::{Place, backed_up, restore};
use crate::postgres;

/// Asserts that nothing is restored, and nothing written; gives the message.
async fn refused(place: &Place, what: &str) -> String {
    let data = place.path("refused");
    let error = restore(&place.backup(), None, &data).await.expect_err(what);
    let known = matches!(error, BackupError::Damaged { .. } | BackupError::Refused { .. });
    assert!(known, "{what}: {error:?}");
    assert!(!data.exists(), "{what}: nothing may be written");
    error.to_string()
}

#[tokio::test]
async fn damage_to_any_file_is_refused_before_anything_is_written() {
    let (_hub, place, name) = backed_up().await;
    let snapshot = place.snapshot(&name);
    let kinds = ["catalog.sqlite", ".sst", ".blob", "CURRENT", "MANIFEST", "OPTIONS"];
    for kind in kinds {
        let file = snapshot.files.iter().find(|file| file.path.as_str().contains(kind));
        let path = place.backup().join(format!("files/{}", file.expect(kind).blake3));
        let good = fs::read(&path).unwrap();
        for at in [0, 1, good.len() / 3, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, bad).unwrap();
            let message = refused(&place, &format!("{kind} at {at}")).await;
            assert!(message.contains(path.to_str().unwrap()), "{message}");
        }
        for length in [0, good.len() / 2, good.len() - 1] {
            fs::write(&path, &good[..length]).unwrap();
            refused(&place, &format!("{kind} of {length} bytes")).await;
        }
        fs::write(&path, [&good[..], b"x"].concat()).unwrap();
        refused(&place, &format!("{kind} with a byte more")).await;
        fs::remove_file(&path).unwrap();
        refused(&place, &format!("{kind} is gone")).await;
        fs::write(place.path("elsewhere"), &good).unwrap();
        symlink(place.path("elsewhere"), &path).unwrap();
        refused(&place, &format!("{kind} is a link")).await;
        fs::remove_file(&path).unwrap();
        fs::write(&path, good).unwrap();
    }
    place.read_back(None).await;
}

#[tokio::test]
async fn every_byte_of_the_small_files_counts() {
    let (_hub, place, name) = backed_up().await;
    let snapshot = place.backup().join(format!("snapshots/{name}.snapshot"));
    for path in [place.backup().join("flisthub-backup"), snapshot] {
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            for bad in [good[at] ^ 1, good[at] ^ 0x20, good[at] ^ 0x80] {
                let mut damaged = good.clone();
                damaged[at] = bad;
                fs::write(&path, &damaged).unwrap();
                refused(&place, &format!("{} at {at}: {bad}", path.display())).await;
            }
            fs::write(&path, &good[..at]).unwrap();
            refused(&place, &format!("{} of {at} bytes", path.display())).await;
        }
        fs::write(&path, [&good[..], b"\n"].concat()).unwrap();
        refused(&place, "a line end more").await;
        fs::write(&path, good).unwrap();
    }
    place.read_back(None).await;
}

/// Writes a snapshot's file with a hash that is right.
fn write_snapshot(place: &Place, name: &str, line: &str) {
    let content = format!("{line}\n{}\n", blake3::hash(line.as_bytes()));
    fs::write(place.backup().join(format!("snapshots/{name}.snapshot")), content).unwrap();
}

#[tokio::test]
async fn hostile_snapshots_are_refused() {
    let (_hub, place, name) = backed_up().await;
    let snapshot = place.snapshot(&name);
    let good = serde_json::to_string(&snapshot).unwrap();
    let sst = snapshot.files.iter().find(|file| file.path.as_str().contains(".sst")).unwrap();
    let sst = sst.path.as_str();
    for path in [
        "../escaped",
        "/tmp/escaped",
        "chunks/../../escaped",
        "chunks/..",
        "chunks/.",
        "chunks/",
        "chunks",
        "chunks/a/b",
        "chunks//a",
        "restoring",
        "",
        ".",
        "chunks/.hidden",
        "catalog.sqlite",
        "catalog.sqlite-wal",
        "chunks/\\u0000",
        "chunks/\\n",
        "chunks\\\\a",
        "chunks/CURRENT",
    ] {
        write_snapshot(&place, &name, &good.replace(sst, path));
        refused(&place, path).await;
    }
    let hash = snapshot.files[0].blake3.to_string();
    let bytes = format!("\"bytes\":{}", snapshot.files[0].bytes);
    for (from, to) in [
        ("\"format\":1", "\"format\":2"),
        ("\"format\":1", "\"format\":1,\"more\":1"),
        ("\"catalog.sqlite\"", "\"chunks/catalog.sqlite\""),
        (hash.as_str(), "../../../../etc/passwd"),
        (hash.as_str(), &hash[..62]),
        (bytes.as_str(), "\"bytes\":18446744073709551615"),
        (bytes.as_str(), "\"bytes\":-1"),
        (good.as_str(), "null"),
        (good.as_str(), "{}"),
        (good.as_str(), &"[".repeat(100_000)),
    ] {
        assert!(good.contains(from), "{from}");
        write_snapshot(&place, &name, &good.replace(from, to));
        refused(&place, to).await;
    }
    write_snapshot(&place, &name, &good);
    place.read_back(None).await;
}

/// It is found before a database gets anything of it.
#[tokio::test]
async fn what_does_not_fit_together_is_refused() {
    let (_hub, place, name) = backed_up().await;
    let snapshot = place.snapshot(&name);
    let good = serde_json::to_string(&snapshot).unwrap();
    let flists = format!("\"flists\":{}", snapshot.flists);
    assert!(good.contains(&flists), "{good}");
    write_snapshot(&place, &name, &good.replace(&flists, "\"flists\":77"));
    let data = place.path("unfit");
    let error = restore(&place.backup(), None, &data).await.unwrap_err();
    assert!(matches!(error, BackupError::Unfit { .. }), "{error:?}");
    if let Some(server) = postgres::server(&data) {
        Catalog::refuse_used(&server).await.unwrap();
    }
}
