//! Folders that are not to be used: for backups, for restores, and by two at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Mutex;

use flisthub_hub::backup::{self, BackupError};
use flisthub_hub::data::DataDirectory;
use flisthub_hub::state::Hub;
use flisthub_storage::{Monitor, Progress, Silent};

use crate::backup_support::{backed_up, open, restore};
use crate::program::{flisthub, last_line};
use crate::support::TestHub;

#[tokio::test]
async fn a_restore_goes_into_an_empty_folder_only() {
    let (_hub, place, _) = backed_up().await;
    let used = place.path("used");
    fs::create_dir(&used).unwrap();
    fs::write(used.join("mine"), "precious").unwrap();
    let error = restore(&place.backup(), None, &used).await.unwrap_err();
    assert!(error.to_string().contains("it is not empty"), "{error}");
    assert_eq!(fs::read_dir(&used).unwrap().count(), 1);
    let error = restore(&place.backup(), None, &used.join("mine")).await.unwrap_err();
    assert!(matches!(error, BackupError::Io { .. }), "{error}");
    fs::remove_file(used.join("mine")).unwrap();
    restore(&place.backup(), None, &used).await.unwrap();
    let error = restore(&place.backup(), None, &used).await.unwrap_err();
    assert!(error.to_string().contains("it is not empty"), "{error}");
    let error = restore(&place.path("none"), None, &place.path("new")).await.unwrap_err();
    assert!(error.to_string().contains("there is no such folder"), "{error}");
    let error = restore(&place.backup(), Some("x"), &place.path("new")).await.unwrap_err();
    assert!(error.to_string().contains("no snapshot x; there are: 20270115"), "{error}");
    assert!(!place.path("new").exists());
}

/// Damages the backup once everything in it was found good, and looks at the marker.
struct DamageLater<'a> {
    file: &'a Path,
    data: &'a Path,
    seen: Mutex<Vec<bool>>,
}

impl Monitor for DamageLater<'_> {
    fn progress(&self, progress: Progress) {
        if progress.phase == "restore" {
            self.seen.lock().unwrap().push(DataDirectory::open(self.data).is_err());
            fs::write(self.file, "changed").unwrap();
        }
    }
    fn note(&self, _: String) {}
    fn cancelled(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn half_a_restore_is_never_opened() {
    let (_hub, place, name) = backed_up().await;
    let last = place.snapshot(&name).files.pop().unwrap();
    let (file, data) = (place.backup().join(format!("files/{}", last.blake3)), place.path("half"));
    let backup = place.backup();
    let at = data.clone();
    let result = tokio::task::spawn_blocking(move || {
        let monitor = DamageLater { file: &file, data: &at, seen: Mutex::default() };
        let result = backup::restore(&backup, None, &at, None, &monitor);
        let seen = monitor.seen.into_inner().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|refused| *refused));
        result
    });
    assert!(matches!(result.await.unwrap(), Err(BackupError::Damaged { .. })));
    let error = DataDirectory::open(&data).unwrap_err();
    assert!(error.to_string().contains("a restore into it is under way or was not finished"));
    let output = flisthub(&["user", "add", "bob", "--data", data.to_str().unwrap()]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("restore again"));
}

/// Starts a second backup in the middle of the first.
struct Second<'a> {
    hub: &'a Hub,
    folder: &'a Path,
    messages: Mutex<Vec<String>>,
}

impl Monitor for Second<'_> {
    fn progress(&self, _: Progress) {
        let error = backup::run(self.hub, self.folder, None, &Silent).unwrap_err();
        let restored = backup::check(self.folder, None, &Silent).unwrap_err();
        self.messages.lock().unwrap().extend([error.to_string(), restored.to_string()]);
    }
    fn note(&self, _: String) {}
    fn cancelled(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn two_at_once_are_refused() {
    let (test, place, _) = backed_up().await;
    let (hub, folder) = (test.hub.clone(), place.backup());
    let run = tokio::task::spawn_blocking(move || {
        let monitor = Second { hub: &hub, folder: &folder, messages: Mutex::default() };
        backup::run(&hub, &folder, None, &monitor).unwrap();
        monitor.messages.into_inner().unwrap()
    });
    let messages = run.await.unwrap();
    assert!(messages.len() > 4);
    for message in messages {
        assert!(message.contains("another backup or restore uses it"), "{message}");
    }
}

/// Between the two halves of a backup nothing may be deleted, so it waits for a sweep that deletes.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_copied_while_a_sweep_deletes() {
    let (test, place, _) = backed_up().await;
    let (hub, folder) = (test.hub.clone(), place.backup());
    let staged = hub.disk.as_ref().unwrap().data.path().join("backup");
    let run = tokio::task::spawn_blocking(move || {
        let gate = hub.gate.clone();
        let runtime = tokio::runtime::Handle::current();
        let backup = gate.exclusively(|| {
            let backup =
                runtime.spawn_blocking(move || backup::run(&hub, &folder, None, &Silent).unwrap());
            while !staged.exists() {
                std::thread::yield_now();
            }
            // Its next step, if nothing held it, would be done long since.
            std::thread::sleep(std::time::Duration::from_millis(200));
            assert_eq!(fs::read_dir(&staged).unwrap().count(), 0);
            backup
        });
        runtime.block_on(backup).unwrap()
    });
    let report = run.await.unwrap();
    assert_eq!(place.read_back(Some(&report.snapshot)).await.len(), 1);
}

