//! Listings and dumps in 0-hub's words.

use std::os::unix::ffi::OsStrExt as _;

use flisthub_hub::catalog::{Actor, Change, Condition, Pointed, Source};
use flisthub_hub::config::Config;
use flisthub_hub::name::{FlistName, RepositoryName};
use serde_json::{Value, json};
use tar::EntryType;

use crate::archives::{files, header};
use crate::support::{START, TestHub, answer};

#[tokio::test]
async fn a_hub_without_anything() {
    let hub = TestHub::start().await;
    for path in ["/api/flist", "/api/repositories"] {
        assert_eq!(hub.json(path).await, json!([]), "{path}");
    }
    assert_eq!(hub.json("/api/fileslist").await, json!({}));
    let response = hub.get("/healthz").await;
    assert_eq!(
        (response.status().as_u16(), response.text().await.unwrap().as_str()),
        (200, "ok\n")
    );
}

#[tokio::test]
async fn names_of_all_repositories() {
    let config = Config { official_repositories: vec!["bob".into()], ..Config::default() };
    let hub = TestHub::with(config).await;
    let archive = files(&[("a", b"b")]);
    for (user, names) in [("bob", &["z", "a"][..]), ("alice", &["x"]), ("carol", &[])] {
        let token = hub.user(user).await;
        for name in names {
            hub.clock.forward(10);
            assert_eq!(hub.upload(&token, &format!("{name}.tar"), &archive).await.status(), 200);
        }
    }
    assert_eq!(hub.names().await, json!(["alice/x.flist", "bob/a.flist", "bob/z.flist"]));
    let repositories = json!([
        { "name": "alice", "official": false, "updated": START + 30 },
        { "name": "bob", "official": true, "updated": START + 20 },
        { "name": "carol", "official": false, "updated": START },
    ]);
    assert_eq!(hub.json("/api/repositories").await, repositories);
    let page = hub.json("/api/v1/repositories").await;
    assert_eq!(page, json!({ "repositories": repositories, "next": null }));
    let bytes = hub.get("/alice/x.flist").await.bytes().await.unwrap().len();
    let size = format!("{}.{:02} KB", bytes / 1024, bytes % 1024 * 100 / 1024);
    let entry = |name: &str, updated| json!({ "name": name, "size": size, "updated": START + updated, "type": "regular" });
    let bob = json!([entry("a.flist", 20), entry("z.flist", 10)]);
    assert_eq!(hub.json("/api/flist/bob").await, bob);
    assert_eq!(hub.json("/api/flist/bob/").await, bob, "a path may end in a slash");
    assert_eq!(
        hub.json("/api/fileslist").await,
        json!({ "alice": [entry("x.flist", 30)], "bob": bob, "carol": [] })
    );
    let text = hub.get("/api/flist/carol").await.text().await.unwrap();
    assert_eq!(text, "[]\n");
}

#[tokio::test]
async fn a_dump_has_everything() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let mut archive = tar::Builder::new(Vec::new());
    let add = |archive: &mut tar::Builder<Vec<u8>>, kind, name: &[u8], content: &[u8]| {
        let mut header = header(kind, content.len() as u64);
        if kind == EntryType::Symlink {
            header.set_link_name("file").unwrap();
        }
        let name = std::path::Path::new(std::ffi::OsStr::from_bytes(name));
        archive.append_data(&mut header, name, content).unwrap();
    };
    add(&mut archive, EntryType::Regular, b"dir/file", b"12345");
    add(&mut archive, EntryType::Regular, b"caf\xe9", b"1");
    add(&mut archive, EntryType::Symlink, b"link", b"");
    add(&mut archive, EntryType::Fifo, b"pipe", b"");
    let archive = archive.into_inner().unwrap();
    let (status, body) = answer(hub.upload(&token, "x.tar", &archive).await).await;
    assert_eq!(status, 200, "{body}");
    let dump = json!({
        "content": [
            { "path": "/caf\u{fffd}", "size": 1, "path_bytes": "L2NhZuk=" },
            { "path": "/dir", "size": 0 },
            { "path": "/dir/file", "size": 5 },
            { "path": "/link", "size": 0 },
            { "path": "/pipe", "size": 0 },
        ],
        "regular": 2, "symlink": 1, "directory": 1, "special": 1, "failure": 0, "fullsize": 6,
    });
    assert_eq!(hub.json("/api/flist/alice/x").await, dump);
    assert_eq!(hub.json("/api/flist/alice/x.flist").await, dump);
    let own = hub.request(reqwest::Method::GET, "/api/flist/me/x.flist").bearer_auth(&token);
    assert_eq!(answer(own.send().await.unwrap()).await, (200, dump));
}

#[tokio::test]
async fn long_lists_come_whole() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let names: Vec<String> = (0..2000).map(|number| format!("d/file-{number:05}")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b"x"[..])).collect();
    hub.upload(&token, "first.tar", &files(&entries)).await;
    let dump = hub.json("/api/flist/alice/first").await;
    let found: Vec<&Value> = dump["content"].as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 2001);
    assert_eq!(found[1]["path"], "/d/file-00000");
    assert_eq!(found[2000]["path"], "/d/file-01999");

    // More names than the catalog gives at a time.
    let catalog = &hub.hub.catalog;
    let repository = catalog.repository(&RepositoryName::parse("alice").unwrap()).await.unwrap();
    let repository = repository.unwrap();
    let Pointed::Flist(first) =
        catalog.names(repository.id, "", 1).await.unwrap().remove(0).points_at
    else {
        panic!("an upload makes a flist");
    };
    for number in 0..2000 {
        let name = FlistName::parse(&format!("name-{number:04}")).unwrap();
        let (repository_id, by) = (repository.id, Actor::operator());
        let change = Change {
            repository_id,
            name: &name,
            by: &by,
            source: Source::Push,
            detail: None,
            condition: &Condition::NONE,
            dry_run: false,
            now: 1,
        };
        catalog.publish_item(&change, &first, None).await.unwrap();
    }
    let listed = hub.names().await;
    assert_eq!(listed.as_array().unwrap().len(), 2001);
    assert_eq!(listed[2000], "alice/name-1999.flist");
}
