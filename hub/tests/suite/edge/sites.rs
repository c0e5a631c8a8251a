//! Which sites' pages may read: none unless configured, and then they read and no more.

use flisthub_hub::config::Config;
use reqwest::{Method, Response};

use crate::archives::files;
use crate::support::TestHub;

const SITE: &str = "https://viewer.example.com";

async fn hub(origins: &[&str]) -> TestHub {
    let mut config = Config::default();
    config.cors.origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    TestHub::with(config).await
}

async fn from(hub: &TestHub, origin: &str, path: &str) -> Response {
    hub.request(Method::GET, path).header("origin", origin).send().await.unwrap()
}

async fn preflight(hub: &TestHub, method: &str, headers: &str) -> Response {
    preflight_of(hub, "/api/v1/flists/alice/x/files/a", method, headers).await
}

async fn preflight_of(hub: &TestHub, path: &str, method: &str, headers: &str) -> Response {
    hub.request(Method::OPTIONS, path)
        .header("origin", SITE)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers)
        .send()
        .await
        .unwrap()
}

fn allowed(response: &Response) -> Option<&str> {
    response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn no_site_may_unless_configured() {
    let hub = hub(&[]).await;
    for path in ["/api/flist", "/api/v1/repositories", "/alice/x.flist", "/healthz", "/nothing"] {
        assert_eq!(allowed(&from(&hub, SITE, path).await), None, "{path}");
    }
    assert_eq!(allowed(&preflight(&hub, "GET", "range").await), None);
}

#[tokio::test]
async fn listed_sites_read_with_a_token_of_their_own() {
    let hub = hub(&[SITE]).await;
    let alice = hub.user("alice").await;
    assert_eq!(hub.upload(&alice, "x.tar", &files(&[("a", b"b")])).await.status(), 200);
    for path in ["/api/flist", "/api/v1/flists/alice/x/files/a", "/alice/x.flist", "/nothing"] {
        let response = from(&hub, SITE, path).await;
        assert_eq!(allowed(&response), Some(SITE), "{path}");
        let vary = response.headers().get_all("vary");
        let by_site = vary.iter().any(|vary| vary.to_str().unwrap().contains("origin"));
        assert!(by_site, "{path}");
        assert!(!response.headers().contains_key("access-control-allow-credentials"));
        let shown = response.headers()["access-control-expose-headers"].to_str().unwrap();
        for name in ["etag", "content-range", "x-request-id"] {
            assert!(shown.contains(name), "{path}: {shown}");
        }
        assert_eq!(allowed(&from(&hub, "https://other.example", path).await), None, "{path}");
    }
    let answer = preflight(&hub, "GET", "authorization,range").await;
    assert_eq!(allowed(&answer), Some(SITE));
    let headers = answer.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(headers.contains("authorization") && headers.contains("range"), "{headers}");
    for method in ["PUT", "POST", "DELETE", "PATCH"] {
        let answer = preflight(&hub, method, "authorization").await;
        let methods = answer.headers()["access-control-allow-methods"].to_str().unwrap();
        assert_eq!(methods, "GET,HEAD", "{method}");
    }
}

/// STAC's browsers search by a body, and SharingHub's pages have a header of their own for the token.
#[tokio::test]
async fn listed_sites_search_by_a_body_and_post_nowhere_else() {
    let hub = hub(&[SITE]).await;
    let list = |answer: &Response, name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let (methods, headers) = ("access-control-allow-methods", "access-control-allow-headers");
    let search = "/api/stac/search";
    // A `/` at the end says the same route.
    for path in [search, "/api/stac/search/"] {
        let answer = preflight_of(&hub, path, "POST", "content-type,x-gitlab-token").await;
        assert_eq!(allowed(&answer), Some(SITE), "{path}");
        assert_eq!(list(&answer, methods), "GET,HEAD,POST", "{path}");
        let sent = list(&answer, headers);
        assert!(sent.contains("content-type") && sent.contains("x-gitlab-token"), "{sent}");
    }
    let others = [
        "/api/stac/",
        "/api/stac/searches",
        "/api/stac/search/x",
        "/api/v1/flists/alice/x/files/a",
        "/api/flist",
    ];
    for path in others {
        let answer = preflight_of(&hub, path, "POST", "content-type").await;
        assert_eq!(list(&answer, methods), "GET,HEAD", "{path}");
        let sent = list(&answer, headers);
        assert!(!sent.contains("content-type") && sent.contains("x-gitlab-token"), "{sent}");
    }
    let found = hub.request(Method::POST, search).header("origin", SITE);
    let found = found.json(&serde_json::json!({})).send().await.unwrap();
    assert_eq!((found.status().as_u16(), allowed(&found)), (200, Some(SITE)));
    assert!(!found.headers().contains_key("access-control-allow-credentials"));
    let other = hub.request(Method::POST, search).header("origin", "https://other.example");
    assert_eq!(allowed(&other.json(&serde_json::json!({})).send().await.unwrap()), None);
}

#[tokio::test]
async fn all_sites_may_where_that_is_said() {
    let hub = hub(&["*"]).await;
    assert_eq!(allowed(&from(&hub, SITE, "/api/flist").await), Some("*"));
}
