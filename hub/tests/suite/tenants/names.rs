//! Names of private repositories, wherever they could be told.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Tenants;
use crate::archives::files;

/// A repository that is not there, with a name as long as alice's.
const NOBODY: &str = "elise";

/// Everything that comes back, as text, and without what differs each time.
async fn heard(tenants: &Tenants, method: Method, path: &str, headers: &[(&str, &str)]) -> String {
    let mut request = tenants.hub.request(method, path).bearer_auth(&tenants.mallory);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    let mut of: Vec<String> = response
        .headers()
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    of.sort();
    let body = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
    format!("{status}\n{}\n\n{body}", of.join("\n"))
}

#[tokio::test]
async fn conditions_and_ranges_tell_nothing_of_private_names() {
    let tenants = Tenants::new(true).await;
    let flist = tenants.secret.flist.to_string();
    let tag = format!("\"{flist}\"");
    let conditions: [&[(&str, &str)]; 9] = [
        &[],
        &[("if-none-match", "*")],
        &[("if-none-match", &tag)],
        &[("if-match", "*")],
        &[("if-match", "\"1\"")],
        &[("if-match", "\"none\"")],
        &[("range", "bytes=0-1")],
        &[("range", "bytes=999999999-")],
        &[("if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT")],
    ];
    for path in [
        "/api/v1/flists/alice/secret",
        "/api/v1/flists/alice/secret/files/books/notes/two",
        "/api/v1/flists/alice/secret/files",
        "/api/v1/flists/alice/secret/export?format=tar",
        "/api/v1/flists/alice/secret/history",
        "/alice/secret.flist",
        "/alice/secret.flist.md5",
        "/api/flist/alice/secret.flist",
        "/api/v1/repositories/alice",
    ] {
        for headers in conditions {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                let real = heard(&tenants, method.clone(), path, headers).await;
                let absent = path.replace("alice", NOBODY);
                let absent = heard(&tenants, method.clone(), &absent, headers).await;
                let real = real.replace("alice", NOBODY);
                assert_eq!(real, absent, "{method} {path} {headers:?}");
                assert!(real.starts_with("404") || method == Method::OPTIONS, "{path}: {real}");
            }
        }
        for headers in conditions {
            let path = "/api/v1/flists/alice/secret";
            let real = heard(&tenants, Method::DELETE, path, headers).await;
            let absent = path.replace("alice", NOBODY);
            let absent = heard(&tenants, Method::DELETE, &absent, headers).await;
            assert_eq!(real.replace("alice", NOBODY), absent, "{headers:?}");
        }
    }
}

/// A public repository of bob's, who may read alice's: links, a tag, a history that lead there.
async fn published_by_bob(tenants: &Tenants) -> String {
    let bob = tenants.hub.user("bob").await;
    tenants.member("bob", Some("reader")).await;
    let do_it = async |method: Method, path: &str, body: Value| {
        let (status, said) = tenants.ask(&bob, method, path, Some(body)).await;
        assert!(status < 300, "{path}: {said}");
    };
    let upload = tenants.hub.upload(&tenants.alice, "other.tar", &files(&[("o", b"o")])).await;
    assert_eq!(upload.status(), 200);
    let set = "/api/v1/tags/alice/set/one";
    let member = json!({ "target": "alice/secret" });
    let (status, _) = tenants.ask(&tenants.alice, Method::PUT, set, Some(member.clone())).await;
    assert_eq!(status, 201);
    do_it(Method::PUT, "/api/v1/flists/bob/link/link", member.clone()).await;
    do_it(Method::PUT, "/api/v1/flists/bob/chain/link", json!({ "target": "bob/link" })).await;
    do_it(Method::PUT, "/api/v1/flists/bob/toset/link", json!({ "target": "alice/set" })).await;
    do_it(Method::PUT, "/api/v1/tags/bob/tag/one", member).await;
    let from = json!({ "from": "alice/other" });
    do_it(Method::POST, "/api/v1/flists/bob/promoted/promote", from).await;
    let sources = json!({ "sources": ["alice/other", "bob/promoted"] });
    let refused =
        tenants.ask(&bob, Method::POST, "/api/v1/flists/bob/m/merge", Some(sources)).await;
    assert!(refused.0 < 300, "{refused:?}");
    bob
}

