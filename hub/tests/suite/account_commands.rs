//! `flisthub user`, `token` and `audit`, while a hub runs on the same data.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::postgres;
use crate::program::{Serving, flisthub, last_line};
use crate::support::client;

/// Gives a user a password, as a script does.
fn password(data: &str, user: &str, password: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flisthub"));
    postgres::tell(&mut child, Path::new(data));
    let mut child = child
        .args(["user", "password", user, "--data", data])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    child.wait_with_output().unwrap()
}

async fn login(url: &str, user: &str, password: &str) -> (u16, Value) {
    let body = json!({ "user": user, "password": password });
    let request = client().request(Method::POST, format!("{url}/api/v1/login")).json(&body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn me(url: &str, token: &str) -> (u16, Value) {
    let request = client().request(Method::GET, format!("{url}/api/v1/me")).bearer_auth(token);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn lines(arguments: &[&str]) -> Vec<String> {
    let output = flisthub(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn the_first_admin_is_made_here_and_can_log_in() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let serving = Serving::start(directory.path());
    last_line(&[
        "user",
        "add",
        "root-of-all",
        "--admin",
        "--visibility",
        "private",
        "--data",
        data,
    ]);
    let short = password(data, "root-of-all", "short");
    assert!(String::from_utf8_lossy(&short.stderr).contains("at least 8"), "{short:?}");
    let set = password(data, "root-of-all", "correct horse battery");
    assert!(set.status.success(), "{set:?}");
    let told = [&set.stdout[..], &set.stderr[..]].concat();
    assert!(!String::from_utf8_lossy(&told).contains("horse"));

    let (status, made) = login(&serving.url, "root-of-all", "correct horse battery").await;
    assert_eq!((status, &made["scope"], &made["kind"]), (201, &json!("admin"), &json!("login")));
    let token = made["token"].as_str().unwrap();
    let (_, me_now) = me(&serving.url, token).await;
    assert_eq!((&me_now["admin"], &me_now["user"]), (&json!(true), &json!("root-of-all")));
    // Who reads everybody's catalog is shut out at once, over the running hub's head.
    last_line(&["user", "disable", "root-of-all", "--data", data]);
    assert_eq!(me(&serving.url, token).await.0, 401);
    assert_eq!(login(&serving.url, "root-of-all", "correct horse battery").await.0, 401);
    assert!(lines(&["user", "list", "--data", data])[0].contains("admin  disabled since"));
    last_line(&["user", "enable", "root-of-all", "--data", data]);
    assert_eq!(me(&serving.url, token).await.0, 200);
    last_line(&["user", "admin", "root-of-all", "--remove", "--data", data]);
    assert_eq!(me(&serving.url, token).await.1["admin"], json!(false));
    // A new password ends the logins of before.
    assert!(password(data, "root-of-all", "staple of another kind").status.success());
    assert_eq!(me(&serving.url, token).await.0, 401);
}

#[tokio::test]
async fn tokens_are_narrowed_listed_and_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let serving = Serving::start(directory.path());
    for user in ["alice", "bob"] {
        last_line(&["user", "add", user, "--data", data]);
    }
    let create = |label| {
        let scope = ["--scope", "read", "--repository", "bob", "--expires", "1d", "--data", data];
        [&["token", "create", "--user", "alice", "--label", label], &scope[..]].concat()
    };
    let narrow = flisthub(&create("ci \u{1b}"));
    assert!(!narrow.status.success(), "a label with a control character");
    let token = last_line(&create("ci"));
    let (status, about) = me(&serving.url, &token).await;
    assert_eq!(
        (status, &about["limited_to"], &about["scope"]),
        (200, &json!(["bob"]), &json!("read"))
    );
    let listed = lines(&["token", "list", "--user", "alice", "--data", data]);
    let [line] = listed.as_slice() else { panic!("{listed:?}") };
    assert!(line.contains("api    read   until ") && line.ends_with("only bob  ci"), "{line}");
    assert!(!line.contains(&token[3..]));
    let id = line.split_whitespace().next().unwrap();
    last_line(&["token", "revoke", id, "--data", data]);
    assert_eq!(me(&serving.url, &token).await.0, 401);
    let again = flisthub(&["token", "revoke", id, "--data", data]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("was revoked before"));
    assert!(lines(&["token", "list", "--user", "alice", "--data", data])[0].contains("revoked "));

    let log = lines(&["audit", "--action", "token-create", "--data", data]);
    let [made] = log.as_slice() else { panic!("{log:?}") };
    assert!(made.contains("operator (command line)") && made.contains(id), "{made}");
    let log = lines(&["audit", "--limit", "1", "--data", data]);
    assert!(log.len() == 1 && log[0].contains("token-revoke"), "{log:?}");
    let log = lines(&["audit", "--repository", "bob", "--data", data]);
    assert!(log.len() == 1 && log[0].contains("repository-create bob: public"), "{log:?}");
}
