//! A thousand connections at once at the real program, and more than it admits.

use std::net::SocketAddr;

use reqwest::Method;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use super::{alive, connect, until};
use crate::archives::files;
use crate::program::{Serving, user};
use crate::support::{FORM_TYPE, Field, client, form};

const CROWD: usize = 1_000;

/// As many descriptors for the test as it may have: each connection has two ends.
pub(super) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

pub(super) fn address(serving: &Serving) -> SocketAddr {
    serving.url.strip_prefix("http://").unwrap().parse().unwrap()
}

/// Uploads a small archive as `name`.
pub(super) async fn upload(
    client: &reqwest::Client,
    serving: &Serving,
    token: &str,
    name: &str,
    content: &[u8],
) -> reqwest::Result<u16> {
    let archive = files(&[("a", content)]);
    let sent = client
        .request(Method::POST, format!("{}/api/flist/me/upload", serving.url))
        .bearer_auth(token)
        .header("content-type", FORM_TYPE)
        .body(form(&[Field::file("file", &format!("{name}.tar"), &archive)]))
        .send();
    Ok(sent.await?.status().as_u16())
}

#[tokio::test]
async fn a_thousand_connections_at_once_are_served() {
    raise();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let config = directory.path().join("hub.toml");
    let text = format!(
        "[limits]\nconnections = {}\nconnections_per_address = 0\nidle_seconds = 3600\n",
        CROWD + 8
    );
    std::fs::write(&config, text).unwrap();
    let token = user(&data, "alice");
    let serving = Serving::start_with(&data, &["--config", config.to_str().unwrap()], "");
    let at = address(&serving);
    let client = client();
    assert_eq!(upload(&client, &serving, &token, "before", b"b").await.unwrap(), 200);
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(connect(at).await);
    }
    for stream in &mut crowd {
        assert!(alive(stream).await);
    }
    // All of them are open; others are served, and they all still are.
    assert_eq!(upload(&client, &serving, &token, "amid", b"c").await.unwrap(), 200);
    for stream in &mut crowd {
        assert!(alive(stream).await);
    }
    // More than are admitted wait, and come in when others go.
    let more: Vec<_> = (0..100)
        .map(|_| tokio::spawn(async move { alive(&mut connect(at).await).await }))
        .collect();
    drop(crowd);
    for one in more {
        assert!(one.await.unwrap());
    }
    until(async || alive(&mut connect(at).await).await).await;
    let names = client.get(format!("{}/api/flist", serving.url)).send().await.unwrap();
    let names: serde_json::Value = names.json().await.unwrap();
    assert_eq!(names, json!(["alice/amid.flist", "alice/before.flist"]));
    drop(client);
    assert_eq!(serving.stop(), Some(0));
}
