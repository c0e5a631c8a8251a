//! The program: exit codes, errors as JSON, and what never shows.

use std::process::{Command, Output, Stdio};

use crate::fake::{FakeHub, Reply, Request};

const NO_REPOSITORIES: &str = r#"{"repositories":[],"next":null}"#;

/// The program with an empty home and nothing of the caller's environment.
pub(crate) fn hub_client(home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hub-client"));
    command.env_clear().env("HOME", home).stdin(Stdio::null());
    command
}

/// The program with a token, run to its end.
pub(crate) fn run(url: &str, arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    hub_client(home.path())
        .env("FLISTHUB_URL", url)
        .env("FLISTHUB_TOKEN", "fht_secret")
        .args(arguments)
        .output()
        .unwrap()
}

/// Exit code, the error's code, and the whole line.
pub(crate) fn failure(output: &Output) -> (i32, String, String) {
    let line = String::from_utf8(output.stderr.clone()).unwrap();
    let body: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
    let code = body["error"]["code"].as_str().unwrap().to_owned();
    assert!(!line.contains("fht_secret"), "{line}");
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    (output.status.code().unwrap(), code, line)
}

#[test]
fn each_sort_of_failure_has_its_exit_code() {
    for (status, code, exit) in [
        (401, "invalid_token", 4),
        (403, "forbidden", 4),
        (404, "not_found", 3),
        (409, "conflict", 5),
        (422, "bad_flist", 6),
        (500, "internal", 1),
        (404, "no_session", 5),
    ] {
        let hub = FakeHub::new(move |_, _| Reply::problem(status, code, ""));
        let (got, word, _) = failure(&run(&hub.url, &["--json", "ls", "alice"]));
        assert_eq!((got, word.as_str()), (exit, code));
    }
    let hub = FakeHub::new(|_, _| Reply::json("garbage"));
    let (exit, code, _) = failure(&run(&hub.url, &["--json", "ls"]));
    assert_eq!((exit, code.as_str()), (1, "bad_answer"));
}

#[test]
fn a_hub_that_is_not_there_is_unreachable() {
    // Bound and let go: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let (exit, code, line) = failure(&run(&url, &["ls", "--json"]));
    assert_eq!((exit, code.as_str()), (7, "unreachable"));
    assert!(line.contains(&url), "{line}");
}

#[test]
fn a_wrong_command_line_is_told_before_anything_is_sent() {
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    for arguments in [
        &["--json", "frobnicate"][..],
        &["--json", "push", "."],
        &["--json", "rm", "a/b/c"],
        &["--json", "ls", "../etc"],
        &["--json", "cat", "alice/base/../etc/passwd"],
        &["--json", "cat", "alice"],
        &["--json", "--token", "x", "ls"],
        &["--json", "--url", "ftp://x", "ls"],
    ] {
        let (exit, _, line) = failure(&run(&hub.url, arguments));
        assert_eq!(exit, 2, "{arguments:?}: {line}");
    }
    let (exit, code, _) = failure(&run("", &["--json", "ls"]));
    assert_eq!((exit, code.as_str()), (2, "usage"));
    assert!(hub.requests().is_empty());
}

#[test]
fn what_is_not_there_or_no_archive_is_bad_input() {
    let (exit, code, line) =
        failure(&run("http://127.0.0.1:9", &["--json", "push", "/no/such", "base"]));
    assert_eq!((exit, code.as_str()), (6, "bad_path"));
    assert!(line.contains("/no/such"), "{line}");
}

#[test]
fn without_a_token_writing_is_not_tried() {
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    let home = tempfile::tempdir().unwrap();
    let rm = hub_client(home.path()).args(["--json", "--url", &hub.url, "rm", "base"]).output();
    let (exit, code, line) = failure(&rm.unwrap());
    assert_eq!((exit, code.as_str()), (4, "no_token"));
    assert!(line.contains("FLISTHUB_TOKEN"), "{line}");
    assert!(hub.requests().is_empty());
}

#[test]
fn login_keeps_a_token_that_the_hub_knows_and_no_other() {
    let hub = FakeHub::new(|_, request: &Request| {
        if request.header("authorization") == Some("Bearer good") {
            Reply::json(r#"{"user":"alice","repositories":["alice"]}"#)
        } else {
            Reply::problem(401, "invalid_token", "")
        }
    });
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join(".config/flisthub/client.toml");
    let login = |token: &str| {
        let stdin = home.path().join("token");
        std::fs::write(&stdin, token).unwrap();
        hub_client(home.path())
            .args(["--json", "login", &hub.url])
            .stdin(std::fs::File::open(stdin).unwrap())
            .output()
            .unwrap()
    };
    let (exit, code, line) = failure(&login("wrong\n"));
    assert_eq!((exit, code.as_str()), (4, "invalid_token"));
    assert!(!line.contains("wrong") && !config.exists());
    assert_eq!(failure(&login("\n")).0, 2);

    let output = login("good\n");
    assert!(output.status.success(), "{output:?}");
    assert!(!String::from_utf8(output.stdout).unwrap().contains("good"));
    let rm = hub_client(home.path()).args(["rm", "alice/base"]).output().unwrap();
    assert!(!rm.status.success());
    let last = hub.requests().pop().unwrap();
    assert_eq!(last.line, "DELETE /api/v1/flists/alice/base");
    assert_eq!(last.header("authorization"), Some("Bearer good"));
    // Another hub does not get it.
    let other = FakeHub::new(|_, _| Reply::json(NO_REPOSITORIES));
    let ls = hub_client(home.path()).args(["--url", &other.url, "ls"]).output().unwrap();
    assert!(ls.status.success());
    assert_eq!(other.requests()[0].header("authorization"), None);
}

#[test]
fn a_hub_cannot_write_on_the_terminal() {
    let hub = FakeHub::new(|_, _| {
        let detail = r"clear\u001b[2J\u009b1m";
        let body = format!(
            r#"{{"type":"t","title":"t","status":404,"code":"not_found","detail":"{detail}"}}"#
        );
        Reply::new(404, body).with("content-type", "application/problem+json")
    });
    let output = run(&hub.url, &["ls", "alice"]);
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(!line.contains('\u{1b}') && !line.contains('\u{9b}'), "{line:?}");
    assert!(line.contains("clear\\u{1b}[2J"), "{line:?}");
}

#[test]
fn plain_http_needs_no_root_certificates() {
    let hub = FakeHub::new(|_, _| Reply::json(NO_REPOSITORIES));
    let home = tempfile::tempdir().unwrap();
    let ls = |url: &str| {
        let mut command = hub_client(home.path());
        command.env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
        command.args(["--json", "--url", url, "ls"]).output().unwrap()
    };
    assert!(ls(&hub.url).status.success());
    let (exit, code, message) = failure(&ls("https://127.0.0.1:1"));
    assert_eq!((exit, code.as_str()), (1, "http_setup"));
    assert!(message.contains("ca-certificates"), "{message}");
}