/// Where bob's names and what is known of them are told.
const TOLD: [&str; 26] = [
    "/api/v1/repositories?limit=500",
    "/api/v1/flists/bob",
    "/api/v1/flists/bob?limit=1",
    "/api/v1/flists/bob/link",
    "/api/v1/flists/bob/chain",
    "/api/v1/flists/bob/toset",
    "/api/v1/flists/bob/link/history",
    "/api/v1/flists/bob/toset/history",
    "/api/v1/flists/bob/promoted/history",
    "/api/v1/flists/bob/m/history",
    "/api/v1/tags/bob/tag",
    "/api/v1/flists/bob/tag/history",
    "/api/v1/tags/bob/toset",
    "/api/v1/jobs",
    "/api/flist",
    "/api/repositories",
    "/api/fileslist",
    "/api/flist/bob",
    "/api/flist/bob/tags/tag",
    "/api/flist/bob/link.flist",
    "/api/flist/bob/link.flist/light",
    "/api/flist/bob/toset/taglink",
    "/bob/link.flist",
    "/bob/tags/tag/one.flist",
    "/bob/tags/tag/one.flist.md5",
    "/api/v1/diff?from=bob/link@1&to=bob/promoted",
];

#[tokio::test]
async fn what_leads_to_a_private_repository_does_not_name_it() {
    let tenants = Tenants::new(true).await;
    let bob = published_by_bob(&tenants).await;
    let mut with_name = 0;
    for path in TOLD {
        let said = tenants.ask(&bob, Method::GET, path, None).await;
        with_name += usize::from(said.1.to_string().contains("alice"));
        let said = tenants.ask(&tenants.mallory, Method::GET, path, None).await;
        assert!(!said.1.to_string().contains("alice"), "{path}: {said:?}");
        let said = tenants.hub.get(path).await.text().await.unwrap();
        assert!(!said.contains("alice"), "{path}: {said}");
    }
    // Bob hears it, so that there was something to conceal.
    assert!(with_name > 12, "{with_name}");
    // Nor does what the hub remembers for one get to another.
    let said = tenants.ask(&bob, Method::GET, "/api/v1/flists/bob", None).await.1.to_string();
    assert!(said.contains("alice/secret"), "{said}");
    // Who may see it again, is told again.
    tenants.member("mallory", Some("guest")).await;
    let path = "/api/v1/flists/bob";
    let said = tenants.ask(&tenants.mallory, Method::GET, path, None).await.1.to_string();
    assert!(said.contains("alice/secret"), "{said}");
}

#[tokio::test]
async fn nothing_leads_through_a_private_repository() {
    let tenants = Tenants::new(true).await;
    published_by_bob(&tenants).await;
    let own = "/api/v1/flists/mallory/x";
    for from in ["bob/link", "bob/chain"] {
        for (method, path, body) in [
            (Method::POST, format!("{own}/promote"), json!({ "from": from })),
            (Method::PUT, format!("{own}/link"), json!({ "target": from })),
            (Method::POST, format!("{own}/merge"), json!({ "sources": [from, "bob/promoted"] })),
            (Method::PUT, "/api/v1/tags/mallory/t/one".to_owned(), json!({ "target": from })),
        ] {
            let said = tenants.ask(&tenants.mallory, method, &path, Some(body)).await;
            assert_eq!(said.0, 404, "{path}: {said:?}");
            assert!(!said.1.to_string().contains("alice"), "{path}: {said:?}");
        }
        let diff = format!("/api/v1/diff?from={from}&to=bob/promoted");
        let said = tenants.ask(&tenants.mallory, Method::GET, &diff, None).await;
        assert_eq!(said.0, 404, "{said:?}");
        assert!(!said.1.to_string().contains("alice"), "{said:?}");
    }
    for path in [
        "/api/v1/flists/bob/link",
        "/api/v1/flists/bob/chain",
        "/api/v1/flists/bob/link/files/books",
        "/api/v1/flists/bob/link/export?format=tar",
        "/api/v1/flists/bob/link/image",
        "/bob/link.flist",
        "/bob/tags/tag/one.flist",
        "/api/flist/bob/chain.flist/metadata",
    ] {
        let said = tenants.ask(&tenants.mallory, Method::GET, path, None).await;
        assert_eq!(said.0, 404, "{path}: {said:?}");
    }
    // By 0-hub's face, too.
    for path in [
        "/api/flist/me/x.flist/crosslink/bob/link.flist",
        "/api/flist/me/x.flist/crosslink/alice/secret.flist",
        "/api/flist/me/x/crosstag/alice/set",
        "/api/flist/me/x/crosstag/bob/toset",
        "/api/flist/me/t/one/tag/alice/secret.flist",
        "/api/flist/me/promote/alice/secret.flist/x.flist",
        "/api/flist/me/promote/bob/chain.flist/x.flist",
    ] {
        let said = tenants.ask(&tenants.mallory, Method::GET, path, None).await;
        assert_eq!(said.0, 404, "{path}: {said:?}");
    }
    let names = tenants.ask(&tenants.mallory, Method::GET, "/api/v1/flists/mallory", None).await;
    assert_eq!(names.1["names"], json!([]));
}

