//! Callers that take their time: with headers, with bodies, with reading. They are ended, and others are
//! served meanwhile.

use flisthub_hub::config::Config;
use flisthub_storage::wire::CHUNKS_TYPE;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::{PAUSE, alive, connect, until};
use crate::archives::files;
use crate::push::Pusher;
use crate::support::{FORM_TYPE, TestHub};

/// Sends `start`, then a byte now and then, until the hub ends the connection or answers.
fn trickle(mut stream: TcpStream, start: String, byte: u8) -> JoinHandle<()> {
    tokio::spawn(async move {
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut answer = [0];
        loop {
            let heard = tokio::time::timeout(PAUSE, stream.read(&mut answer)).await;
            if heard.is_ok() || stream.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    })
}

/// As many slow callers as there are connections, of each sort: all others wait until the hub ends them.
#[tokio::test]
async fn slow_callers_are_ended_and_others_served() {
    let mut config = Config::default();
    config.limits.connections = 3;
    config.limits.idle_seconds = 1;
    let hub = TestHub::with(config).await;
    let alice = hub.user("alice").await;
    let mut slow = Vec::new();
    // Headers byte by byte, a request line byte by byte, and nothing at all.
    for start in ["GET /healthz HTTP/1.1\r\nX-Slow: ", "GET /", ""] {
        slow.push(trickle(connect(hub.address).await, start.to_owned(), b'x'));
    }
    let upload = hub.upload(&alice, "x.tar", &files(&[("a", b"b")])).await;
    assert_eq!(upload.status(), 200);
    for caller in slow {
        caller.await.unwrap();
    }
    assert_eq!(hub.names().await, json!(["alice/x.flist"]));
}

#[tokio::test]
async fn a_body_byte_by_byte_holds_no_place() {
    let mut config = Config::default();
    config.limits.uploads = 1;
    config.limits.transfers = 1;
    config.limits.slowest_bytes_per_second = 1_000_000;
    config.limits.slow_start_seconds = 3;
    let hub = TestHub::with(config).await;
    let alice = hub.user("alice").await;
    let push = Pusher::open(&hub, &alice, "alice").await;
    let chunks = format!("/api/v1/sessions/{}/chunks", push.session);
    let mut slow = Vec::new();
    for (path, kind) in [("/api/flist/me/upload", FORM_TYPE), (&chunks, CHUNKS_TYPE)] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {alice}\r\n\
             Content-Type: {kind}\r\nContent-Length: 1000000\r\n\r\n"
        );
        slow.push(trickle(connect(hub.address).await, head, b'x'));
    }
    until(async || {
        hub.hub.uploads.available_permits() == 0 && hub.hub.writers.available_permits() == 0
    })
    .await;
    // Others are served meanwhile, and the places come free although the callers go on.
    assert!(alive(&mut connect(hub.address).await).await);
    until(async || {
        hub.hub.uploads.available_permits() == 1 && hub.hub.writers.available_permits() == 1
    })
    .await;
    let upload = hub.upload(&alice, "x.tar", &files(&[("a", b"b")])).await;
    assert_eq!(upload.status(), 200);
    slow.iter().for_each(JoinHandle::abort);
}

/// Connections that break in the middle of what they send, in order and with a reset.
#[tokio::test]
async fn half_open_uploads_leave_nothing_behind() {
    let hub = TestHub::start().await;
    let alice = hub.user("alice").await;
    let push = Pusher::open(&hub, &alice, "alice").await;
    let chunks = format!("/api/v1/sessions/{}/chunks", push.session);
    let all = (hub.hub.config.limits.uploads, hub.hub.config.limits.transfers);
    for (path, kind) in [("/api/flist/me/upload", FORM_TYPE), (&chunks, CHUNKS_TYPE)] {
        for reset in [false, true] {
            let mut stream = connect(hub.address).await;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: bearer {alice}\r\n\
                 Content-Type: {kind}\r\nContent-Length: 1000000\r\n\r\n--half"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let taken = async || {
                hub.hub.uploads.available_permits() < all.0
                    || hub.hub.writers.available_permits() < all.1
            };
            until(taken).await;
            if reset {
                stream.set_zero_linger().unwrap();
            }
            drop(stream);
            until(async || !taken().await).await;
        }
    }
    assert_eq!(push.close().await.status(), 204);
    hub.settled().await;
    assert_eq!(hub.names().await, json!([]));
}
