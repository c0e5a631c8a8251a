//! Keys at a URL, from an issuer that rotates them, is down, is slow, or sends anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use flisthub_hub::auth::jwt::{JwtError, Verifier};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::keys::{Signer, set};
use super::{claims, issuer};
use crate::support::START;

/// What the issuer does with a request.
#[derive(Clone)]
enum Manner {
    /// Answers so.
    Answer(u16, String),
    /// Sends the head of an answer, then this for ever.
    Endless,
    /// Says nothing until it is told to, then answers so.
    Slow(Arc<Notify>, String),
    /// Hangs up.
    Down,
}

/// An issuer's web server.
struct Server {
    url: String,
    manner: Arc<Mutex<Manner>>,
    asked: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let manner = Arc::new(Mutex::new(manner));
        let asked = Arc::new(AtomicUsize::new(0));
        let (now, count) = (manner.clone(), asked.clone());
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let manner = now.lock().unwrap().clone();
                tokio::spawn(async move { answer(stream, manner).await });
            }
        });
        Self { url, manner, asked, serving }
    }

    fn be(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn has(&self, keys: &[Value]) {
        self.be(Manner::Answer(200, set(keys)));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn verifier(&self, lines: &str) -> Verifier {
        Verifier::new(&[issuer(&format!("jwks_url = {:?}\nusers = [\"*\"]\n{lines}", self.url))])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut stream: TcpStream, manner: Manner) {
    let mut asked = [0; 4096];
    let _ = stream.read(&mut asked).await;
    let (status, body) = match manner {
        Manner::Down => return,
        Manner::Answer(status, body) => (status, body),
        Manner::Slow(go, body) => {
            go.notified().await;
            (200, body)
        }
        Manner::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"keys\":[").await;
            let blanks = vec![b' '; 65_536];
            while stream.write_all(&blanks).await.is_ok() {}
            return;
        }
    };
    let location = "Location: /elsewhere\r\n";
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\n{location}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all((head + &body).as_bytes()).await;
}