/// Who may write here may not bring back what leads there, nor hear where it led.
#[tokio::test]
async fn what_led_to_a_private_repository_is_not_brought_back_by_others() {
    let tenants = Tenants::new(true).await;
    let bob = published_by_bob(&tenants).await;
    let level = Some(json!({ "level": "contributor" }));
    let path = "/api/v1/repositories/bob/members/mallory";
    assert_eq!(tenants.ask(&bob, Method::PUT, path, level).await.0, 200);
    let mallory = tenants.mallory.as_str();
    let link = "/api/v1/flists/bob/link";
    let back = Some(json!({ "revision": 1 }));
    let own = tenants.hub.upload(mallory, "own.tar", &files(&[("a", b"a")])).await;
    assert_eq!(own.status(), 200);
    let other = Some(json!({ "target": "mallory/own" }));
    assert_eq!(tenants.ask(mallory, Method::PUT, &format!("{link}/link"), other).await.0, 200);
    let rolled = tenants.ask(mallory, Method::POST, &format!("{link}/rollback"), back).await;
    assert_eq!(rolled.0, 404, "{rolled:?}");
    assert!(!rolled.1.to_string().contains("alice"), "{rolled:?}");
    let toset = "/api/v1/flists/bob/toset";
    assert_eq!(tenants.ask(mallory, Method::DELETE, toset, None).await.0, 204);
    let undeleted = tenants.ask(mallory, Method::POST, &format!("{toset}/undelete"), None).await;
    assert_eq!(undeleted.0, 404, "{undeleted:?}");
    assert!(!undeleted.1.to_string().contains("alice"), "{undeleted:?}");
    // Owners read the log of changes, and no more names than they may see.
    let audit = "/api/v1/repositories/bob/audit";
    let seen = tenants.ask(&bob, Method::GET, audit, None).await;
    assert!(seen.1.to_string().contains("alice/other"), "{seen:?}");
    tenants.member("bob", None).await;
    let seen = tenants.ask(&bob, Method::GET, audit, None).await;
    assert!(!seen.1.to_string().contains("alice/other"), "{seen:?}");
}

#[tokio::test]
async fn the_jobs_of_others_are_not_there() {
    let tenants = Tenants::new(true).await;
    let body = json!({ "image": "127.0.0.1:9/secret-app:1", "name": "app" });
    let path = "/api/v1/conversions";
    let (status, job) = tenants.ask(&tenants.alice, Method::POST, path, Some(body)).await;
    assert!(matches!(status, 202 | 403), "{job}");
    let jobs = tenants.ask(&tenants.mallory, Method::GET, "/api/v1/jobs", None).await;
    assert_eq!(jobs.1["jobs"], json!([]));
    let Some(id) = job["id"].as_str() else { return };
    for path in [format!("/api/v1/jobs/{id}"), format!("/api/v1/jobs/{id}/events")] {
        assert_eq!(tenants.ask(&tenants.mallory, Method::GET, &path, None).await.0, 404);
    }
}
