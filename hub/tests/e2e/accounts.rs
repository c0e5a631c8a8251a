//! Logging in, tokens, repositories and members, as `hub-client` does it to a real hub.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{Hub, failure};

const PASSWORD: &str = "correct horse battery";

/// Runs a program with something to read.
fn with_input(mut command: Command, input: &str) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// `hub-client` as somebody who has logged in, or not yet: what it knows is in a file.
fn at_home(hub: &Hub, arguments: &[&str]) -> Command {
    let mut command = hub.client_as("");
    command.env_remove("FLISTHUB_TOKEN").env_remove("FLISTHUB_URL").env("HOME", hub.path("home"));
    command.arg("--json").args(arguments);
    command
}

fn answer(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A hub whose alice has a password.
fn hub() -> Hub {
    let hub = Hub::start();
    let data = hub.path("data");
    let mut set = Command::new(env!("CARGO_BIN_EXE_flisthub"));
    set.args(["user", "password", "alice", "--data", data.to_str().unwrap()]);
    assert!(with_input(set, &format!("{PASSWORD}\n")).status.success());
    hub
}

#[test]
fn a_password_opens_and_logging_out_closes() {
    let hub = hub();
    let config = hub.path("home").join(".config/flisthub/client.toml");
    let login = || at_home(&hub, &["login", &hub.url, "--user", "alice"]);
    let wrong = with_input(login(), "not the password\n");
    let (exit, code, line) = failure(&wrong);
    assert_eq!((exit, code.as_str()), (4, "login_refused"), "{line}");
    assert!(!line.contains("not the password") && !config.exists());

    let logged_in = answer(&with_input(login(), &format!("{PASSWORD}\n")));
    assert_eq!(
        (&logged_in["user"], &logged_in["repositories"]),
        (&json!("alice"), &json!(["alice"]))
    );
    assert!(logged_in["expires"].is_u64());
    assert_eq!(std::fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(&config).unwrap();
    let token = token.split('"').find(|part| part.starts_with("fh_")).unwrap().to_owned();
    assert!(!logged_in.to_string().contains(&token));

    let made = answer(&at_home(&hub, &["repository", "create", "team"]).output().unwrap());
    assert_eq!(made["level"], "owner");
    let out = answer(&at_home(&hub, &["logout"]).output().unwrap());
    assert_eq!((&out["revoked"], config.exists()), (&json!(true), false));
    let stale = hub.client_as(&token).args(["--json", "token", "list"]).output().unwrap();
    assert_eq!(failure(&stale).1, "invalid_token");
    let (exit, code, line) = failure(&at_home(&hub, &["logout"]).output().unwrap());
    assert_eq!((exit, code.as_str()), (2, "usage"), "{line}");
}

#[test]
fn logging_out_leaves_a_token_that_was_brought() {
    let hub = hub();
    let login = at_home(&hub, &["login", &hub.url]);
    answer(&with_input(login, &format!("{}\n", hub.token)));
    let out = answer(&at_home(&hub, &["logout"]).output().unwrap());
    assert_eq!(out["revoked"], json!(false));
    hub.run(&["token", "list"]);
}

#[test]
fn a_password_is_changed_by_who_knows_it() {
    let hub = hub();
    let change = |lines: &str| {
        let mut command = hub.client();
        command.args(["--json", "password"]);
        with_input(command, lines)
    };
    let (exit, code, _) = failure(&change("wrong one\nanother password\n"));
    assert_eq!((exit, code.as_str()), (4, "login_refused"));
    let (exit, code, _) = failure(&change(&format!("{PASSWORD}\nshort\n")));
    assert_eq!((exit, code.as_str()), (6, "bad_password"));
    answer(&change(&format!("{PASSWORD}\nstaple of another kind\n")));
    let login = |password: &str| {
        with_input(at_home(&hub, &["login", &hub.url, "-u", "alice"]), &format!("{password}\n"))
    };
    assert_eq!(failure(&login(PASSWORD)).1, "login_refused");
    answer(&login("staple of another kind"));
}

#[test]
fn tokens_are_made_narrow_and_revoked() {
    let hub = hub();
    hub.run(&["repository", "create", "ci", "--visibility", "private"]);
    let made = hub.json(&[
        "token",
        "create",
        "--label",
        "runner",
        "--scope",
        "read",
        "--repository",
        "ci",
        "--expires",
        "1d",
    ]);
    let narrow = made["token"].as_str().unwrap();
    let text = hub.run(&["token", "create"]);
    let alone = String::from_utf8(text).unwrap();
    assert!(alone.starts_with("fh_") && alone.trim_end().len() == 67, "nothing but the token");
    let show = |repository: &str| {
        let arguments = ["--json", "repository", "show", repository];
        hub.client_as(narrow).args(arguments).output().unwrap()
    };
    assert_eq!(answer(&show("ci"))["visibility"], "private");
    let create = hub.client_as(narrow).args(["--json", "token", "create"]).output().unwrap();
    assert_eq!((failure(&create).0, failure(&create).1.as_str()), (4, "forbidden"));
    assert_eq!(failure(&show("nobody")).0, 3);

    let listed = hub.json(&["token", "list"]);
    let labels: Vec<&Value> = listed.as_array().unwrap().iter().map(|one| &one["label"]).collect();
    assert!(labels.contains(&&json!("runner")) && labels.len() == 3, "{listed}");
    assert!(!listed.to_string().contains("fh_"));
    let id = made["id"].as_str().unwrap();
    assert_eq!(hub.json(&["token", "revoke", id]), json!({ "revoked": id }));
    assert_eq!(failure(&show("ci")).1, "invalid_token");
    for (arguments, exit) in [
        (["token", "create", "--expires", "soon"], 2),
        (["token", "create", "--scope", "root"], 2),
        (["token", "create", "--scope", "admin"], 4),
        (["token", "create", "--repository", "nobody"], 3),
    ] {
        assert_eq!(hub.fail(&arguments).0, exit, "{arguments:?}");
    }
    assert_eq!(hub.fail(&["token", "revoke", "17"]).0, 3);
}

#[test]
fn a_private_repository_is_its_members() {
    let hub = hub();
    let bob = hub.user("bob");
    let as_bob =
        |arguments: &[&str]| hub.client_as(&bob).arg("--json").args(arguments).output().unwrap();
    hub.run(&["repository", "create", "team", "--visibility", "private"]);
    let tree = hub.path("tree");
    std::fs::create_dir(&tree).unwrap();
    std::fs::write(tree.join("file"), "content\n").unwrap();
    hub.push(&tree, "team/base");
    assert_eq!(failure(&as_bob(&["ls", "team"])).0, 3);
    let set = |level: &str| hub.json(&["member", "set", "team", "bob", level]);
    // A guest sees the names, a reader what is in them, and a contributor changes it.
    for (level, listed, read, written) in [
        ("guest", true, false, false),
        ("reader", true, true, false),
        ("contributor", true, true, true),
    ] {
        assert_eq!(set(level)["level"], level);
        assert_eq!(as_bob(&["ls", "team"]).status.success(), listed, "{level}");
        assert_eq!(as_bob(&["cat", "team/base/file"]).status.success(), read, "{level}");
        let push = as_bob(&["push", tree.to_str().unwrap(), "team/more"]);
        assert_eq!(push.status.success(), written, "{level}");
        assert_eq!(failure(&as_bob(&["member", "list", "team"])).0, 4);
    }
    let members = hub.json(&["member", "list", "team"]);
    assert_eq!((&members[0]["user"], &members[1]["user"]), (&json!("alice"), &json!("bob")));
    assert_eq!(hub.fail(&["member", "remove", "team", "alice"]).1, "conflict");
    assert_eq!(hub.fail(&["member", "set", "team", "nobody", "guest"]).0, 3);
    answer(&as_bob(&["member", "remove", "team", "bob"]));
    assert_eq!(failure(&as_bob(&["ls", "team"])).0, 3);
    hub.run(&["repository", "set", "team", "--visibility", "public"]);
    assert!(as_bob(&["cat", "team/base/file"]).status.success());
    assert_eq!(failure(&as_bob(&["repository", "create", "team"])).1, "name_taken");
}

/// What a script gets who has neither logged in nor a token.
#[test]
fn what_needs_a_token_says_how_to_get_one() {
    let hub = Hub::start();
    for verb in
        [&["token", "list"][..], &["repository", "create", "x"], &["member", "list", "alice"]]
    {
        let mut command = at_home(&hub, verb);
        let (exit, _, line) = failure(&command.env("FLISTHUB_URL", &hub.url).output().unwrap());
        assert_eq!(exit, 4, "{verb:?}: {line}");
    }
}
