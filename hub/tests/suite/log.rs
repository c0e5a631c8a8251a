//! The log of a busy run: no secret is in it, and what callers do wrong is no error of the hub's.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::archives::{files, noise};
use crate::crash::upload;
use crate::image_registry::Registry;
use crate::program::{Serving, user};
use crate::support::{answer, client};

const WRONG_TOKEN: &str = "fh_5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2";
const QUERY_TOKEN: &str = "query-secret-of-somebody";
const PASSWORD: &str = "password-secret-of-somebody";
const REGISTRY_PASSWORD: &str = "registry-secret-of-somebody";
const COOKIE: &str = "cookie-secret-of-somebody";

fn request(serving: &Serving, method: Method, path: &str) -> RequestBuilder {
    client().request(method, format!("{}{path}", serving.url))
}

/// Everything that goes wrong through callers, and some that goes well.
async fn busy(serving: &Serving, token: &str, registry: &Registry) -> Vec<String> {
    let archive = files(&[("file", &noise(100_000, 3))]);
    upload(serving, token, "good.tar", &archive).await;
    let send = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
    let of = |method, path: &str| request(serving, method, path).bearer_auth(token);
    assert_eq!(send(of(Method::GET, "/api/v1/me")).await, 200);
    let wrong = request(serving, Method::GET, "/api/v1/me").bearer_auth(WRONG_TOKEN);
    assert_eq!(send(wrong).await, 401);
    let cookie = request(serving, Method::GET, "/api/flist").header("cookie", COOKIE);
    assert_eq!(send(cookie).await, 200);
    send(request(serving, Method::GET, &format!("/api/v1/me?token={QUERY_TOKEN}"))).await;
    let login = request(serving, Method::POST, "/api/v1/login");
    assert_eq!(send(login.json(&json!({"user": "alice", "password": PASSWORD}))).await, 401);
    let change = of(Method::PUT, "/api/v1/me/password");
    send(change.json(&json!({"current": PASSWORD, "new": PASSWORD}))).await;
    // Broken in every way.
    send(of(Method::POST, "/api/flist/me/upload").header("content-type", "multipart/form-data"))
        .await;
    send(of(Method::PUT, "/api/v1/flists/alice/bad").body("{")).await;
    send(of(Method::GET, "/nobody/nothing.flist")).await;
    let (status, job) = answer(
        of(Method::POST, "/api/v1/conversions")
            .json(&json!({
                "name": "image",
                "image": registry.image("none"),
                "credentials": {"username": "alice", "password": REGISTRY_PASSWORD},
            }))
            .send()
            .await
            .unwrap(),
    )
    .await;
    match status {
        202 => ended(serving, token, &job).await,
        // Looked up before it was queued.
        status => {
            assert_eq!((status, &job["code"]), (403, &json!("registry_unauthorized")), "{job}");
        }
    }
    signed(serving, token).await
}

/// Reads by a signed address, and by one that somebody changed. Gives what of it is to be in no log.
async fn signed(serving: &Serving, token: &str) -> Vec<String> {
    let sign = request(serving, Method::POST, "/api/v1/flists/alice/good/signed-urls");
    let sign = sign.bearer_auth(token).json(&json!({"paths": ["file"]}));
    let (status, answered) = answer(sign.send().await.unwrap()).await;
    assert_eq!(status, 200, "{answered}");
    let url = answered["urls"][0]["url"].as_str().unwrap();
    for url in [url.to_owned(), format!("{url}0"), url.replacen("expires=", "expires=1", 1)] {
        client().get(url).send().await.unwrap();
    }
    let query = url.split_once('?').unwrap().1.split('&');
    let mut parts: Vec<String> = query.map(ToOwned::to_owned).collect();
    let values = parts.iter().filter(|part| part.starts_with("grant") || part.starts_with("sig"));
    let values = values.filter_map(|part| part.split_once('=')).map(|(_, value)| value.to_owned());
    parts.extend(values.collect::<Vec<_>>());
    parts
}

async fn ended(serving: &Serving, token: &str, job: &Value) {
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    loop {
        let row = request(serving, Method::GET, &path).bearer_auth(token).send().await.unwrap();
        let (_, row) = answer(row).await;
        match row["state"].as_str().unwrap() {
            "queued" | "running" => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            state => return assert_eq!(state, "failed", "{row}"),
        }
    }
}

async fn log_of(home: &Path, level: &str) -> (String, Vec<String>) {
    let data = home.join("data");
    let token = user(&data, "alice");
    let registry = Registry::start(Some(("alice", "another password"))).await;
    let place = registry.address();
    let hosts = format!(
        "[images]\nhosts = [\"*\"]\nprivate_hosts = [\"{place}\"]\nplain_http_hosts = [\"{place}\"]\n"
    );
    let config = home.join("hub.toml");
    std::fs::write(&config, hosts).unwrap();
    let log = home.join("log");
    let arguments = ["--config", config.to_str().unwrap(), "--log", level, "--log-json"];
    let serving =
        Serving::start_logging(&data, &arguments, Stdio::from(File::create(&log).unwrap()));
    let mut secrets = busy(&serving, &token, &registry).await;
    assert_eq!(serving.stop(), Some(0));
    secrets.push(token);
    (std::fs::read_to_string(log).unwrap(), secrets)
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    for level in ["info", "trace"] {
        let home = tempfile::tempdir().unwrap();
        let (log, secrets) = log_of(home.path(), level).await;
        assert!(log.contains("/api/v1/me"), "{level}: nothing is logged");
        let fixed = [WRONG_TOKEN, QUERY_TOKEN, PASSWORD, REGISTRY_PASSWORD, COOKIE];
        for secret in secrets.iter().map(String::as_str).chain(fixed) {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{level}");
        }
    }
}

#[tokio::test]
async fn what_callers_do_wrong_is_no_error_of_the_hub() {
    let home = tempfile::tempdir().unwrap();
    let (log, _) = log_of(home.path(), "info").await;
    let mut answered = 0;
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_ne!(line["level"], "ERROR", "{line}");
        answered += u32::from(line["fields"]["message"] == "request answered");
    }
    assert!(answered > 5, "{log}");
}
