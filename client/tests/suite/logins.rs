//! Logging in and out with a password: no token is left that nobody has or that nobody can revoke.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::fake::{FakeHub, Reply, Request};
use crate::program::{failure, hub_client};

const MADE: &str = r#"{"token":"fh_made","id":"1","user":"alice","kind":"login","label":"","scope":"write",
    "created":1,"expires":2,"revoked":null}"#;
const ME: &str = r#"{"user":"alice","repositories":["alice"],"credential":"login"}"#;

/// A hub that gives a token for any password, and fails at what is asked for then as it is told.
fn hub(me: u16, logout: &Arc<AtomicU16>) -> FakeHub {
    let logout = Arc::clone(logout);
    FakeHub::new(move |_, request: &Request| match request.line.as_str() {
        "POST /api/v1/login" => Reply::new(201, MADE),
        "GET /api/v1/me" if me == 200 => Reply::json(ME),
        "GET /api/v1/me" => Reply::problem(me, "internal", ""),
        "POST /api/v1/logout" => match logout.load(Ordering::SeqCst) {
            204 => Reply::new(204, ""),
            status => Reply::problem(status, "told_so", ""),
        },
        other => panic!("{other}"),
    })
}

fn answering(status: u16) -> Arc<AtomicU16> {
    Arc::new(AtomicU16::new(status))
}

fn stored(home: &Path) -> PathBuf {
    home.join(".config/flisthub/client.toml")
}

fn login(hub: &FakeHub, home: &Path, arguments: &[&str]) -> Output {
    let stdin = home.join("secret");
    std::fs::write(&stdin, "a-secret-line\n").unwrap();
    let mut command = hub_client(home);
    command.args(["--json", "login", &hub.url]).args(arguments);
    command.stdin(std::fs::File::open(stdin).unwrap()).output().unwrap()
}

const AS_ALICE: [&str; 2] = ["--user", "alice"];
const TRIED: [&str; 3] = ["POST /api/v1/login", "GET /api/v1/me", "POST /api/v1/logout"];

#[test]
fn a_login_that_fails_leaves_no_token() {
    let home = tempfile::tempdir().unwrap();
    let failing = hub(500, &answering(204));
    let (exit, code, _) = failure(&login(&failing, home.path(), &AS_ALICE));
    assert_eq!((exit, code.as_str()), (1, "internal"));
    assert_eq!(failing.lines(), TRIED);
    let revoking = failing.requests().pop().unwrap();
    assert_eq!(revoking.header("authorization"), Some("Bearer fh_made"));
    assert!(!stored(home.path()).exists());

    // Nor does one whose token cannot be stored.
    std::fs::write(home.path().join(".config"), "no directory").unwrap();
    let working = hub(200, &answering(204));
    let (_, _, line) = failure(&login(&working, home.path(), &AS_ALICE));
    assert!(line.contains("cannot write") && !line.contains("fh_made"), "{line}");
    assert_eq!(working.lines(), TRIED);
}

#[test]
fn a_token_that_could_not_be_given_back_is_told_of() {
    let home = tempfile::tempdir().unwrap();
    let failing = hub(500, &answering(500));
    let (exit, code, line) = failure(&login(&failing, home.path(), &AS_ALICE));
    assert_eq!((exit, code.as_str()), (1, "internal"));
    assert!(line.contains("may live on") && !line.contains("fh_made"), "{line}");
}

#[test]
fn a_token_that_was_brought_is_not_revoked() {
    let home = tempfile::tempdir().unwrap();
    let failing = hub(500, &answering(204));
    assert_eq!(failure(&login(&failing, home.path(), &[])).0, 1);
    assert_eq!(failing.lines(), ["GET /api/v1/me"]);
}

#[test]
fn a_token_is_forgotten_once_it_is_worth_nothing() {
    for worthless in [204, 401] {
        let home = tempfile::tempdir().unwrap();
        let path = stored(home.path());
        let answer = answering(500);
        let hub = hub(200, &answer);
        assert!(login(&hub, home.path(), &AS_ALICE).status.success());
        let logout = || hub_client(home.path()).args(["--json", "logout"]).output().unwrap();
        for status in [500, 403] {
            answer.store(status, Ordering::SeqCst);
            let (_, code, line) = failure(&logout());
            assert_eq!(code, "told_so");
            assert!(line.contains("try again") && path.exists(), "{status}: {line}");
        }
        answer.store(worthless, Ordering::SeqCst);
        let output = logout();
        assert!(output.status.success() && !path.exists(), "{worthless}: {output:?}");
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["revoked"], worthless == 204);
    }
}
