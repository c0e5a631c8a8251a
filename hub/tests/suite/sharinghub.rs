//! What SharingHub's companions call: the catalogue's configuration, checks, tokens, downloads, tags; stars, and the
//! categories of repositories.

use axum::http::Method;
use flisthub_hub::auth::Visibility;
use flisthub_hub::catalog::Actor;
use flisthub_hub::name::RepositoryName;
use serde_json::{Value, json};

use crate::archives::files;
use crate::support::{START, TestHub, answer};

/// A hub with `alice/flood`, and alice's token.
async fn with_a_name() -> (TestHub, String) {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    let archive = files(&[("README.md", b"# Flood\n"), ("a/b c.txt", b"0123456789")]);
    assert_eq!(hub.upload(&token, "flood.tar", &archive).await.status(), 200);
    (hub, token)
}

async fn make_private(hub: &TestHub, repository: &str) {
    let name = RepositoryName::parse(repository).unwrap();
    let row = hub.hub.catalog.repository(&name).await.unwrap().unwrap();
    let private = Visibility::Private;
    hub.hub.catalog.set_visibility(&row, private, &Actor::operator(), START).await.unwrap();
}

#[tokio::test]
async fn pages_are_told_the_configuration() {
    let hub = TestHub::start().await;
    for path in ["/api/config/", "/api/config"] {
        let body = hub.json(path).await;
        assert_eq!((&body["auth"], &body["store"]), (&json!("token"), &Value::Null));
        assert_eq!(body["gitlab"]["url"], hub.url);
        assert_eq!(body["categories"]["dataset"]["locales"]["en"]["title"], "Datasets");
        assert_eq!(body["categories"]["ai-model"]["gitlab_topic"], "sharinghub:aimodel");
        assert_eq!(body["root"]["locales"]["en"]["title"], "Flisthub");
    }
}

#[tokio::test]
async fn a_name_can_be_checked_by_its_path() {
    let (hub, token) = with_a_name().await;
    let plain = hub.get("/api/check/alice/flood").await;
    assert_eq!(plain.status(), 200);
    assert_eq!(plain.text().await.unwrap(), "");
    for path in ["alice/flood?info=true", "alice%2Fflood?info=True"] {
        let request = hub.request(Method::GET, &format!("/api/check/{path}"));
        let (status, body) = answer(request.bearer_auth(&token).send().await.unwrap()).await;
        assert_eq!(status, 200);
        let id = body["id"].as_u64().unwrap();
        assert_eq!(
            body,
            json!({
                "id": id, "name": "flood", "path": "alice/flood", "categories": [], "access_level": 4,
            })
        );
    }
    let anonymous = hub.json("/api/check/alice/flood?info=true").await;
    assert_eq!(anonymous["access_level"], 2);
    for path in ["alice/none", "nobody/flood", "alice", "7", "alice/flood/more", "a%20b/c%00"] {
        let (status, body) = answer(hub.get(&format!("/api/check/{path}")).await).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")), "{path}");
        assert_eq!(body["description"], body["detail"], "{path}");
    }
    make_private(&hub, "alice").await;
    assert_eq!(hub.get("/api/check/alice/flood").await.status(), 404);
}

#[tokio::test]
async fn a_token_comes_in_a_header_and_never_in_an_address() {
    let (hub, token) = with_a_name().await;
    make_private(&hub, "alice").await;
    let info = "/api/auth/info";
    assert_eq!(hub.json(info).await, json!({ "access_token": "" }));
    for (header, value) in
        [("authorization", format!("Bearer {token}")), ("x-gitlab-token", token.clone())]
    {
        let response = hub.request(Method::GET, info).header(header, &value).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(answer(response).await, (200, json!({ "access_token": token })));
        let check = hub.request(Method::GET, "/api/check/alice/flood").header(header, value);
        assert_eq!(check.send().await.unwrap().status(), 200);
    }
    let wrong = hub.request(Method::GET, info).header("x-gitlab-token", "0".repeat(40));
    let response = wrong.send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    let (status, body) = answer(response).await;
    assert_eq!((status, &body["code"]), (401, &json!("invalid_token")));
    for parameter in ["gitlab_token", "gitlab%5Ftoken", "%67itlab_token", "private_token"] {
        for path in
            ["/api/check/alice/flood", "/api/config", "/api/stac/search", "/alice/flood.flist"]
        {
            let response = hub.get(&format!("{path}?{parameter}={token}")).await;
            let status = response.status().as_u16();
            let body = response.text().await.unwrap();
            assert_eq!(status, 400, "{path} {parameter}");
            assert!(!body.contains(&token));
        }
    }
}

