//! Where a request came from, as the hub sees it: by whom its limits are counted.

use flisthub_hub::config::Config;
use reqwest::Method;

use crate::support::TestHub;

/// A hub whose limit is one request for each address.
async fn hub(proxies: &str) -> TestHub {
    let mut config: Config = toml::from_str(proxies).unwrap();
    (config.limits.requests_per_second, config.limits.request_burst) = (1, 1);
    TestHub::with(config).await
}

async fn asked(hub: &TestHub, headers: &[(&str, &str)]) -> (u16, String) {
    let mut request = hub.request(Method::GET, "/api/v1/repositories");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    (response.status().as_u16(), id)
}

#[tokio::test]
async fn nobody_is_believed_unless_configured() {
    let hub = hub("").await;
    assert_eq!(asked(&hub, &[("x-forwarded-for", "192.0.2.1")]).await.0, 200);
    let (status, id) =
        asked(&hub, &[("x-forwarded-for", "192.0.2.2"), ("x-request-id", "id")]).await;
    assert_eq!(status, 429, "it is the same address");
    assert_ne!(id, "id");
}

#[tokio::test]
async fn a_trusted_proxy_speaks_for_others() {
    let hub = hub("trusted_proxies = [\"127.0.0.0/8\"]").await;
    let of = |address: &'static str| [("x-forwarded-for", address), ("x-request-id", "trace-1")];
    assert_eq!(asked(&hub, &of("192.0.2.1")).await, (200, "trace-1".to_owned()));
    assert_eq!(asked(&hub, &of("192.0.2.1")).await.0, 429);
    assert_eq!(asked(&hub, &of("192.0.2.2")).await.0, 200);
    // What a caller of the proxy's claims itself does not help.
    assert_eq!(asked(&hub, &of("198.51.100.1, 192.0.2.2")).await.0, 429);
}
