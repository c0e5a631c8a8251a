//! The list of routes that the hub gives is held to the router itself.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, header::ALLOW};
use flisthub_hub::routes;
use tower::ServiceExt as _;

use crate::support::TestHub;

/// What answers where there is no route.
const CATCH_ALL: [&str; 3] = ["/api/{*path}", "/api/stac/{*path}", "/api/v1/{*path}"];

/// Every pattern of the router, from what it prints of itself: it tells nobody otherwise.
fn patterns(router: &axum::Router) -> BTreeSet<String> {
    let shown = format!("{router:?}");
    let start = shown.find("paths: {").unwrap() + "paths: {".len();
    // Patterns have braces, and quotes around them.
    let mut quoted = shown[start..].split('"');
    let mut patterns = BTreeSet::new();
    while quoted.next().is_some_and(|before| before.contains("RouteId(") && !before.contains('}')) {
        patterns.insert(quoted.next().unwrap().to_owned());
    }
    patterns
}

/// What the router says that it takes where it is asked for something else.
async fn allowed(router: &axum::Router, pattern: &str) -> BTreeSet<String> {
    let path: Vec<&str> =
        pattern.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
    let method = Method::from_bytes(b"FROBNICATE").unwrap();
    let request =
        Request::builder().method(method).uri(path.join("/")).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 405, "{pattern}");
    let allow = response.headers().get(ALLOW).map_or("", |allow| allow.to_str().unwrap());
    allow.split(',').filter(|method| !method.is_empty()).map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn what_is_added_to_the_router_is_in_the_list() {
    let hub = TestHub::start().await;
    let (router, listed) = (routes::router(&hub.hub), routes::routes(&hub.hub));
    let of_list: BTreeSet<String> = listed.iter().map(|route| route.pattern.clone()).collect();
    let mut of_router = patterns(&router);
    for pattern in CATCH_ALL {
        assert!(of_router.remove(pattern), "{pattern}");
    }
    assert!(of_list.len() > 50);
    assert_eq!(of_router, of_list);
    for pattern in &of_list {
        let methods = |without: &[&str]| -> BTreeSet<String> {
            let of_pattern = listed.iter().filter(|route| route.pattern == *pattern);
            let methods = of_pattern.map(|route| route.method.to_owned());
            methods.filter(|method| !without.contains(&method.as_str())).collect()
        };
        let mut allowed = allowed(&router, pattern).await;
        // A change by `GET` has a `HEAD` that only refuses.
        if !methods(&[]).contains("HEAD") {
            allowed.remove("HEAD");
        }
        // That is no method of HTTP's, and stands beside others.
        assert_eq!(allowed, methods(&["INFO"]), "{pattern}");
    }
}
