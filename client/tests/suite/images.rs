//! `convert` and `inspect` with a hub that is played.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use flisthub_converter::image::Digest;
use serde_json::{Value, json};

use crate::fake::{FakeHub, Reply, Request};
use crate::program::{failure, hub_client, run};

const JOB: &str = "0123456789abcdef0123456789abcdef";

fn job(state: &str, rest: &Value) -> Value {
    let mut job = json!({
        "id": JOB, "kind": "convert", "state": state, "arguments": {}, "result": null, "error": null,
        "phase": null, "done": 0, "total": null, "cancel_asked": false, "attempts": 1, "user": "alice",
        "created": 1, "started": 1, "finished": 2,
    });
    for (key, value) in rest.as_object().unwrap() {
        job[key] = value.clone();
    }
    job
}

/// A hub whose conversion ends so.
fn converting(ended: Value) -> FakeHub {
    FakeHub::new(move |_, request| {
        if request.line.ends_with("/conversions") {
            return Reply::new(202, job("queued", &json!({"finished": null})).to_string());
        }
        assert!(request.line.ends_with(&format!("/jobs/{JOB}/events")), "{}", request.line);
        let body = format!("event: end\ndata: {ended}\n\n");
        Reply::new(200, body).with("content-type", "text/event-stream")
    })
}

fn succeeding() -> FakeHub {
    let result = json!({
        "flist": "ab", "files": 1, "entries": 2, "bytes": 3, "chunks": 4, "new_chunks": 5,
        "new_objects": 6, "stored_bytes": 7, "seconds": 0.5, "repository": "alice", "name": "x-1",
        "image": "reg.example/x:1", "digest": "sha256:cd", "layers": 3, "known_layers": 1, "more": 1,
        "item": { "collections": ["ai-model"], "warnings": ["README.md: \u{1b}[2J no date"] },
    });
    converting(job("succeeded", &json!({"result": result})))
}

fn asked(hub: &FakeHub) -> Value {
    serde_json::from_slice(&hub.requests()[0].body).unwrap()
}