/// A JWT that lasts longer than any test.
fn jwt(signer: &Signer, kid: &str) -> String {
    signer.jwt_by(kid, &claims("alice", json!({ "exp": START + 1_000_000 })))
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_forgotten() {
    let (old, new) = (Signer::new("ES256"), Signer::new("ES256"));
    let server = Server::start(Manner::Answer(200, set(&[old.jwk_called("old")]))).await;
    let verifier = server.verifier("");
    let check = async |signer: &Signer, kid: &str, now| {
        verifier.verify(&jwt(signer, kid), START + now).await.map(drop)
    };
    // Nothing is asked before it is needed.
    verifier.check_files().await.unwrap();
    assert_eq!(server.asked(), 0);
    assert_eq!(check(&old, "old", 0).await, Ok(()));
    assert_eq!(check(&old, "old", 1).await, Ok(()));
    assert_eq!(server.asked(), 1);
    // The new one is asked for once half a minute has passed since the last time.
    server.has(&[old.jwk_called("old"), new.jwk_called("new")]);
    assert_eq!(check(&new, "new", 29).await, Err(JwtError::UnknownKey));
    assert_eq!(server.asked(), 1);
    assert_eq!(check(&new, "new", 30).await, Ok(()));
    assert_eq!((check(&old, "old", 31).await, server.asked()), (Ok(()), 2));
    // The old one is withdrawn, and forgotten within an hour.
    server.has(&[new.jwk_called("new")]);
    assert_eq!(check(&old, "old", 3629).await, Ok(()));
    assert_eq!(server.asked(), 2);
    // Asked for beside the request, which does not wait.
    assert_eq!(check(&new, "new", 3630).await, Ok(()));
    while server.asked() < 3 || check(&old, "old", 3630).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(check(&new, "new", 3631).await, Ok(()));
}

#[tokio::test]
async fn made_up_kids_do_not_make_the_hub_hammer_the_issuer() {
    let signer = Signer::new("ES256");
    let server = Server::start(Manner::Answer(200, set(&[signer.jwk_called("k1")]))).await;
    let verifier = Arc::new(server.verifier(""));
    let mut asking = Vec::new();
    for number in 0..200 {
        let (verifier, jwt) = (verifier.clone(), jwt(&signer, &format!("made-up-{number}")));
        asking.push(tokio::spawn(async move { verifier.verify(&jwt, START + number / 10).await }));
    }
    for asked in asking {
        assert_eq!(asked.await.unwrap(), Err(JwtError::UnknownKey));
    }
    assert_eq!(server.asked(), 1);
    assert!(verifier.verify(&jwt(&signer, "k1"), START + 20).await.is_ok());
}

#[tokio::test]
async fn while_the_issuer_is_down_the_last_keys_serve_for_a_time() {
    let signer = Signer::new("EdDSA");
    let server = Server::start(Manner::Down).await;
    let verifier = server.verifier("jwks_refresh_seconds = 100\njwks_stale_seconds = 1000");
    let check = async |now| verifier.verify(&jwt(&signer, "k1"), START + now).await.map(drop);
    // Down from the start: that is no fault of the token, and is tried again after a while.
    assert_eq!(check(0).await, Err(JwtError::NoKeys));
    server.has(&[signer.jwk_called("k1")]);
    assert_eq!(check(29).await, Err(JwtError::NoKeys));
    assert_eq!(server.asked(), 1);
    assert_eq!(check(30).await, Ok(()));
    for manner in [
        Manner::Down,
        Manner::Answer(500, set(&[])),
        Manner::Answer(404, "not here".to_owned()),
        Manner::Answer(302, set(&[])),
        Manner::Answer(200, "<html>".to_owned()),
        Manner::Answer(200, "{\"error\":\"busy\"}".to_owned()),
    ] {
        server.be(manner);
        let asked = server.asked();
        let now = START + 130 + 40 * asked as u64;
        assert!(verifier.verify(&jwt(&signer, "k1"), now).await.is_ok());
        while server.asked() == asked {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(check(1029).await, Ok(()));
    assert_eq!(check(1030).await, Err(JwtError::NoKeys));
    // It is back, and has none any more: that is an answer.
    server.has(&[]);
    assert_eq!(check(1100).await, Err(JwtError::UnknownKey));
}

#[tokio::test]
async fn a_giant_answer_is_not_read() {
    let signer = Signer::new("EdDSA");
    let server = Server::start(Manner::Endless).await;
    let verifier = server.verifier("");
    let check = async |now| verifier.verify(&jwt(&signer, "k1"), START + now).await.map(drop);
    assert_eq!(check(0).await, Err(JwtError::NoKeys));
    let padding = " ".repeat(300_000);
    server.be(Manner::Answer(200, set(&[signer.jwk_called("k1")]) + &padding));
    assert_eq!(check(30).await, Err(JwtError::NoKeys));
    server.has(&[signer.jwk_called("k1")]);
    assert_eq!(check(60).await, Ok(()));
}

/// Callers wait for a slow issuer only as long as is configured, all for one fetch; and one who goes away
/// does not end it.
#[tokio::test]
async fn a_slow_issuer() {
    let signer = Signer::new("EdDSA");
    let go = Arc::new(Notify::new());
    let slow = Manner::Slow(go.clone(), set(&[signer.jwk_called("k1")]));
    let server = Server::start(slow).await;
    let verifier = Arc::new(server.verifier("jwks_seconds = 1"));
    let check = |now: u64| {
        let (verifier, jwt) = (verifier.clone(), jwt(&signer, "k1"));
        tokio::spawn(async move { verifier.verify(&jwt, START + now).await.map(drop) })
    };
    let waiting: Vec<_> = (0..50).map(|_| check(0)).collect();
    for one in waiting {
        assert_eq!(one.await.unwrap(), Err(JwtError::NoKeys));
    }
    assert_eq!(server.asked(), 1);
    // The next time it answers late, when the one who asked has gone.
    let patient = Arc::new(server.verifier("jwks_seconds = 60"));
    let (verifier, jwt) = (patient.clone(), jwt(&signer, "k1"));
    let gone = tokio::spawn(async move { verifier.verify(&jwt, START).await });
    while server.asked() < 2 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let jwt = super::remote::jwt(&signer, "k1");
    let next = tokio::spawn(async move { patient.verify(&jwt, START + 5).await.map(drop) });
    go.notify_waiters();
    go.notify_one();
    assert_eq!(next.await.unwrap(), Ok(()));
    assert_eq!(server.asked(), 2);
}
