//! The disk under a hub takes no writes for a while: writing is answered 503, reading goes on, and the
//! hub comes back by itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fuser::Errno;
use reqwest::Method;

use super::disk::Disk;
use super::mount::{Mounted, lock};
use super::{Hub, can_mount};
use crate::archives::{files, noise};
use crate::postgres;
use crate::program::user;
use crate::support::{FORM_TYPE, Field, client, form};

/// How often the hub is asked whether it has come back, and the pause between: it tries every two seconds.
const TRIES: u32 = 150;
const PAUSE: Duration = Duration::from_millis(200);

struct Asker {
    url: String,
    token: String,
}

impl Asker {
    async fn upload(&self, name: &str, length: usize) -> (u16, String) {
        let archive = files(&[("content", &noise(length, length as u64))]);
        let request = client()
            .request(Method::POST, format!("{}/api/flist/me/upload", self.url))
            .bearer_auth(&self.token)
            .header("content-type", FORM_TYPE)
            .body(form(&[Field::file("file", name, &archive)]));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The native API says which problem it is.
    async fn open_session(&self) -> (u16, String) {
        let request = client()
            .post(format!("{}/api/v1/sessions", self.url))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(r#"{"repository":"alice"}"#);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn read(&self, name: &str) -> u16 {
        let url = format!("{}/alice/{name}.flist", self.url);
        client().get(url).send().await.unwrap().status().as_u16()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_no_writes_is_survived() {
    if !can_mount() || postgres::skips("the disk that fails is SQLite's too") {
        return;
    }
    for (refusal, length) in [(Errno::EROFS, 100_000), (Errno::EIO, 5_000_000)] {
        let directory = tempfile::tempdir().unwrap();
        let mount = directory.path().join("mount");
        std::fs::create_dir(&mount).unwrap();
        let disk = Arc::new(Mutex::new(Disk::new()));
        let mounted = Mounted::new(&disk, &mount).unwrap();
        let token = user(&mount.join("data"), "alice");
        let log = directory.path().join("log");
        let (hub, url) = Hub::start(&mount.join("data"), &log);
        let said = || std::fs::read_to_string(&log).unwrap();
        let asker = Asker { url: url.unwrap(), token };
        assert_eq!(asker.upload("before.tar", length).await.0, 200);

        lock(&disk).refuse(Some(refusal));
        for round in 0..30 {
            let (status, text) = asker.upload(&format!("refused-{round}.tar"), length).await;
            assert_eq!(status, 503, "{refusal:?}, {round}: {text}; {}", said());
            let (status, text) = asker.open_session().await;
            assert_eq!(status, 503, "{refusal:?}, {round}: {text}; {}", said());
            assert!(text.contains("read_only"), "{text}");
            assert_eq!(asker.read("before").await, 200, "{refusal:?}, {round}; {}", said());
            // Longer than the hub waits before it tries to recover.
            tokio::time::sleep(PAUSE).await;
        }

        lock(&disk).refuse(None);
        let mut tries = 0;
        while asker.upload("after.tar", length + 1).await.0 != 200 {
            tries += 1;
            assert!(tries < TRIES, "it does not come back: {}", said());
            tokio::time::sleep(PAUSE).await;
        }
        assert_eq!((asker.read("before").await, asker.read("after").await), (200, 200));
        assert_eq!(asker.read("refused-0").await, 404);
        drop(hub);
        drop(mounted);
    }
}