/// The program with this on standard input and these variables.
fn run_with(hub: &FakeHub, input: &str, variables: &[(&str, &str)], rest: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut child = hub_client(home.path())
        .env("FLISTHUB_URL", &hub.url)
        .env("FLISTHUB_TOKEN", "fht_secret")
        .envs(variables.iter().copied())
        .args(["--json", "convert", "reg.example/x:1"])
        .args(rest)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn the_hub_converts_what_it_is_asked_to() {
    let hub = succeeding();
    let rest = ["--platform", "linux/arm/v7", "--name", "team/app", "--startup"];
    let arguments = [&["convert", "reg.example/x:1"][..], &rest].concat();
    let output = run(&hub.url, &arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("converted reg.example/x:1 to alice/x-1\n"), "{text}");
    assert!(text.contains("sha256:cd, 3 layers, 1 of them known before"), "{text}");
    let expected = json!({
        "image": "reg.example/x:1", "repository": "team", "name": "app",
        "platform": "linux/arm/v7", "startup": true,
    });
    assert_eq!(asked(&hub), expected);
    let output = run(&hub.url, &["--json", "convert", "x"]);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    // What this program does not know is handed on.
    assert_eq!((&result["name"], &result["more"]), (&json!("x-1"), &json!(1)));
}

#[test]
fn who_converts_says_the_category_and_hears_of_the_metadata() {
    let hub = succeeding();
    let categories = ["--category", "ai-model", "--category", "dataset"];
    let output = run(&hub.url, &[&["convert", "reg.example/x:1"][..], &categories].concat());
    assert!(output.status.success(), "{output:?}");
    assert_eq!(asked(&hub)["categories"], json!(["ai-model", "dataset"]));
    let (out, told) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(out.contains("\n  item    in ai-model"), "{out}");
    assert!(told.contains("warning: alice/x-1 is published") && told.contains("no date"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
    let output = run(&hub.url, &["--json", "convert", "x"]);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["item"]["collections"], json!(["ai-model"]));
}

#[test]
fn credentials_travel_only_when_they_are_given() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.json");
    std::fs::write(&config, r#"{"auths":{"reg.example":{"auth":"dTpodW50ZXIy"}}}"#).unwrap();
    let (folder, at) =
        (home.path().to_str().unwrap(), format!("--docker-config={}", config.display()));
    let in_folder = format!("--docker-config={folder}");
    let user = ("FLISTHUB_REGISTRY_USERNAME", "u");
    let password = ("FLISTHUB_REGISTRY_PASSWORD", "hunter2");
    for (input, variables, rest, given) in [
        ("", &[("DOCKER_CONFIG", folder)][..], &[][..], false),
        ("", &[], &[&at[..]], true),
        ("", &[], &[&in_folder[..]], true),
        ("", &[("DOCKER_CONFIG", folder)], &["--docker-config"], true),
        ("hunter2\n", &[], &["--username", "u", "--password-stdin"], true),
        ("", &[user, password], &[], true),
        ("", &[password], &["--username", "u"], true),
    ] {
        let hub = succeeding();
        let output = run_with(&hub, input, variables, rest);
        assert!(output.status.success(), "{rest:?}: {output:?}");
        let expected = json!({"username": "u", "password": "hunter2"});
        let expected = if given { expected } else { Value::Null };
        assert_eq!(asked(&hub)["credentials"], expected, "{rest:?}");
        assert!(!format!("{output:?}").contains("hunter2"));
    }
}

#[test]
fn half_of_what_is_needed_is_sent_nowhere() {
    let hub = FakeHub::new(|_, _| Reply::HangUp);
    let empty = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(empty.path(), "{}").unwrap();
    let nothing = format!("--docker-config={}", empty.path().display());
    let password = ("FLISTHUB_REGISTRY_PASSWORD", "hunter2");
    for (variables, rest) in [
        (&[][..], &["--username", "u"][..]),
        (&[], &["--username", "u", "--password-stdin"]),
        (&[password], &[]),
        (&[], &[&nothing[..]]),
        (&[], &["--username", "u", "--from", "docker"]),
        (&[], &["--docker-config", "--from", "docker"]),
        (&[], &["--platform", "linux"]),
        (&[], &["--from", "dir:x"]),
        (&[], &["--from", "docker", "--docker-socket", "tcp://127.0.0.1:2375"]),
        (&[("DOCKER_HOST", "tcp://127.0.0.1:2375")], &["--from", "docker"]),
    ] {
        let (exit, code, line) = failure(&run_with(&hub, "", variables, rest));
        assert_eq!((exit, code.as_str()), (2, "usage"), "{rest:?}: {line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
    // A password is never cut.
    let rest = ["--username", "u", "--password-stdin"];
    for length in [8193, 9000] {
        let line = format!("{}\r\n", "p".repeat(length));
        assert_eq!(failure(&run_with(&hub, &line, &[], &rest)).0, 2, "{length}");
    }
    for arguments in [&["--json", "convert"][..], &["--json", "convert", "--from", "podman"]] {
        assert_eq!(failure(&run(&hub.url, arguments)).0, 2);
    }
    assert!(hub.requests().is_empty());
}

#[test]
fn why_a_conversion_failed_is_the_exit_code() {
    for (code, exit) in [("unknown_image", 3), ("host_refused", 4), ("bad_layer", 6)] {
        let hub = converting(job("failed", &json!({"error": "why", "error_code": code})));
        let output = run(&hub.url, &["--json", "convert", "x"]);
        let (found, word, line) = failure(&output);
        assert_eq!((found, word.as_str()), (exit, code));
        assert!(line.contains("why"), "{line}");
    }
}

/// A layout of one image whose two layers are empty archives.
fn layout(at: &Path) {
    let blobs = at.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let blob = |media_type: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        std::fs::write(blobs.join(digest.hex()), bytes).unwrap();
        let media_type = format!("application/vnd.oci.image.{media_type}");
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
    };
    let layer = blob("layer.v1.tar", &[0; 1024]);
    let config = json!({
        "os": "linux", "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"], layer["digest"]]},
    });
    let config = blob("config.v1+json", config.to_string().as_bytes());
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": [layer, layer]});
    let mut manifest = blob("manifest.v1+json", manifest.to_string().as_bytes());
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "v1"});
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    std::fs::write(at.join("index.json"), index.to_string()).unwrap();
    std::fs::write(at.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

/// Takes what is pushed; finds, `losses` times, that something is missing after all.
fn taking(losses: usize) -> FakeHub {
    let puts = std::sync::atomic::AtomicUsize::new(0);
    FakeHub::new(move |_, request: &Request| {
        let (method, path) = request.line.split_once(' ').unwrap();
        match path.strip_prefix("/api/v1/").unwrap() {
            "me" => Reply::json(r#"{"user":"alice","repositories":["alice"]}"#),
            "sessions" => Reply::json(&format!(r#"{{"session":"{JOB}","expires":1}}"#)),
            path if path.ends_with("/missing") => Reply::new(200, request.body.clone()),
            path if path.ends_with("/chunks") => {
                Reply::json(r#"{"new":1,"known":0,"new_bytes":7,"stored_bytes":9}"#)
            }
            path if method == "PUT" => {
                if puts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < losses {
                    let rest = format!(r#","missing":["{}"]"#, "ab".repeat(32));
                    return Reply::problem(409, "missing_objects", &rest);
                }
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let name = path.rsplit('/').next().unwrap();
                let info = json!({
                    "repository": "alice", "name": name, "flist": body["flist"], "entries": 0,
                    "bytes": 0, "updated": 1, "revision": 1,
                });
                Reply::json(&info.to_string())
            }
            _ => Reply::new(204, ""),
        }
    })
}

#[test]
fn an_image_on_this_machine_is_pushed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("app.oci");
    layout(&path);
    let from = format!("oci:{}", path.display());
    let hub = taking(1);
    let arguments = ["--json", "convert", "--from", &from, "--platform", "linux/amd64"];
    let output = run(&hub.url, &arguments);
    assert!(output.status.success(), "{output:?}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&result["name"], &result["layers"]), (&json!("app-v1"), &json!(2)));
    assert_eq!(result["image"], "oci:app.oci");
    let puts = hub.requests().iter().filter(|request| request.line.starts_with("PUT ")).count();
    assert_eq!(puts, 2, "it was read and published again");
    for (rest, exit, code) in
        [(&["v2"][..], 3, "unknown_image"), (&["--platform", "linux/s390x"], 6, "no_platform")]
    {
        let hub = taking(0);
        let arguments = [&["--json", "convert", "--from", &from][..], rest].concat();
        let (found, word, _) = failure(&run(&hub.url, &arguments));
        assert_eq!((found, word.as_str()), (exit, code));
        assert!(!hub.requests().iter().any(|request| request.line.starts_with("PUT ")));
    }
    let arguments = ["--json", "convert", "x", "--from", "archive:/no/such"];
    let (exit, code, line) = failure(&run(&taking(0).url, &arguments));
    assert_eq!((exit, code.as_str()), (6, "bad_path"), "{line}");
}

#[test]
fn a_flist_and_its_image_are_shown() {
    for with_image in [true, false] {
        let hub = FakeHub::new(move |_, request| {
            let image = request.line.ends_with("/image");
            match (image, with_image) {
                (true, true) => Reply::json(
                    r#"{"os":"linux","config":{"Cmd":["a b"],"Labels":{"x":"\u001b[31m"}}}"#,
                ),
                (true, false) => Reply::problem(404, "not_found", ""),
                _ => Reply::json(
                    r#"{"repository":"alice","name":"x","flist":"ab","entries":1,"bytes":1,"updated":1,"revision":1}"#,
                ),
            }
        });
        let output = run(&hub.url, &["inspect", "alice/x"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with("alice/x\n  flist       ab\n"), "{text}");
        assert_eq!(text.contains("cmd         [\"a b\"]"), with_image, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        let output = run(&hub.url, &["--json", "inspect", "alice/x"]);
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(result["image"].is_null(), !with_image);
        assert_eq!(result["flist"]["flist"], "ab");
    }
    let hub = FakeHub::new(|_, _| Reply::problem(404, "not_found", ""));
    assert_eq!(failure(&run(&hub.url, &["--json", "inspect", "alice/x"])).0, 3);
}
