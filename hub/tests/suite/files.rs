//! One file out of a flist's tree: what each header asks for and each answer says.

use std::io::Read as _;

use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::archives::noise;
use crate::support::{START, TestHub};
use crate::tree_support::{Cut, Planting};

pub(crate) const FILES: &str = "/api/v1/flists/alice/base/files";

/// What came.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of a problem.
    pub(crate) fn code(&self) -> String {
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn fetch(
    hub: &TestHub,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Got {
    let mut request = hub.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Got { status, headers, body: response.bytes().await.unwrap().to_vec() }
}

/// A hub with a file of three chunks and a hole, and what its bytes are.
async fn served() -> (TestHub, Vec<u8>) {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let (first, second, third) = (noise(300_000, 1), vec![b'x'; 200_000], noise(5_000, 2));
    let hole = 3_000_001;
    let content = [&first[..], &vec![0; 3_000_001], &second, &third].concat();
    let mut tree = Planting::new(&*hub.store);
    let cuts = [Cut::Data(first), Cut::Hole(hole), Cut::Data(second), Cut::Data(third)];
    tree.file(b"d/big.tif", &cuts).file(b"copy.bin", &cuts);
    tree.small("empty", b"").small("d/small.txt", b"hello\n");
    tree.publish(&hub, &token, "alice/base").await;
    // The time of a change is told once it stands for one state.
    hub.clock.forward(60);
    (hub, content)
}

#[tokio::test]
async fn a_whole_file() {
    let (hub, content) = served().await;
    let path = format!("{FILES}/d/big.tif");
    for _ in 0..2 {
        let got = fetch(&hub, Method::GET, &path, &[]).await;
        assert_eq!((got.status, got.body == content), (200, true));
        for (name, value) in [
            ("content-type", "image/tiff"),
            ("content-length", &*content.len().to_string()),
            ("last-modified", "Fri, 15 Jan 2027 08:00:00 GMT"),
            ("accept-ranges", "bytes"),
            ("vary", "accept-encoding"),
            ("cache-control", "no-cache"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-disposition", ""),
            ("content-encoding", ""),
            ("content-location", ""),
        ] {
            assert_eq!(got.header(name), value, "{name}");
        }
        let tag = got.header("etag");
        assert!(tag.starts_with('"') && tag.len() == 66, "{tag}");
        let head = fetch(&hub, Method::HEAD, &path, &[]).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        for name in
            got.headers.keys().filter(|name| !["date", "x-request-id"].contains(&name.as_str()))
        {
            assert_eq!(head.headers.get(name), got.headers.get(name), "{name}");
        }
    }
    assert_eq!(START, 1_800_000_000, "the time above is this one");
}

#[tokio::test]
async fn the_tag_is_that_of_the_content() {
    let (hub, _) = served().await;
    let tag = async |path: &str| {
        fetch(&hub, Method::HEAD, &format!("{FILES}/{path}"), &[]).await.header("etag").to_owned()
    };
    assert_eq!(tag("d/big.tif").await, tag("copy.bin").await);
    assert_ne!(tag("d/big.tif").await, tag("d/small.txt").await);
    assert_ne!(tag("empty").await, tag("d/small.txt").await);
}

#[expect(clippy::too_many_lines, reason = "one table of requests and answers")]
#[tokio::test]
async fn parts_and_conditions() {
    let (hub, content) = served().await;
    let (path, length) = (format!("{FILES}/d/big.tif"), content.len());
    let tag = fetch(&hub, Method::HEAD, &path, &[]).await.header("etag").to_owned();
    let (weak, zstd) = (format!("W/{tag}"), format!("W/{}-zstd\"", tag.trim_end_matches('"')));
    let (changed, before) = ("Fri, 15 Jan 2027 08:00:00 GMT", "Fri, 15 Jan 2027 07:59:59 GMT");
    let outside = format!("bytes={length}-");
    for (headers, status, part) in [
        (vec![("range", "bytes=0-0")], 206, 0..1),
        (vec![("range", "bytes=299990-300010")], 206, 299_990..300_011),
        (vec![("range", "bytes=3300000-3300001")], 206, 3_300_000..3_300_002),
        (vec![("range", "bytes=100-")], 206, 100..length),
        (vec![("range", "bytes=-10")], 206, length - 10..length),
        (vec![("range", "bytes=-99999999999")], 206, 0..length),
        (vec![("range", "bytes=0-18446744073709551615")], 206, 0..length),
        (vec![("range", &*outside)], 416, 0..0),
        (vec![("range", "bytes=99999999999999999999999-")], 416, 0..0),
        (vec![("range", "bytes=-0")], 416, 0..0),
        (vec![("range", "bytes=9-1")], 200, 0..length),
        (vec![("range", "bytes=x")], 200, 0..length),
        (vec![("range", "lines=0-9")], 200, 0..length),
        (vec![("range", "bytes=0-9,5-20")], 206, 0..21),
        (vec![("range", "bytes=0-9"), ("accept-encoding", "zstd")], 206, 0..10),
        (vec![("range", "bytes=9-1"), ("accept-encoding", "zstd")], 200, 0..length),
        (vec![("range", "bytes=0-9"), ("if-range", &*tag)], 206, 0..10),
        (vec![("range", "bytes=0-9"), ("if-range", &*weak)], 200, 0..length),
        (vec![("range", "bytes=0-9"), ("if-range", "\"other\"")], 200, 0..length),
        (vec![("range", "bytes=0-9"), ("if-range", changed)], 206, 0..10),
        (vec![("range", "bytes=0-9"), ("if-range", before)], 200, 0..length),
        (vec![("if-match", &*tag)], 200, 0..length),
        (vec![("if-match", "*")], 200, 0..length),
        (vec![("if-match", "\"other\"")], 412, 0..0),
        (vec![("if-match", &*weak)], 412, 0..0),
        (vec![("if-match", &*tag), ("accept-encoding", "zstd")], 200, 0..length),
        (vec![("if-unmodified-since", changed)], 200, 0..length),
        (vec![("if-unmodified-since", before)], 412, 0..0),
        (vec![("if-none-match", &*tag)], 304, 0..0),
        (vec![("if-none-match", &*weak)], 304, 0..0),
        (vec![("if-none-match", "*")], 304, 0..0),
        (vec![("if-none-match", "\"other\"")], 200, 0..length),
        (vec![("if-none-match", &*zstd)], 200, 0..length),
        (vec![("if-none-match", &*zstd), ("accept-encoding", "zstd")], 304, 0..0),
        (vec![("if-modified-since", changed)], 304, 0..0),
        (vec![("if-modified-since", before)], 200, 0..length),
        (vec![("range", "bytes=0-9"), ("if-none-match", &*tag)], 304, 0..0),
    ] {
        let got = fetch(&hub, Method::GET, &path, &headers).await;
        assert_eq!(got.status, status, "{headers:?}");
        match status {
            200 => assert!(got.header("content-range").is_empty(), "{headers:?}"),
            206 => {
                let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
                assert_eq!(got.header("content-range"), range, "{headers:?}");
                assert_eq!(got.header("content-length"), part.len().to_string());
                assert!(got.header("content-encoding").is_empty(), "{headers:?}");
                assert_eq!(got.header("etag"), tag);
            }
            416 => {
                assert_eq!(got.header("content-range"), format!("bytes */{length}"));
                assert_eq!(got.code(), "range_not_satisfiable");
            }
            304 => assert_eq!(got.header("vary"), "accept-encoding"),
            412 => assert_eq!(got.header("content-disposition"), ""),
            _ => {}
        }
        if matches!(status, 200 | 206) {
            assert!(got.body == content[part], "{headers:?}");
        }
        let head = fetch(&hub, Method::HEAD, &path, &headers).await;
        let expected = if matches!(status, 206 | 416) { 200 } else { status };
        assert_eq!((head.status, head.body.len()), (expected, 0), "HEAD {headers:?}");
        if expected == 200 {
            assert_eq!(head.header("content-length"), length.to_string(), "HEAD {headers:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_file() {
    let (hub, _) = served().await;
    let path = format!("{FILES}/empty");
    for (headers, status) in [
        (vec![], 200),
        (vec![("accept-encoding", "zstd")], 200),
        (vec![("range", "bytes=0-")], 416),
        (vec![("range", "bytes=-1")], 416),
    ] {
        let got = fetch(&hub, Method::GET, &path, &headers).await;
        assert_eq!(got.status, status, "{headers:?}");
        if status == 200 {
            assert_eq!((got.header("content-length"), got.body.len()), ("0", 0));
            assert!(got.header("content-encoding").is_empty());
        }
    }
}

#[tokio::test]
async fn stored_frames_are_sent_as_they_are() {
    let (hub, content) = served().await;
    for (path, content) in [("d/big.tif", &content[..]), ("d/small.txt", b"hello\n")] {
        let path = format!("{FILES}/{path}");
        let got = fetch(&hub, Method::GET, &path, &[("accept-encoding", "gzip, zstd")]).await;
        assert_eq!((got.status, got.header("content-encoding")), (200, "zstd"));
        assert_eq!((got.header("vary"), got.header("content-range")), ("accept-encoding", ""));
        let tag = got.header("etag");
        assert!(tag.starts_with("W/\"") && tag.ends_with("-zstd\""), "{tag}");
        let mut decoded = Vec::new();
        zstd::Decoder::new(&got.body[..]).unwrap().read_to_end(&mut decoded).unwrap();
        assert!(decoded == content);
        // The hole and the run of one letter take next to nothing.
        assert!(got.body.len() < 306_000, "{}", got.body.len());
        let head = fetch(&hub, Method::HEAD, &path, &[("accept-encoding", "zstd")]).await;
        assert_eq!((head.header("content-encoding"), head.header("etag")), ("zstd", tag));
        assert_eq!(head.header("content-length"), "");
        for plain in ["", "gzip", "zstd;q=0", "zstd;q=0.1, identity"] {
            let got = fetch(&hub, Method::GET, &path, &[("accept-encoding", plain)]).await;
            assert!(got.header("content-encoding").is_empty() && got.body == content, "{plain}");
        }
    }
}

#[tokio::test]
async fn several_parts() {
    let (hub, content) = served().await;
    let (path, length) = (format!("{FILES}/d/small.txt"), content.len());
    let got = fetch(&hub, Method::GET, &path, &[("range", "bytes=0-0,-1")]).await;
    assert_eq!((got.status, &got.body[..]), (206, &b"hello\n"[..]), "they nearly meet");
    let path = format!("{FILES}/d/big.tif");
    let asked = "bytes=-5, 0-9, 299000-301000, 99999999-";
    let got = fetch(&hub, Method::GET, &path, &[("range", asked)]).await;
    assert_eq!(got.status, 206);
    let bound = got.header("content-type").strip_prefix("multipart/byteranges; boundary=").unwrap();
    let mut expected = Vec::new();
    for range in [0..10, 299_000..301_001, length - 5..length] {
        let head = format!(
            "--{bound}\r\nContent-Type: image/tiff\r\nContent-Range: bytes {}-{}/{length}\r\n\r\n",
            range.start,
            range.end - 1
        );
        expected.extend([head.as_bytes(), &content[range], b"\r\n"].concat());
    }
    expected.extend(format!("--{bound}--\r\n").as_bytes());
    assert_eq!(got.header("content-length"), expected.len().to_string());
    assert!(got.body == expected, "{}", String::from_utf8_lossy(&got.body[..500]));
    assert!(got.header("content-range").is_empty());
    let many = format!(
        "bytes={}",
        (0..17).map(|at| format!("{}-{}", at * 1_000, at * 1_000)).collect::<Vec<_>>().join(",")
    );
    let got = fetch(&hub, Method::GET, &path, &[("range", &many)]).await;
    assert_eq!((got.status, got.code().as_str()), (416, "range_not_satisfiable"));
    let outside = fetch(&hub, Method::GET, &path, &[("range", "bytes=99999999-,999999999-")]).await;
    assert_eq!(outside.status, 416);
}

#[tokio::test]
async fn types_and_what_a_browser_may_do() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut tree = Planting::new(&*hub.store);
    for (name, content) in [
        ("page.html", &b"<script>alert(1)</script>"[..]),
        ("a.svg", b"<svg/>"),
        ("a.json", b"{}"),
        ("utf8.txt", "gr\u{fc}n".as_bytes()),
        ("latin.txt", b"gr\xfcn"),
        ("a b.csv", b"a,b\n"),
        ("no-ending", b"x"),
    ] {
        tree.small(name, content);
    }
    // A letter that is cut in two by chunks, and one file that is too large to be looked at.
    tree.file(b"cut.txt", &[Cut::Data(b"gr\xc3".to_vec()), Cut::Data(b"\xbcn".to_vec())]);
    tree.file(b"large.txt", &[Cut::Data(vec![b'a'; 1 << 20]), Cut::Data(b"a".to_vec())]);
    tree.publish(&hub, &token, "alice/base").await;
    for (path, content_type, disposition) in [
        ("page.html", "text/html; charset=utf-8", "attachment; filename=\"page.html\""),
        ("a.svg", "image/svg+xml", "attachment; filename=\"a.svg\""),
        ("a.json", "application/json", ""),
        ("utf8.txt", "text/plain; charset=utf-8", ""),
        ("latin.txt", "text/plain", ""),
        ("cut.txt", "text/plain; charset=utf-8", ""),
        ("large.txt", "text/plain", ""),
        ("a%20b.csv", "text/csv; charset=utf-8", ""),
        ("a%20b.csv?download=true", "text/csv; charset=utf-8", "attachment; filename=\"a b.csv\""),
        ("no-ending", "application/octet-stream", "attachment; filename=\"no-ending\""),
    ] {
        for range in [&[][..], &[("range", "bytes=0-0")]] {
            let got = fetch(&hub, Method::GET, &format!("{FILES}/{path}"), range).await;
            assert_eq!(got.header("content-type"), content_type, "{path}");
            assert_eq!(got.header("content-disposition"), disposition, "{path}");
            assert_eq!(got.header("x-content-type-options"), "nosniff", "{path}");
        }
    }
}
