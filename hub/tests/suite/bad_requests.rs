//! Requests that no handler would want to see: on the native API each is answered by a problem with the
//! right status and code, and with a message that names the thing; nothing changes.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::archives::files;
use crate::support::{TestHub, answer};

/// A request, and what the answer's status, code and words must be.
struct Bad<'a> {
    method: Method,
    path: &'a str,
    kind: Option<&'a str>,
    body: &'a str,
    expected: (u16, &'a str, &'a str),
}

fn json_body<'a>(path: &'a str, body: &'a str, words: &'a str) -> Bad<'a> {
    let (method, kind) = (Method::POST, Some("application/json"));
    Bad { method, path, kind, body, expected: (400, "bad_request", words) }
}

fn plain<'a>(method: Method, path: &'a str, expected: (u16, &'a str, &'a str)) -> Bad<'a> {
    Bad { method, path, kind: None, body: "", expected }
}

async fn refused(hub: &TestHub, token: &str, bad: Bad<'_>) {
    let Bad { method, path, kind, body, expected: (status, code, words) } = bad;
    let shown = format!("{method} {path} {kind:?} {body:?}");
    let mut request = hub.request(method, path).bearer_auth(token).body(body.to_owned());
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{shown}");
    let allow = response.headers().contains_key("allow");
    let (found, problem) = answer(response).await;
    assert_eq!((found, &problem["code"]), (status, &json!(code)), "{shown}: {problem}");
    assert_eq!((&problem["status"], &problem["type"]), (&json!(status), &json!("about:blank")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(words), "{shown}: {detail}");
    assert_eq!(allow, status == 405, "{shown}");
}

#[tokio::test]
async fn bad_bodies_are_named() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let promote = "/api/v1/flists/alice/x/promote";
    let rollback = "/api/v1/flists/alice/x/rollback";
    for bad in [
        json_body(promote, "", "EOF"),
        json_body(promote, "{", "EOF"),
        json_body(promote, "nonsense", "line 1 column 2"),
        json_body(promote, "[]", "must be a JSON object"),
        json_body(promote, r#" ["alice/a",false]"#, "must be a JSON object"),
        json_body(promote, "null", "must be a JSON object"),
        json_body(promote, "{}", "`from`"),
        json_body(promote, r#"{"from":1}"#, "from: invalid type"),
        json_body(promote, r#"{"from":"a/b","dryrun":true}"#, "`dryrun`"),
        json_body(promote, r#"{"from":"a/b","from":"a/c"}"#, "duplicate field `from`"),
        json_body(promote, "{\"from\":\"a/b\"} x", "trailing"),
        json_body(rollback, r#"{"revision":-1}"#, "revision: invalid value: integer `-1`"),
        json_body(rollback, r#"{"revision":1.5}"#, "revision: invalid type"),
        json_body(rollback, r#"{"revision":18446744073709551616}"#, "revision"),
        json_body(rollback, r#"{"revision":1e400}"#, "number out of range"),
        json_body("/api/v1/sessions", r#"{"repository":null}"#, "repository: invalid type: null"),
        json_body("/api/v1/flists/alice/x/merge", r#"{"sources":"a/b"}"#, "sources"),
        json_body("/api/v1/flists/alice/x/merge", r#"{"sources":["a/b"],"rule":"x"}"#, "`x`"),
    ] {
        refused(&hub, &token, bad).await;
    }
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("x")] {
        let expected = (415, "unsupported_media_type", "application/json");
        let body = r#"{"from":"a/b"}"#;
        refused(&hub, &token, Bad { method: Method::POST, path: promote, kind, body, expected })
            .await;
    }
    let deep = format!(r#"{{"image":"a","credentials":{}"#, "[".repeat(10_000));
    refused(&hub, &token, json_body("/api/v1/conversions", &deep, "recursion limit")).await;
    let mut large = json_body(promote, "", "more bytes than this address takes");
    let long = format!(r#"{{"from":"{}"}}"#, "x".repeat(hub.hub.config.limits.body_bytes));
    (large.body, large.expected.0, large.expected.1) = (&long, 413, "too_large");
    refused(&hub, &token, large).await;
}

#[tokio::test]
async fn bad_paths_methods_and_queries_are_named() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    assert_eq!(hub.upload(&token, "base.tar", &files(&[("a", b"b")])).await.status(), 200);
    let long = format!("/api/v1/flists/alice/{}", "n".repeat(4096));
    let page = |path| plain(Method::GET, path, (400, "bad_page", "limit"));
    let query = |method, path, words| plain(method, path, (400, "bad_query", words));
    for bad in [
        plain(Method::GET, "/api/v1/nothing", (404, "not_found", "/api/v1/nothing")),
        plain(Method::GET, "/api/v1/flists/alice/base/nothing", (404, "not_found", "base/nothing")),
        plain(Method::PATCH, "/api/v1/repositories", (405, "method_not_allowed", "PATCH")),
        plain(Method::POST, "/api/v1/audit", (405, "method_not_allowed", "/api/v1/audit")),
        plain(
            Method::DELETE,
            "/api/v1/flists/alice/base/link",
            (405, "method_not_allowed", "DELETE"),
        ),
        plain(Method::GET, "/api/v1/flists/%ff/base", (400, "bad_request", "repository")),
        plain(Method::GET, "/api/v1/flists/alice/%c3%28", (400, "bad_request", "name")),
        plain(Method::GET, "/api/v1/flists/alice/a%00b", (404, "not_found", "ab")),
        plain(Method::GET, "/api/v1/flists/alice/a%2Fb", (404, "not_found", "a/b")),
        plain(Method::GET, &long, (404, "not_found", "nnnn")),
        plain(Method::GET, "/api/v1/jobs/-1", (404, "not_found", "-1")),
        page("/api/v1/repositories?limit=0"),
        page("/api/v1/repositories?limit=501"),
        page("/api/v1/repositories?limit=-1"),
        page("/api/v1/repositories?limit=99999999999999999999"),
        page("/api/v1/repositories?limit=1&limit=2"),
        page("/api/v1/flists/alice?limit=ten"),
        page("/api/v1/jobs?limit="),
        plain(Method::GET, "/api/v1/flists/alice?cursor=a%2Fb", (400, "bad_page", "cursor")),
        plain(Method::GET, "/api/v1/jobs?cursor=x", (400, "bad_page", "cursor")),
        plain(
            Method::GET,
            "/api/v1/flists/alice/base/history?cursor=0",
            (400, "bad_page", "cursor"),
        ),
        query(Method::GET, "/api/v1/me?x=1", "`x`"),
        query(Method::GET, "/api/v1/flists/alice?Limit=1", "`Limit`"),
        query(Method::DELETE, "/api/v1/flists/alice/base?dry_run=true", "`dry_run`"),
        query(Method::GET, "/api/v1/repositories?limit=1&offset=2", "limit, cursor"),
    ] {
        refused(&hub, &token, bad).await;
    }
    assert_eq!(hub.names().await, json!(["alice/base.flist"]));
}

/// What is no text cannot be sent by a library; what comes back is a 4xx all the same.
#[tokio::test]
async fn bytes_that_are_no_text_are_refused() {
    let hub = TestHub::start().await;
    for line in [
        &b"GET /api/v1/flists/\xff/base HTTP/1.1\r\n"[..],
        b"GET /api/v1/flists/alice?cursor=\xff HTTP/1.1\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nAuthorization: bearer \xff\xfe\r\n",
    ] {
        let mut stream = tokio::net::TcpStream::connect(hub.address).await.unwrap();
        stream.write_all(line).await.unwrap();
        stream.write_all(b"Host: hub\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(text.starts_with("HTTP/1.1 4"), "{text}");
    }
}

/// Follows the links of a list to its end.
async fn followed(
    hub: &TestHub,
    token: &str,
    first: &str,
    items: &str,
    pages: usize,
) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = Some(first.to_owned());
    for _ in 0..pages {
        let path = next.take().expect("a next page");
        let response = hub.request(Method::GET, &path).bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let page: Value = response.json().await.unwrap();
        found.extend(page[items].as_array().unwrap().iter().cloned());
        assert_eq!(page["next"].is_string(), link.is_some(), "{path}: {page}");
        next = link.map(|link| {
            let target =
                link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            target.unwrap().to_owned()
        });
    }
    assert_eq!(next, None, "{first}");
    found
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    for user in ["bob", "carol"] {
        hub.user(user).await;
    }
    let archive = files(&[("a", b"b")]);
    for name in ["a", "b", "c", "d"] {
        assert_eq!(hub.upload(&token, name, &archive).await.status(), 200);
    }
    let names = |found: &[Value]| -> Vec<String> {
        found.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    // The last page is full, and still the last.
    let found = followed(&hub, &token, "/api/v1/flists/alice?limit=2", "names", 2).await;
    assert_eq!(names(&found), ["a", "b", "c", "d"]);
    let found = followed(&hub, &token, "/api/v1/flists/alice?limit=3", "names", 2).await;
    assert_eq!(names(&found), ["a", "b", "c", "d"]);
    let found = followed(&hub, &token, "/api/v1/flists/bob", "names", 1).await;
    assert!(found.is_empty());
    let found = followed(&hub, &token, "/api/v1/repositories?limit=2", "repositories", 2).await;
    assert_eq!(names(&found), ["alice", "bob", "carol"]);
    for _ in 0..2 {
        assert_eq!(hub.upload(&token, "a", &files(&[("x", b"y")])).await.status(), 200);
        assert_eq!(hub.upload(&token, "a", &archive).await.status(), 200);
    }
    let found =
        followed(&hub, &token, "/api/v1/flists/alice/a/history?limit=2", "entries", 3).await;
    let revisions: Vec<_> = found.iter().map(|one| one["revision"].as_u64().unwrap()).collect();
    assert_eq!(revisions, [5, 4, 3, 2, 1]);
}
