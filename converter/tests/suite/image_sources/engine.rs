//! An engine that is played: what it may answer, and what of it is believed.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use flisthub_converter::image::{
    EngineKind, EngineSource, ImageError, ImageSource as _, Platform, Spool,
};
use serde_json::json;

use super::{Files, spool};

/// Listens at a socket until its directory is gone; keeps the lines of what was asked.
struct Engine {
    home: tempfile::TempDir,
    asked: Arc<Mutex<Vec<String>>>,
    runtime: tokio::runtime::Runtime,
}

impl Engine {
    fn new(answer: impl Fn(&str, &mut UnixStream) + Send + Sync + 'static) -> Self {
        let home = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(home.path().join("sock")).unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).unwrap_or(0) == 0 {
                        break;
                    }
                    request.push(byte[0]);
                }
                let request = String::from_utf8(request).unwrap();
                let line = request.lines().next().unwrap_or_default().to_owned();
                kept.lock().unwrap().push(line.clone());
                answer(&line, &mut stream);
            }
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self { home, asked, runtime }
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("sock")
    }

    fn source(&self, name: &str, spool: Spool) -> Result<EngineSource, ImageError> {
        let runtime = self.runtime.handle().clone();
        EngineSource::new(EngineKind::Docker, &self.socket(), name, spool, runtime)
    }

    fn failure(&self, name: &str) -> (&'static str, String) {
        let image = self
            .source(name, spool(self.home.path()))
            .and_then(|source| source.image(&Platform::default()));
        let error = image.unwrap_err();
        (error.code(), format!("{:#}", anyhow::Error::from(error)))
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.home.path()).unwrap().count()
    }
}

fn send(stream: &mut UnixStream, status: &str, length: usize, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    // Whoever asked may have gone.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn about(architecture: &str) -> Vec<u8> {
    json!({"Id": format!("sha256:{}", "ab".repeat(32)), "Os": "linux", "Architecture": architecture})
        .to_string()
        .into_bytes()
}

fn saved() -> Vec<u8> {
    Files::saved(&[("x", "app:1")]).tar().end()
}

#[test]
fn an_image_is_exported_by_its_id() {
    let engine = Engine::new(|line, stream| {
        let body = if line.contains("/json ") { about("amd64") } else { saved() };
        send(stream, "200 OK", body.len(), &body);
    });
    let source = engine.source("host:5000/x/app:1", spool(engine.home.path())).unwrap();
    let image = source.image(&Platform::default()).unwrap();
    assert_eq!(image.reference, "docker:host:5000/x/app:1");
    let mut text = String::new();
    source.layer(&image, 1).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "top x");
    let asked = engine.asked.lock().unwrap().clone();
    let id = format!("sha256:{}", "ab".repeat(32));
    assert_eq!(asked[0], "GET /images/host:5000/x/app:1/json HTTP/1.1");
    assert_eq!(asked[1], format!("GET /images/{id}/get HTTP/1.1"));
    assert_eq!(engine.files(), 1, "no copy has a name");
}

#[test]
fn what_an_engine_refuses_is_told() {
    for (status, code, words) in [
        ("404 Not Found", "unknown_image", "no image app:1 at the docker engine"),
        ("500 Internal Server Error", "bad_registry_answer", "status 500 (disk is gone)"),
    ] {
        let engine = Engine::new(move |_, stream| {
            send(stream, status, 26, br#"{"message":"disk is gone"}"#);
        });
        let (found, message) = engine.failure("app:1");
        assert_eq!(found, code);
        assert!(message.contains(words), "{message}");
    }
    let engine = Engine::new(|_, stream| send(stream, "200 OK", 7, b"garbage"));
    assert_eq!(engine.failure("app:1").0, "bad_registry_answer");
    let engine = Engine::new(|_, stream| send(stream, "200 OK", 900, b"{"));
    assert_eq!(engine.failure("app:1").0, "no_engine");
}

#[test]
fn an_export_that_breaks_leaves_nothing() {
    for (whole, code) in [(false, "no_engine"), (true, "bad_image")] {
        let engine = Engine::new(move |line, stream| {
            let body = if line.contains("/json ") { about("amd64") } else { saved() };
            let half = body.len() / 2;
            match line.contains("/json ") {
                true => send(stream, "200 OK", body.len(), &body),
                false if whole => send(stream, "200 OK", half, &body[..half]),
                false => send(stream, "200 OK", body.len(), &body[..half]),
            }
        });
        let (found, message) = engine.failure("app:1");
        assert_eq!(found, code, "{message}");
        assert_eq!(engine.files(), 1);
    }
}

#[test]
fn an_image_for_another_platform_is_not_fetched() {
    let engine = Engine::new(|_, stream| {
        let body = about("arm64");
        send(stream, "200 OK", body.len(), &body);
    });
    let (code, message) = engine.failure("app:1");
    assert_eq!(code, "no_platform");
    assert!(message.contains("but for linux/arm64"), "{message}");
    assert_eq!(engine.asked.lock().unwrap().len(), 1);
}

#[test]
fn a_cancelled_conversion_stops_the_export() {
    let cancel = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&cancel);
    let engine = Engine::new(move |line, stream| {
        if line.contains("/json ") {
            let body = about("amd64");
            return send(stream, "200 OK", body.len(), &body);
        }
        send(stream, "200 OK", 1 << 30, &saved());
        set.store(true, Ordering::Relaxed);
        // Nothing more comes; ends when the other side hangs up.
        let _ = stream.read(&mut [0]);
    });
    let spool = Spool { cancel: Some(cancel), ..spool(engine.home.path()) };
    let error = engine.source("app:1", spool).unwrap().image(&Platform::default()).unwrap_err();
    assert_eq!(error.code(), "cancelled");
    assert_eq!(engine.files(), 1);
}

#[test]
fn names_that_are_no_names_are_not_sent() {
    let engine = Engine::new(|_, stream| send(stream, "404 Not Found", 0, b""));
    let long = "a".repeat(600);
    for name in ["", "../containers/json?x=", "a/../b", "a//b", "a b", "a?b", "a#b", "a%2fb", &long]
    {
        assert_eq!(engine.failure(name).0, "bad_reference", "{name}");
    }
    assert!(engine.asked.lock().unwrap().is_empty());
}

#[test]
fn no_engine_is_told_with_its_socket() {
    let engine = Engine::new(|_, _| ());
    let runtime = engine.runtime.handle().clone();
    let here = spool(engine.home.path());
    let stale = engine.home.path().join("stale");
    drop(UnixListener::bind(&stale).unwrap());
    for (socket, words) in
        [(Path::new("/nowhere/sock"), "there is no such socket"), (&stale, "refused")]
    {
        let (here, runtime) = (here.clone(), runtime.clone());
        let source = EngineSource::new(EngineKind::Podman, socket, "app:1", here, runtime).unwrap();
        let error = source.image(&Platform::default()).unwrap_err();
        let message = error.to_string();
        assert_eq!(error.code(), "no_engine");
        assert!(message.contains(words) && message.contains(socket.to_str().unwrap()), "{message}");
    }
}
