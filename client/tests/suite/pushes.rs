//! Pushes to a hub that changes its mind about what it has.

use std::path::Path;

use flisthub_storage::wire::{RecordReader, read_ids};
use flisthub_storage::{Kind, SessionId};

use crate::fake::{FakeHub, Reply, Request};
use crate::program::{failure, hub_client, run};

fn session() -> SessionId {
    SessionId::from_slice(&[7; 16]).unwrap()
}

/// A hub that says it has everything, until it is asked to publish: then, `losses` times, a chunk is
/// missing after all.
fn forgetful(losses: usize) -> FakeHub {
    fake(losses, "")
}

/// Such a hub; `more` stands in its answer that opens a session.
fn fake(losses: usize, more: &'static str) -> FakeHub {
    let lost = Kind::Content.id_of(b"content");
    let publishes = std::sync::atomic::AtomicUsize::new(0);
    FakeHub::new(move |_, request| {
        let so_far = publishes.load(std::sync::atomic::Ordering::SeqCst);
        let path = request.line.split_once(' ').unwrap().1;
        match path.strip_prefix("/api/v1/").unwrap() {
            "sessions" => {
                Reply::json(&format!(r#"{{"session":"{}","expires":1{more}}}"#, session()))
            }
            "flists/alice/base" => {
                publishes.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                if so_far < losses {
                    let rest = format!(r#","missing":["{lost}"]"#);
                    return Reply::problem(409, "missing_objects", &rest);
                }
                let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
                Reply::json(&format!(
                    r#"{{"repository":"alice","name":"base","flist":{},"entries":1,"bytes":1,"updated":1,"revision":1,
                         "item":{{"collections":["dataset"],"warnings":["README.md: \u001b[2J no category"]}}}}"#,
                    body["flist"]
                ))
            }
            path if path.ends_with("/missing") => {
                let asked = read_ids(&request.body).unwrap().contains(&lost);
                let missing = if asked && so_far > 0 { lost.as_bytes().to_vec() } else { vec![] };
                Reply::new(200, missing)
            }
            path if path.ends_with("/chunks") => {
                Reply::json(r#"{"new":1,"known":0,"new_bytes":7,"stored_bytes":9}"#)
            }
            _ => Reply::new(204, ""),
        }
    })
}

fn push(hub: &FakeHub, home: &Path) -> std::process::Output {
    std::fs::write(home.join("file"), "content").unwrap();
    run(&hub.url, &["--json", "push", home.to_str().unwrap(), "alice/base"])
}

/// Whether a request carried the content.
fn carries(request: &Request) -> bool {
    let mut reader = RecordReader::default();
    reader.push(&request.body);
    std::iter::from_fn(|| reader.next_record().ok().flatten())
        .any(|(_, chunk)| &chunk.bytes()[..] == b"content")
}

/// Who publishes is told at once what is wrong with the metadata, and in which collections it is found.
#[test]
fn what_became_of_the_metadata_is_told() {
    let home = tempfile::tempdir().unwrap();
    let hub = forgetful(0);
    let output = push(&hub, home.path());
    assert!(output.status.success(), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["item"]["collections"], serde_json::json!(["dataset"]));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("\"warning\"") && told.contains("no category"), "{told}");
    let people = run(&hub.url, &["push", home.path().to_str().unwrap(), "alice/base"]);
    let (out, told) =
        (String::from_utf8(people.stdout).unwrap(), String::from_utf8(people.stderr).unwrap());
    assert!(out.contains("\n  item    in dataset\n"), "{out}");
    assert!(
        told.contains("warning: alice/base is published") && told.contains("no category"),
        "{told}"
    );
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
fn what_the_hub_lost_is_sent_and_published_then() {
    let home = tempfile::tempdir().unwrap();
    let hub = forgetful(1);
    let output = push(&hub, home.path());
    assert!(output.status.success(), "{output:?}");
    let requests = hub.requests();
    let sent: Vec<&Request> =
        requests.iter().filter(|request| request.line.ends_with("/chunks")).collect();
    assert_eq!(sent.iter().filter(|request| carries(request)).count(), 1);
    let puts = requests.iter().filter(|request| request.line.starts_with("PUT ")).count();
    assert_eq!(puts, 2);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["files"], &report["new_chunks"]), (&1.into(), &1.into()), "{report}");
}

