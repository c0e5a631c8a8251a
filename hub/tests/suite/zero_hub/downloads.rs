//! What can be fetched by 0-hub's addresses beside the `.flist` itself: MD5, text, JSON, and all of it
//! through tags.

use flisthub_hub::config::Config;
use md5::{Digest as _, Md5};
use reqwest::Method;
use serde_json::json;

use super::Two;
use crate::archives::files;
use crate::support::TestHub;

fn md5_of(bytes: &[u8]) -> String {
    format!("{:032x}", u128::from_be_bytes(Md5::digest(bytes).into()))
}

#[tokio::test]
async fn the_md5_is_that_of_the_file() {
    let two = Two::with_flists().await;
    two.done("base/link/latest").await;
    two.done("v1/x/tag/alice/base").await;
    let file = two.hub.get("/alice/base.flist").await.bytes().await.unwrap();
    let md5 = md5_of(&file);
    for path in ["/alice/base.flist.md5", "/alice/latest.flist.md5", "/alice/tags/v1/x.flist.md5"] {
        let response = two.hub.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        assert_eq!(response.text().await.unwrap(), format!("{md5}\n"), "{path}");
        let head = two.hub.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(
            (head.status().as_u16(), &head.headers()["content-length"]),
            (200, &"33".parse().unwrap())
        );
    }
    // The name points elsewhere: another file, another MD5.
    two.upload(&two.alice, "base", b"changed").await;
    let file = two.hub.get("/alice/base.flist").await.bytes().await.unwrap();
    let changed = two.hub.get("/alice/base.flist.md5").await.text().await.unwrap();
    assert_eq!(changed.trim(), md5_of(&file));
    assert_ne!(changed.trim(), md5);
}

#[tokio::test]
async fn a_flist_through_a_tag() {
    let two = Two::with_flists().await;
    two.done("v1/x/tag/alice/base").await;
    two.hub.clock.forward(60);
    let path = "/alice/tags/v1/x.flist";
    let plain = two.hub.get("/alice/base.flist").await;
    let tagged = two.hub.get(path).await;
    for header in ["etag", "last-modified", "content-length", "content-type"] {
        assert_eq!(tagged.headers()[header], plain.headers()[header], "{header}");
    }
    let (etag, plain) = (plain.headers()["etag"].clone(), plain.bytes().await.unwrap());
    assert_eq!(tagged.bytes().await.unwrap(), plain);
    let part =
        two.hub.request(Method::GET, path).header("range", "bytes=2-5").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), plain.slice(2..6));
    let known = two.hub.request(Method::GET, path).header("if-none-match", etag);
    assert_eq!(known.send().await.unwrap().status(), 304);
    // What the member's target becomes, the member leads to.
    two.upload(&two.alice, "base", b"changed").await;
    assert_ne!(two.hub.get(path).await.bytes().await.unwrap(), plain);
    for absent in [
        "/alice/tags/v1/y.flist",
        "/alice/tags/v1/x",
        "/alice/tags/v1/x.md5",
        "/alice/tags/v1/x.flist.sha1",
        "/alice/tags/v2/x.flist",
        "/alice/tags/base/x.flist",
        "/carol/tags/v1/x.flist",
        "/alice/tags/v1",
    ] {
        let response = two.hub.get(absent).await;
        assert_eq!(response.status(), 404, "{absent}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    }
}

#[tokio::test]
async fn where_a_flist_is_from() {
    let config = Config {
        public_url: Some("https://hub.example.com/flists/".to_owned()),
        ..Config::default()
    };
    let hub = TestHub::with(config).await;
    let token = hub.user("alice").await;
    assert_eq!(hub.upload(&token, "base.tar", &files(&[("a", b"b")])).await.status(), 200);
    let md5 = hub.get("/alice/base.flist.md5").await.text().await.unwrap();
    let md5 = md5.trim();
    for path in ["/alice/base.txt", "/alice/base.flist.txt"] {
        // A host that the caller makes up is not repeated.
        let request = hub.request(Method::GET, path).header("host", "evil.example.com");
        let response = request.header("x-forwarded-host", "evil.example.com").send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        assert_eq!(
            response.text().await.unwrap(),
            format!(
                "File:     base.flist\nUploader: alice\n\
                 Source:   https://hub.example.com/flists/alice/base.flist\n\
                 Storage:  https://hub.example.com/flists\nChecksum: {md5}\n"
            )
        );
    }
    for path in ["/alice/base.json", "/alice/base.flist.json"] {
        assert_eq!(
            hub.json(path).await,
            json!({
                "flist": "base.flist",
                "uploader": "alice",
                "source": "https://hub.example.com/flists/alice/base.flist",
                "storage": "https://hub.example.com/flists",
                "checksum": md5,
            })
        );
    }
    for absent in
        ["/alice/absent.txt", "/carol/base.json", "/alice/base.md", "/alice/base", "/alice/.txt"]
    {
        assert_eq!(hub.get(absent).await.status(), 404, "{absent}");
    }
}

#[tokio::test]
async fn without_a_configured_address_links_name_the_one_that_is_listened_on() {
    let two = Two::with_flists().await;
    two.done("theirs/crosslink/bob/app").await;
    let sheet = two.hub.json("/alice/theirs.json").await;
    assert_eq!(sheet["source"], format!("{}/alice/theirs.flist", two.hub.url));
    assert_eq!(sheet["storage"], two.hub.url);
}