#[tokio::test]
async fn folders_that_are_not_for_backups_are_left_alone() {
    let (hub, place, _) = backed_up().await;
    let data = hub.hub.disk.as_ref().unwrap().data.path().to_owned();
    let inside = data.join("not/there");
    symlink(&data, place.path("link")).unwrap();
    fs::create_dir(place.path("used")).unwrap();
    fs::write(place.path("used/mine"), "precious").unwrap();
    let hub = hub.hub.clone();
    let cases = [
        (data.clone(), "data directory"),
        (inside.clone(), "data directory"),
        (place.path("link/deep"), "data directory"),
        (place.path("used"), "not empty"),
    ];
    tokio::task::spawn_blocking(move || {
        for (folder, reason) in cases {
            let error = backup::run(&hub, &folder, None, &Silent).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
        let parts = Hub { disk: None, ..hub };
        let error = backup::run(&parts, Path::new("x"), None, &Silent).unwrap_err();
        assert!(matches!(error, BackupError::NotOnDisk));
    })
    .await
    .unwrap();
    assert!(!data.join("not").exists());
    assert_eq!(fs::read_dir(place.path("used")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_holds_backups_of_one_hub() {
    let (hub, place, name) = backed_up().await;
    let files = place.files();
    let other = TestHub::start().await;
    let error = place.run_with(&other.hub, Some(1), Silent).await.unwrap_err();
    assert!(matches!(error, BackupError::Refused { .. }), "{error}");
    let (own, others) =
        (hub.hub.catalog.hub_id().await.unwrap(), other.hub.catalog.hub_id().await.unwrap());
    let message = error.to_string();
    let told = ["another hub", &own, &others];
    assert!(told.iter().all(|word| message.contains(word)), "{message}");
    assert_eq!(place.files(), files, "nothing was added or dropped");
    assert_eq!(place.snapshot(&name).hub_id, own);
    // What is restored is the same hub and goes on where that one ended.
    let (data, _) = place.restore(None).await;
    let restored = open(&data).await;
    place.run_with(&restored, Some(1), Silent).await.unwrap();
    assert_eq!(place.read_back(None).await.len(), 1);
}

#[tokio::test]
async fn links_in_the_folder_lead_nowhere() {
    let (hub, place, _) = backed_up().await;
    let mine = place.path("mine");
    fs::write(&mine, "precious").unwrap();
    for link in ["lock", "unfinished", "files/partial"] {
        let path = place.backup().join(link);
        let _ = fs::remove_file(&path);
        symlink(&mine, &path).unwrap();
        let result = place.run_with(&hub.hub, None, Silent).await;
        // A copy that is not whole is made anew; the others are opened as they are.
        assert_eq!(result.is_ok(), link == "files/partial", "{link}");
        let _ = fs::remove_file(&path);
        assert_eq!(fs::read(&mine).unwrap(), b"precious", "{link}");
    }
    place.read_back(None).await;
}

#[tokio::test]
async fn a_restore_leaves_another_users_folder_alone() {
    if !rustix::process::geteuid().is_root() {
        // Nobody else can give files away.
        return;
    }
    let (_hub, place, _) = backed_up().await;
    let data = place.path("theirs");
    fs::create_dir(&data).unwrap();
    std::os::unix::fs::chown(&data, Some(12_345), None).unwrap();
    let error = restore(&place.backup(), None, &data).await.unwrap_err();
    assert!(error.to_string().contains("the user with the id 12345"), "{error}");
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
}

#[tokio::test]
async fn the_program_restores_and_checks() {
    let (_hub, place, name) = backed_up().await;
    let (backup, data) = (place.backup(), place.path("data"));
    let (backup, data) = (backup.to_str().unwrap(), data.to_str().unwrap());
    let line = last_line(&["restore", "--check", backup]);
    assert!(line.starts_with(&format!("snapshot {name} (1 flists, ")), "{line}");
    assert!(line.ends_with(" bytes) is whole"), "{line}");
    let line = last_line(&["restore", backup, "--snapshot", &name, "--data", data]);
    assert!(line.contains("is restored into"), "{line}");
    last_line(&["token", "create", "--user", "alice", "--data", data]);
    let again = flisthub(&["restore", backup, "--data", data]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && said.contains("nothing is written"), "{said}");
    assert!(!flisthub(&["restore", backup]).status.success(), "a data directory is needed");
    fs::remove_file(place.backup().join("flisthub-backup")).unwrap();
    assert!(!flisthub(&["restore", "--check", backup]).status.success());
}
