//! The commands of the real program.

use std::os::unix::fs::PermissionsExt as _;

use flisthub_hub::data::DataDirectory;
use reqwest::Method;

use crate::postgres;
use crate::program::{Serving, flisthub, last_line, user};
use crate::support::client;

#[test]
fn users_and_tokens_are_made_once_and_shown_once() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("new/data");
    let data = data.to_str().unwrap();
    last_line(&["user", "add", "alice", "--data", data]);
    let again = flisthub(&["user", "add", "alice", "--data", data]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("user alice exists already"));
    let one = last_line(&["token", "create", "--user", "alice", "--data", data]);
    let other = last_line(&[
        "token",
        "create",
        "--user",
        "alice",
        "--data",
        data,
        "--scope",
        "read",
        "--expires",
        "30d",
    ]);
    assert!(one.starts_with("fh_") && one.len() == 67 && one != other);
    // Neither is in the catalog.
    if !postgres::skips("SQLite's file is read") {
        let catalog = DataDirectory::open(data.as_ref()).unwrap().catalog();
        let bytes = std::fs::read(catalog).unwrap();
        for token in [&one, &other] {
            assert!(!bytes.windows(64).any(|window| window == &token.as_bytes()[3..]));
        }
    }
    let mode = std::fs::metadata(data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn bad_arguments_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    last_line(&["user", "add", "alice", "--data", data]);
    let token = ["token", "create", "--user", "alice", "--data", data];
    for (arguments, words) in [
        (vec!["user", "add", "me", "--data", data], "reserved"),
        (vec!["user", "add", "../x", "--data", data], "not a name"),
        (vec!["user", "add", "", "--data", data], "not a name"),
        (vec!["token", "create", "--user", "bob", "--data", data], "no user bob"),
        ([&token[..], &["--expires", "-1d"]].concat(), "no life for a token"),
        ([&token[..], &["--expires", "0s"]].concat(), "no life for a token"),
        ([&token[..], &["--expires", "999999d"]].concat(), "no life for a token"),
        ([&token[..], &["--scope", "root"]].concat(), "no scope"),
        ([&token[..], &["--scope", "admin"]].concat(), "flisthub user admin alice"),
        ([&token[..], &["--repository", "nobody"]].concat(), "no repository nobody"),
        ([&token[..], &["--label", "a\nb"]].concat(), "a label"),
        (vec!["token", "list", "--user", "bob", "--data", data], "no user bob"),
        (vec!["token", "revoke", "17", "--data", data], "no token 17"),
        (vec!["user", "admin", "bob", "--data", data], "no user \"bob\""),
        (vec!["user", "disable", "bob", "--data", data], "no user \"bob\""),
        (vec!["audit", "--user", "bob", "--data", data], "no user bob"),
        (vec!["serve", "--data", data, "--listen", "nowhere"], "listen"),
        (vec!["serve", "--data", data, "--config", "/no/such"], "/no/such"),
        (vec!["serve"], "--data"),
    ] {
        let output = flisthub(&arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

/// So that a script that makes the first user can tell a first run that failed from a later one.
#[test]
fn a_refused_name_leaves_no_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    assert!(!flisthub(&["user", "add", "a b", "--data", data.to_str().unwrap()]).status.success());
    assert!(!data.exists());
}

#[test]
fn a_mistyped_data_directory_is_not_made_by_moving_its_catalog() {
    let directory = tempfile::tempdir().unwrap();
    let (mistyped, empty) = (directory.path().join("data"), directory.path().join("empty"));
    std::fs::create_dir(&empty).unwrap();
    for to in ["postgres", "sqlite"] {
        for (data, words) in [(&mistyped, "there is no data directory"), (&empty, "no catalog")] {
            let data = data.to_str().unwrap();
            let output = flisthub(&["catalog", "copy", "--to", to, "--data", data]);
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{error}");
            assert!(error.contains(words), "{error}");
        }
    }
    assert!(!mistyped.exists());
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0, "nothing was made in it");
}

/// Where there is no directory, none can be made.
#[test]
fn a_working_directory_that_is_gone_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let gone = directory.path().join("gone");
    std::fs::create_dir(&gone).unwrap();
    for data in ["data", "./data", "a/b"] {
        let script = format!("rmdir ../gone; exec \"$0\" user add alice --data {data}");
        let output = std::process::Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_flisthub")])
            .current_dir(&gone)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{data}: {error}");
        assert!(error.contains("the data directory"), "{data}: {error}");
        std::fs::create_dir(&gone).unwrap();
    }
}

#[test]
fn an_unknown_key_stops_the_hub() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("hub.toml");
    std::fs::write(&config, "[limits]\nuplaods = 1\n").unwrap();
    let data = directory.path().join("data");
    let (config, data) = (config.to_str().unwrap(), data.to_str().unwrap());
    let output =
        flisthub(&["serve", "--data", data, "--listen", "127.0.0.1:0", "--config", config]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("uplaods"));
}

#[tokio::test]
async fn commands_work_while_the_hub_runs_and_it_stops_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let serving = Serving::start(directory.path());
    let token = user(directory.path(), "alice");
    let me = format!("{}/api/v1/me", serving.url);
    let response = client().request(Method::GET, &me).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.status(), 200);

    // A second hub on the same data is refused.
    let data = directory.path().to_str().unwrap();
    let second = flisthub(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another process"));
    assert_eq!(serving.stop(), Some(0));
}
