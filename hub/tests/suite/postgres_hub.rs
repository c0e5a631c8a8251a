//! The real program with its catalog on a real PostgreSQL: two hubs, a server that goes and comes back, the way
//! there and back.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use reqwest::Response;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::archives::{files, noise};
use crate::postgres::{at_server, skips_without};
use crate::postgres_server::Server;
use crate::support::{FORM_TYPE, Field, client, form};

fn command(server: &Server, data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flisthub"));
    command.args(arguments).args(["--data", data.to_str().unwrap()]);
    command.env("FLISTHUB_CATALOG_URL", server.url());
    command
}

fn done(server: &Server, data: &Path, arguments: &[&str]) -> String {
    let output = command(server, data, arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap().lines().last().unwrap_or_default().to_owned()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn user(server: &Server, data: &Path) -> String {
    done(server, data, &["user", "add", "alice"]);
    done(server, data, &["token", "create", "--user", "alice"])
}

/// A running hub. Dropped, it is killed.
struct Hub {
    child: Child,
    url: String,
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Hub {
    fn start(server: &Server, data: &Path) -> Self {
        let config = data.with_extension("toml");
        std::fs::write(&config, "[catalog]\nlease_seconds = 1\n").unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()];
        let mut command = command(server, data, &arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").expect("a hub").to_owned();
        Self { child, url }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn stop(mut self) {
        self.signal(Signal::TERM);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }

    async fn upload(&self, token: &str, name: &str, seed: u64) -> Response {
        let archive = files(&[("one", &noise(2_000, seed))]);
        client()
            .post(format!("{}/api/flist/me/upload", self.url))
            .bearer_auth(token)
            .header("content-type", FORM_TYPE)
            .body(form(&[Field::file("file", name, &archive)]))
            .send()
            .await
            .unwrap()
    }

    /// How many changes a name has had, by its history.
    async fn revisions(&self, name: &str) -> Vec<u64> {
        let url = format!("{}/api/v1/flists/alice/{name}/history", self.url);
        let page: Value = client().get(url).send().await.unwrap().json().await.unwrap();
        let rows = page["entries"].as_array().unwrap_or_else(|| panic!("{page}"));
        rows.iter().map(|row| row["revision"].as_u64().unwrap()).collect()
    }
}

/// Tries until the hub does it: nothing but the answers that say that it may come back.
async fn until_done(hub: &Hub, token: &str, name: &str) {
    loop {
        let answer = hub.upload(token, name, 9).await;
        match answer.status().as_u16() {
            200 => return,
            503 => tokio::time::sleep(Duration::from_millis(20)).await,
            other => panic!("{other}: {}", answer.text().await.unwrap()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_hub_is_told_who_has_the_catalog_and_a_stopped_one_loses_it() {
    if skips_without() {
        return;
    }
    let server = Server::start();
    server.ready().await;
    let place = tempfile::tempdir().unwrap();
    let (one, other) = (place.path().join("one"), place.path().join("other"));
    let token = user(&server, &one);
    let first = Hub::start(&server, &one);
    // With a data directory of its own, where nothing else would keep it out.
    let second = command(&server, &other, &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert!(!second.status.success());
    let said = text(&second);
    assert!(said.contains(&format!("process {}", first.child.id())), "{said}");
    assert!(said.contains("one hub at a time"), "{said}");

    // It does not answer any more: the other one takes over when the lease is over.
    first.signal(Signal::STOP);
    let second = Hub::start(&server, &other);
    first.signal(Signal::CONT);
    let refused = first.upload(&token, "late.tar", 2).await;
    assert_eq!(refused.status(), 503);
    let body: Value = refused.json().await.unwrap();
    assert!(body.to_string().contains("another hub has taken over"), "{body}");
    assert_eq!(second.upload(&token, "base.tar", 3).await.status(), 200);
    // What the first one remembered of names counts for nothing.
    assert_eq!(first.revisions("base").await, second.revisions("base").await);
    second.stop();
    // And it has the catalog again without anybody's doing.
    until_done(&first, &token, "late.tar").await;
    assert_eq!(first.revisions("late").await, [1]);
    first.stop();
}

/// A hub that starts after it would otherwise wait for an hour.
#[tokio::test]
async fn a_start_that_fails_gives_the_lease_back() {
    if skips_without() {
        return;
    }
    let server = Server::start();
    server.ready().await;
    let place = tempfile::tempdir().unwrap();
    let (data, config) = (place.path().join("data"), place.path().join("long.toml"));
    std::fs::write(&config, "[catalog]\nlease_seconds = 3600\n").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let arguments = ["serve", "--listen", &address, "--config", config.to_str().unwrap()];
    let failed = command(&server, &data, &arguments).output().unwrap();
    assert!(text(&failed).contains("cannot listen on"), "{}", text(&failed));
    Hub::start(&server, &data).stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_restarted_is_used_again() {
    if skips_without() {
        return;
    }
    let mut server = Server::start();
    server.ready().await;
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let token = user(&server, &data);
    let hub = Hub::start(&server, &data);
    assert_eq!(hub.upload(&token, "base.tar", 1).await.status(), 200);
    for round in 0..3 {
        // In the middle of uploads, some of which it has acknowledged.
        let acknowledged = std::sync::atomic::AtomicU64::new(0);
        let uploading = async {
            for number in 0..6 {
                let answer = hub.upload(&token, &format!("{round}-{number}.tar"), number).await;
                if answer.status() == 200 {
                    acknowledged.fetch_or(1 << number, std::sync::atomic::Ordering::SeqCst);
                }
            }
        };
        let restarting = async {
            tokio::time::sleep(Duration::from_millis(30 * (round + 1))).await;
            tokio::task::block_in_place(|| {
                server.stop();
                server.run();
            });
        };
        tokio::join!(uploading, restarting);
        until_done(&hub, &token, "after.tar").await;
        let acknowledged = acknowledged.into_inner();
        for number in (0..6).filter(|number| acknowledged & (1 << number) != 0) {
            assert_eq!(hub.revisions(&format!("{round}-{number}")).await, [1]);
        }
    }
    hub.stop();
}

#[tokio::test]
async fn a_catalog_moves_to_a_server_and_back() {
    if skips_without() {
        return;
    }
    let server = Server::start();
    server.ready().await;
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let plain = |arguments: &[&str]| {
        let mut plain = command(&server, &data, arguments);
        plain.env_remove("FLISTHUB_CATALOG_URL").output().unwrap()
    };
    assert!(plain(&["user", "add", "alice"]).status.success());
    let token = plain(&["token", "create", "--user", "alice"]).stdout;
    let token = String::from_utf8(token).unwrap().trim().to_owned();
    // Two catalogs for one data directory are never worked with.
    let two = command(&server, &data, &["user", "add", "bob"]).output().unwrap();
    assert!(text(&two).contains("flisthub catalog copy"), "{}", text(&two));

    done(&server, &data, &["catalog", "copy", "--to", "postgres"]);
    let nowhere = plain(&["user", "add", "bob"]);
    assert!(text(&nowhere).contains("neither `catalog.url`"), "{}", text(&nowhere));
    let hub = Hub::start(&server, &data);
    assert_eq!(hub.upload(&token, "base.tar", 1).await.status(), 200);
    let running = command(&server, &data, &["catalog", "copy", "--to", "sqlite"]).output().unwrap();
    assert!(text(&running).contains("stop the hub first"), "{}", text(&running));
    hub.stop();

    // As if a program had it open when it was moved away.
    let stale = data.join("catalog.sqlite-wal");
    std::fs::write(&stale, "of another catalog").unwrap();
    done(&server, &data, &["catalog", "copy", "--to", "sqlite"]);
    assert!(!stale.exists());
    let listed = plain(&["user", "list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("alice"));
    let again = command(&server, &data, &["catalog", "copy", "--to", "postgres"]).output().unwrap();
    assert!(text(&again).contains("holds a catalog already"), "{}", text(&again));
}

/// A wrong password, no server, no such database: told at once, and never with the password.
#[test]
fn what_cannot_be_reached_is_told_without_the_password() {
    let place = tempfile::tempdir().unwrap();
    let nothing = place.path().display();
    let mut urls = vec![format!("postgres:///hub?host={nothing}&user=flisthub&password=s3cret")];
    urls.extend(at_server("no_such_database").map(|url| format!("{url}&password=s3cret")));
    for url in urls {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flisthub"));
        command.args(["user", "add", "alice", "--data"]).arg(place.path().join("data"));
        let output = command.env("FLISTHUB_CATALOG_URL", url).output().unwrap();
        let said = text(&output);
        assert!(!output.status.success() && said.contains("the catalog postgres://"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}