#[test]
fn categories_travel_with_the_publish_and_are_left_out_otherwise() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "content").unwrap();
    let place = home.path().to_str().unwrap();
    let published = |verb: &str, more: &[&str]| {
        let hub = forgetful(1);
        let output = run(&hub.url, &[&[verb, place, "alice/base"], more].concat());
        assert!(output.status.success(), "{output:?}");
        let puts = hub.requests().into_iter().filter(|request| request.line.starts_with("PUT "));
        let bodies = puts.map(|put| serde_json::from_slice(&put.body).unwrap());
        bodies.map(|body: serde_json::Value| body["categories"].clone()).collect::<Vec<_>>()
    };
    let both = serde_json::json!(["dataset", "ai-model"]);
    let asked = ["--category", "dataset", "--category", "ai-model"];
    assert_eq!(published("publish", &asked), [both.clone(), both]);
    assert_eq!(published("push", &[]), [serde_json::Value::Null, serde_json::Value::Null]);
}

#[test]
fn a_hub_that_loses_again_and_again_is_a_conflict() {
    let home = tempfile::tempdir().unwrap();
    let hub = forgetful(usize::MAX);
    let (exit, code, message) = failure(&push(&hub, home.path()));
    assert_eq!((exit, code.as_str()), (5, "missing_objects"));
    assert!(message.contains("push again"), "{message}");
    assert_eq!(hub.lines().iter().filter(|line| line.starts_with("PUT ")).count(), 3);
    // And nothing stays open.
    assert_eq!(hub.lines().last().unwrap(), &format!("DELETE /api/v1/sessions/{}", session()));
}

#[test]
fn a_pipe_cannot_be_read_again() {
    let home = tempfile::tempdir().unwrap();
    let archive = home.path().join("archive");
    // The end of an archive alone: an empty tree.
    std::fs::write(&archive, [0; 1024]).unwrap();
    let hub = forgetful(1);
    let output = hub_client(home.path())
        .env("FLISTHUB_URL", &hub.url)
        .env("FLISTHUB_TOKEN", "fht_secret")
        .args(["--json", "push", "-", "alice/base"])
        .stdin(std::fs::File::open(archive).unwrap())
        .output()
        .unwrap();
    let (exit, code, _) = failure(&output);
    assert_eq!((exit, code.as_str()), (5, "missing_objects"));
}

#[test]
fn bad_input_is_told_and_the_session_closed() {
    let home = tempfile::tempdir().unwrap();
    let archive = home.path().join("archive");
    std::fs::write(&archive, "no archive at all").unwrap();
    let hub = forgetful(0);
    let (exit, code, _) =
        failure(&run(&hub.url, &["--json", "push", archive.to_str().unwrap(), "alice/base"]));
    assert_eq!((exit, code.as_str()), (6, "bad_input"));
    assert_eq!(hub.lines().last().unwrap(), &format!("DELETE /api/v1/sessions/{}", session()));
}

#[test]
fn files_are_cut_as_the_hub_says() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "content").unwrap();
    let flist = |more| {
        let hub = fake(0, more);
        let output =
            run(&hub.url, &["--json", "push", home.path().to_str().unwrap(), "alice/base"]);
        assert!(output.status.success(), "{output:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["flist"].as_str().unwrap().to_owned()
    };
    let silent = flist("");
    assert_eq!(silent, flist(r#","profile":"fastcdc-2020/64k-256k-1024k""#));
    assert_ne!(silent, flist(r#","profile":"fastcdc-2020/16k-64k-256k""#));
}

#[test]
fn a_profile_that_is_not_known_is_told_and_the_session_closed() {
    let home = tempfile::tempdir().unwrap();
    let hub = fake(0, r#","profile":"rabin-2031/1k\n""#);
    let (exit, code, message) = failure(&push(&hub, home.path()));
    assert_eq!((exit, code.as_str()), (1, "too_old"));
    assert!(message.contains("this hub-client is too old for the hub's profile"), "{message}");
    // Escaped for people, and that for JSON.
    assert!(message.contains(r"rabin-2031/1k\\n"), "{message}");
    assert_eq!(hub.lines().len(), 2, "{:?}", hub.lines());
    assert_eq!(hub.lines().last().unwrap(), &format!("DELETE /api/v1/sessions/{}", session()));
}