/// Whatever an item leads to can be read by who could read the item: its files, archives and `.flist` file.
#[tokio::test]
async fn the_same_header_reads_what_items_lead_to() {
    let (hub, token) = with_a_name().await;
    make_private(&hub, "alice").await;
    for path in [
        "/api/v1/flists/alice/flood/files/README.md",
        "/api/v1/flists/alice/flood/files",
        "/api/v1/flists/alice/flood/export?format=tar.zst",
        "/alice/flood.flist",
        "/api/download/alice/flood/repository/README.md",
    ] {
        assert_eq!(hub.get(path).await.status(), 404, "{path}");
        let with = hub.request(Method::GET, path).header("x-gitlab-token", &token);
        assert_eq!(with.send().await.unwrap().status(), 200, "{path}");
        let wrong = hub.request(Method::GET, path).header("x-gitlab-token", "0".repeat(40));
        assert_eq!(wrong.send().await.unwrap().status(), 401, "{path}");
    }
}

/// SharingHub's clients write a project's path, and that of a file, with encoded slashes.
#[tokio::test]
async fn slashes_of_downloads_may_be_encoded() {
    let (hub, _) = with_a_name().await;
    for (path, status) in [
        ("alice%2Fflood/repository/a%2Fb%20c.txt?ref=main", 200),
        ("alice%2fflood/repository/a/b%20c.txt?ref=main", 200),
        ("alice/flood/repository/a%2fb%20c.txt?ref=1", 200),
        ("alice%2Fflood/archive.tar?ref=main", 200),
        ("alice%2Fflood/repository/a%2Fnone?ref=main", 404),
        ("alice%2Fflood/repository/a%252Fb%20c.txt?ref=main", 404),
        ("alice%2Fflood/repository/a%2F..%2F..%2FREADME.md?ref=main", 400),
    ] {
        let response = hub.get(&format!("/api/download/{path}")).await;
        assert_eq!(response.status(), status, "{path}");
        if status == 200 && path.contains("repository") {
            assert_eq!(response.text().await.unwrap(), "0123456789", "{path}");
        }
    }
}

#[tokio::test]
async fn files_and_archives_have_sharinghubs_addresses() {
    let (hub, token) = with_a_name().await;
    let file = "/api/download/alice/flood/repository/a/b%20c.txt";
    for query in ["?ref=main&cache=300", "?ref=HEAD&cache=300", "?ref=1&cache=300", "?cache=300"] {
        let response = hub.get(&format!("{file}{query}")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "private, max-age=300");
        let disposition = response.headers()["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("attachment"), "{disposition}");
        assert_eq!(response.text().await.unwrap(), "0123456789");
    }
    // What is kept is the caller's own, and for long only if everybody may read it.
    for (with, query, kept) in [
        (None, "?cache=999999", "private, max-age=86400"),
        (Some(&token), "?cache=999999", "private, max-age=300"),
        (Some(&token), "?cache=20", "private, max-age=20"),
    ] {
        let mut request = hub.request(Method::GET, &format!("{file}{query}"));
        if let Some(token) = with {
            request = request.header("x-gitlab-token", token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], kept, "{query}");
        let vary = response.headers().get_all("vary").iter();
        let vary: Vec<&str> = vary.map(|vary| vary.to_str().unwrap()).collect();
        assert!(vary.join(", ").contains("authorization, x-gitlab-token"), "{vary:?}");
    }
    let part = hub.request(Method::GET, &format!("{file}?ref=main")).header("range", "bytes=2-4");
    let part = part.send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.text().await.unwrap().as_str()), (206, "234"));
    for (archive, kind) in [
        ("tar", "application/x-tar"),
        ("tar.gz", "application/gzip"),
        ("tar.zst", "application/zstd"),
    ] {
        let response = hub.get(&format!("/api/download/alice/flood/archive.{archive}")).await;
        assert_eq!(response.status(), 200, "{archive}");
        assert_eq!(response.headers()["content-type"], kind);
        assert!(!response.bytes().await.unwrap().is_empty());
    }
    for (path, status, code) in [
        ("repository/a/none?ref=main", 404, "not_found"),
        ("repository/README.md?ref=v1", 404, "not_found"),
        ("repository/README.md?ref=2", 404, "not_found"),
        ("repository/a/..%2F..%2Fx?ref=main", 400, "bad_path"),
        ("repository/README.md?lfs=true", 400, "bad_query"),
        ("archive.zip?ref=main", 400, "bad_export"),
        ("archive.tar?ref=v1", 404, "not_found"),
        ("archive.tar?ref=1", 404, "not_found"),
        ("other", 404, "not_found"),
    ] {
        let response = hub.get(&format!("/api/download/alice/flood/{path}")).await;
        let (found, body) = answer(response).await;
        assert_eq!((found, body["code"].as_str()), (status, Some(code)), "{path}: {body}");
    }
    // The revision is there, and its archive is not: the message says which.
    let older = hub.get("/api/download/alice/flood/archive.tar?ref=1").await;
    let (_, body) = answer(older).await;
    assert!(body["description"].as_str().unwrap().contains("archive"), "{body}");
    let put = hub.request(Method::PUT, file).send().await.unwrap();
    assert_eq!(put.headers()["allow"], "GET,HEAD");
    let (status, body) = answer(put).await;
    assert_eq!((status, &body["code"]), (405, &json!("method_not_allowed")));
}

