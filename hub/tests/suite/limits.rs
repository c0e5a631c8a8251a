//! What the server itself refuses: unknown routes, large headers and bodies, callers that stall.

use flisthub_hub::config::Config;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{TestHub, answer};

#[tokio::test]
async fn unknown_routes_answer_in_their_faces_words() {
    let hub = TestHub::start().await;
    assert_eq!(
        answer(hub.get("/api/nothing").await).await,
        (404, json!({ "status": "error", "message": "not found" }))
    );
    let problem = hub.get("/api/v1/nothing").await;
    assert_eq!(problem.headers()["content-type"], "application/problem+json");
    assert_eq!(answer(problem).await.1["code"], "not_found");
    let text = hub.get("/nothing").await;
    assert_eq!((text.status().as_u16(), text.text().await.unwrap().as_str()), (404, "not found\n"));
    let wrong = hub.request(Method::DELETE, "/api/v1/me").send().await.unwrap();
    assert!(wrong.headers().contains_key("allow"));
    assert_eq!(answer(wrong).await.1["code"], "method_not_allowed");
    let changing_get = hub.get("/api/flist/me/upload").await;
    assert_eq!(answer(changing_get).await.0, 405);
}

#[tokio::test]
async fn every_answer_has_an_id_of_ours() {
    let hub = TestHub::start().await;
    let mut ids = std::collections::BTreeSet::new();
    for path in ["/healthz", "/healthz", "/nothing", "/api/v1/me"] {
        let request = hub.request(Method::GET, path).header("x-request-id", "theirs");
        let response = request.send().await.unwrap();
        ids.insert(response.headers()["x-request-id"].to_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 4);
    assert!(!ids.contains("theirs"));
}

#[tokio::test]
async fn bodies_are_bounded_and_must_be_what_they_say() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let post = || hub.request(Method::POST, "/api/v1/sessions").bearer_auth(&token);
    let json =
        |request: reqwest::RequestBuilder| request.header("content-type", "application/json");
    let large = format!("{{\"repository\":\"{}\"}}", "a".repeat(70_000));
    for (request, status, code) in [
        (json(post()).body(large), 413, "too_large"),
        (json(post()).body("{"), 400, "bad_request"),
        (json(post()).body("[]"), 400, "bad_request"),
        (json(post()).body("{\"repository\":\"alice\",\"x\":1}"), 400, "bad_request"),
        (post().body("{\"repository\":\"alice\"}"), 415, "unsupported_media_type"),
        (json(post()).body("{\"repository\":\"a/b\"}"), 404, "not_found"),
    ] {
        let (found, problem) = answer(request.send().await.unwrap()).await;
        assert_eq!((found, problem["code"].as_str().unwrap()), (status, code), "{problem}");
    }
}

#[tokio::test]
async fn a_request_for_chunks_is_bounded() {
    let mut config = Config::default();
    config.limits.chunks_request_bytes = 1000;
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    let push = crate::push::Pusher::open(&hub, &token, "alice").await;
    let (status, problem) = answer(push.send(vec![0; 1001]).await).await;
    assert!(status == 413 || problem["code"] == "bad_chunk", "{problem}");
    let chunk = flisthub_storage::Chunk::new(
        flisthub_storage::Kind::Content,
        crate::archives::noise(2000, 1),
    );
    let frame = flisthub_storage::Compressor::new(1).unwrap().compress(&chunk.unwrap()).unwrap();
    let (status, problem) = answer(push.send(crate::push::records([&frame])).await).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (413, "too_large"));
}

/// Sends bytes, and gives all that comes back until the hub closes.
async fn talk(hub: &TestHub, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(hub.address).await.unwrap();
    // The hub may close before all is sent.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn headers_are_bounded() {
    let hub = TestHub::start().await;
    let header = format!("X-Long: {}\r\n", "a".repeat(1000));
    let request = |count| {
        let headers = header.repeat(count);
        format!("GET /healthz HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n{headers}\r\n")
    };
    assert!(talk(&hub, request(20).as_bytes()).await.starts_with("HTTP/1.1 200"));
    assert!(talk(&hub, request(40).as_bytes()).await.starts_with("HTTP/1.1 431"));
    assert!(talk(&hub, b"no HTTP at all\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    assert_eq!(hub.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn headers_that_never_end_are_cut_off() {
    let mut config = Config::default();
    config.limits.idle_seconds = 1;
    let hub = TestHub::with(config).await;
    // Ends only because the hub closes.
    let answer = talk(&hub, b"GET /healthz HTTP/1.1\r\nHost: hub\r\n").await;
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn more_connections_than_may_be_wait_and_are_served() {
    let mut config = Config::default();
    config.limits.connections = 1;
    let hub = TestHub::with(config).await;
    let first = TcpStream::connect(hub.address).await.unwrap();
    let second = tokio::spawn({
        let address = hub.address;
        async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    });
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.0 200"));
}
