//! Paths of files in URLs: any bytes, every trick, links, and what is no file.

use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::files::{FILES, fetch};
use crate::support::TestHub;
use crate::tree_support::{Cut, Planting};

async fn served() -> TestHub {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    tree.small("a/b/file", b"deep").small("top", b"top").small("a/b c+d%", b"odd").special();
    tree.small("...", b"dots").small(&"n".repeat(255), b"long");
    tree.file(b"\xff\xfe/\x01\n", &[Cut::Data(b"bytes".to_vec())]);
    tree.link("l", b"a/b/file").link("abs", b"/a/b").link("up", b"../../../top");
    tree.link("gone", b"a/nothing").link("loop", b"a/loop").link("a/loop", b"../loop");
    tree.link("out", b"/etc/passwd").link("null", b"dev/null").link("odd", b"\xff\xfe/\x01\n");
    tree.publish(&hub, &token, "alice/base").await;
    hub
}

/// The answer to a request that is written as it is: no library tidies the path.
async fn raw(hub: &TestHub, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(hub.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n");
    // A request that is refused early need not be read to its end.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    (status, answer)
}

#[tokio::test]
async fn any_bytes_can_be_a_path() {
    let hub = served().await;
    for (path, body) in [
        ("top", "top"),
        ("a/b/file", "deep"),
        ("%61/b/%66ile", "deep"),
        ("a/b%20c+d%25", "odd"),
        ("...", "dots"),
        (&*"n".repeat(255), "long"),
        ("%ff%FE/%01%0A", "bytes"),
    ] {
        let (status, answer) = raw(&hub, &format!("{FILES}/{path}")).await;
        assert!(status == 200 && answer.ends_with(body), "{path}: {answer}");
        assert!(!answer.contains("content-location"), "{path}");
    }
    let (status, _) = raw(&hub, "/api/v1/flists/%61lice/b%61se.flist/files/top").await;
    assert_eq!(status, 200);
}

#[expect(clippy::too_many_lines, reason = "one table of paths and answers")]
#[tokio::test]
async fn path_tricks_are_refused() {
    let hub = served().await;
    let long = "n".repeat(256);
    let four = format!("n{}", "n".repeat(4_096));
    let huge = "n/".repeat(50_000);
    for (path, expected, code) in [
        ("..", 400, "bad_path"),
        ("../../../../../etc/passwd", 400, "bad_path"),
        ("a/../top", 400, "bad_path"),
        ("%2e%2e/top", 400, "bad_path"),
        (".", 400, "bad_path"),
        ("a/./b/file", 400, "bad_path"),
        ("/top", 400, "bad_path"),
        ("a//b/file", 400, "bad_path"),
        ("a//", 400, "bad_path"),
        ("a%2Fb%2Ffile", 400, "bad_path"),
        ("%2ftop", 400, "bad_path"),
        ("top%00", 400, "bad_path"),
        ("%00", 400, "bad_path"),
        ("%", 400, "bad_path"),
        ("%f", 400, "bad_path"),
        ("%zz", 400, "bad_path"),
        (&*long, 400, "bad_path"),
        (&*four, 400, "bad_path"),
        (&*huge, 431, ""),
        ("nothing", 404, "not_found"),
        ("%ff", 404, "not_found"),
        ("TOP", 404, "not_found"),
        ("top/", 404, "not_found"),
        ("l/", 404, "not_found"),
        ("top/x", 404, "not_found"),
        ("dev/null/x", 404, "not_found"),
        ("gone", 404, "not_found"),
        ("out", 404, "not_found"),
        ("dev/null", 422, "not_a_file"),
        ("dev/sda", 422, "not_a_file"),
        ("dev/pipe", 422, "not_a_file"),
        ("dev/socket", 422, "not_a_file"),
        ("null", 422, "not_a_file"),
        ("loop", 422, "link_loop"),
        ("a/loop", 422, "link_loop"),
        ("loop/x", 422, "link_loop"),
        ("top?nonsense=1", 400, "bad_query"),
        ("top?download=maybe", 400, "bad_query"),
    ] {
        let (status, answer) = raw(&hub, &format!("{FILES}/{path}")).await;
        let head: String = answer.chars().take(600).collect();
        assert_eq!(status, expected, "{path}: {head}");
        assert!(code.is_empty() || answer.contains(&format!("\"{code}\"")), "{path}: {answer}");
        assert!(!answer.contains("root:"), "{path}");
    }
    let (status, answer) = raw(&hub, &format!("{FILES}/loop")).await;
    assert!(status == 422 && answer.contains("loop in alice/base"), "{answer}");
    for (path, status) in [
        ("/api/v1/flists/alice/nothing/files/top", 404),
        ("/api/v1/flists/nobody/base/files/top", 404),
        ("/api/v1/flists/alice/%ff/files/top", 400),
        ("/api/v1/flists/alice/%zz/files/top", 400),
    ] {
        assert_eq!(raw(&hub, path).await.0, status, "{path}");
    }
    let posted = fetch(&hub, Method::POST, &format!("{FILES}/top"), &[]).await;
    assert_eq!(posted.status, 405);
}

#[tokio::test]
async fn links_are_followed_within_the_tree() {
    let hub = served().await;
    for (path, body, location) in [
        ("l", "deep", "a/b/file"),
        ("abs/file", "deep", "a/b/file"),
        ("up", "top", "top"),
        ("odd", "bytes", "%FF%FE/%01%0A"),
    ] {
        let got = fetch(&hub, Method::GET, &format!("{FILES}/{path}"), &[]).await;
        assert_eq!((got.status, &*got.body), (200, body.as_bytes()), "{path}");
        assert_eq!(got.header("content-location"), format!("{FILES}/{location}"), "{path}");
        let again = fetch(&hub, Method::GET, got.header("content-location"), &[]).await;
        assert_eq!((again.status, &again.body), (200, &got.body), "{path}");
        assert_eq!(again.header("etag"), got.header("etag"));
    }
    let page = fetch(&hub, Method::GET, &format!("{FILES}/abs"), &[]).await;
    assert_eq!((page.status, page.header("content-location")), (200, &*format!("{FILES}/a/b")));
}

#[tokio::test]
async fn a_repository_that_may_not_be_read_has_no_files() {
    let hub = served().await;
    let request = hub.request(Method::GET, &format!("{FILES}/top")).bearer_auth("x".repeat(43));
    assert_eq!(request.send().await.unwrap().status(), 401);
}