/// What one caller may see is kept for no other.
#[tokio::test]
async fn answers_that_depend_on_the_caller_say_so() {
    let (hub, token) = with_a_name().await;
    make_private(&hub, "alice").await;
    for path in [
        "/api/check/alice/flood",
        "/api/check/alice/flood?info=true",
        "/api/proxy/tags",
        "/api/download/alice/flood/archive.tar",
        "/api/download/alice/flood/repository/README.md",
    ] {
        for token in [None, Some(&token)] {
            let mut request = hub.request(Method::GET, path);
            if let Some(token) = token {
                request = request.header("x-gitlab-token", token);
            }
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status(), response.headers());
            let vary = headers.get_all("vary").iter();
            let vary: Vec<&str> = vary.map(|vary| vary.to_str().unwrap()).collect();
            let vary = vary.join(", ");
            assert!(vary.contains("authorization, x-gitlab-token"), "{path} {status}: {vary}");
            let kept = headers["cache-control"].to_str().unwrap();
            assert!(kept.contains("no-cache"), "{path} {status}: {kept}");
        }
    }
}

#[tokio::test]
async fn a_star_is_each_users_own() {
    let (hub, alice) = with_a_name().await;
    let bob = hub.user("bob").await;
    let star = async |method: Method, token: &str, name: &str| {
        let request = hub.request(method, &format!("/api/v1/flists/alice/{name}/star"));
        answer(request.bearer_auth(token).send().await.unwrap()).await
    };
    let stars = |stars: u64, starred: bool| (200, json!({ "stars": stars, "starred": starred }));
    assert_eq!(star(Method::PUT, &alice, "flood").await, stars(1, true));
    assert_eq!(star(Method::PUT, &alice, "flood").await, stars(1, true));
    assert_eq!(star(Method::PUT, &bob, "flood").await, stars(2, true));
    assert_eq!(star(Method::DELETE, &alice, "flood").await, stars(1, false));
    assert_eq!(star(Method::DELETE, &alice, "flood").await, stars(1, false));
    assert_eq!(star(Method::PUT, &bob, "none").await.0, 404);
    let anonymous = hub.request(Method::PUT, "/api/v1/flists/alice/flood/star");
    assert_eq!(anonymous.send().await.unwrap().status(), 401);
    make_private(&hub, "alice").await;
    assert_eq!(star(Method::PUT, &bob, "flood").await.0, 404);
}

#[tokio::test]
async fn a_repository_may_be_in_categories() {
    let (hub, token) = with_a_name().await;
    let change = async |body: Value| {
        let request = hub.request(Method::PATCH, "/api/v1/repositories/alice");
        answer(request.bearer_auth(&token).json(&body).send().await.unwrap()).await
    };
    let repository = hub.json("/api/v1/repositories/alice").await;
    assert_eq!(repository["categories"], json!([]));
    let given = json!({ "categories": ["dataset", "ai-model", "dataset"] });
    let (status, changed) = change(given).await;
    assert_eq!((status, &changed["categories"]), (200, &json!(["ai-model", "dataset"])));
    assert_eq!(changed["visibility"], "public");
    let (status, changed) = change(json!({ "visibility": "internal" })).await;
    assert_eq!((status, &changed["categories"]), (200, &json!(["ai-model", "dataset"])));
    for (body, code) in [
        (json!({}), "bad_request"),
        (json!({ "categories": "dataset" }), "bad_request"),
        (json!({ "categories": ["nothing"] }), "bad_metadata"),
        (json!({ "categories": ["dataset", ""], "visibility": "public" }), "bad_metadata"),
    ] {
        let (status, problem) = change(body.clone()).await;
        assert_eq!((status, &problem["code"]), (400, &json!(code)), "{body}");
    }
    let request = hub.request(Method::GET, "/api/v1/repositories/alice").bearer_auth(&token);
    let (_, repository) = answer(request.send().await.unwrap()).await;
    assert_eq!(repository["visibility"], "internal", "what is refused changes nothing");
}
