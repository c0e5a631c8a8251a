//! How it ends when it does not work: exit codes, names left alone, sessions closed.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tar::EntryType;

use crate::fixture::{Member, by_hand, noise};
use crate::support::{Hub, failure};

fn names(hub: &Hub) -> usize {
    hub.json(&["ls", "alice"]).as_array().unwrap().len()
}

fn small_tree(hub: &Hub) -> String {
    let tree = hub.path("small");
    std::fs::create_dir(&tree).unwrap();
    std::fs::write(tree.join("file"), "content").unwrap();
    tree.to_str().unwrap().to_owned()
}

#[test]
fn a_name_can_be_removed_once() {
    let hub = Hub::start();
    let tree = small_tree(&hub);
    hub.json(&["push", &tree, "base"]);
    assert_eq!(hub.json(&["rm", "base"])["removed"], "alice/base");
    assert_eq!(names(&hub), 0);
    let (exit, code, _) = hub.fail(&["rm", "alice/base"]);
    assert_eq!((exit, code.as_str()), (3, "not_found"));
    assert_eq!(hub.fail(&["pull", "alice/base", "x"]).0, 3);
    assert!(!hub.path("x").exists());
}

#[test]
fn only_the_owner_writes() {
    let hub = Hub::start();
    let tree = small_tree(&hub);
    hub.json(&["push", &tree, "base"]);
    let bob = hub.user("bob");
    for arguments in [&["push", &tree, "alice/base"][..], &["rm", "alice/base"]] {
        let output = hub.client_as(&bob).arg("--json").args(arguments).output().unwrap();
        let (exit, code, _) = failure(&output);
        assert_eq!((exit, code.as_str()), (4, "forbidden"), "{arguments:?}");
        let output = hub.client_as("fht_nonsense").arg("--json").args(arguments).output().unwrap();
        let (exit, code, message) = failure(&output);
        assert_eq!((exit, code.as_str()), (4, "invalid_token"), "{arguments:?}");
        assert!(!message.contains("fht_nonsense"), "{message}");
    }
    assert_eq!(names(&hub), 1);
}

#[test]
fn bad_archives_are_refused_and_publish_nothing() {
    let hub = Hub::start();
    let member = |name, kind, target| Member { name, kind, mode: 0o644, content: b"", target };
    let escape = by_hand(&[member(b"../../etc/passwd", EntryType::Regular, "")]);
    let link = by_hand(&[member(b"link", EntryType::Link, "../outside")]);
    let good =
        by_hand(&[Member { content: &[7; 5000], ..member(b"file", EntryType::Regular, "") }]);
    let cases: [(&str, &[u8], &str); 5] = [
        ("escape", &escape, "../../etc/passwd"),
        ("link", &link, "link"),
        ("cut", &good[..3000], "file"),
        ("no tar", &[b'x'; 5000], "not a tar"),
        ("nothing", b"", "empty"),
    ];
    for (case, archive, named) in cases {
        std::fs::write(hub.path("archive"), archive).unwrap();
        let (exit, code, message) = hub.fail(&["push", "archive", "bad"]);
        assert_eq!((exit, code.as_str()), (6, "bad_input"), "{case}: {message}");
        assert!(message.contains(named), "{case}: {message}");
    }
    assert_eq!(names(&hub), 0);
    assert_eq!(hub.log().matches("method=POST path=\"/api/v1/sessions\"").count(), 5);
    assert_eq!(closed(&hub), 5);
}

/// Sessions that were closed without a publish.
fn closed(hub: &Hub) -> usize {
    hub.log().lines().filter(|line| line.contains("method=DELETE path=\"/api/v1/sessions/")).count()
}

#[test]
fn a_full_destination_is_left_alone() {
    let hub = Hub::start();
    let tree = small_tree(&hub);
    hub.json(&["push", &tree, "base"]);
    let (exit, code, message) = hub.fail(&["pull", "base", "small"]);
    assert_eq!((exit, code.as_str()), (6, "not_empty"), "{message}");
    assert_eq!(std::fs::read_dir(&tree).unwrap().count(), 1);
}

#[test]
fn an_interrupted_push_closes_its_session_and_publishes_nothing() {
    let hub = Hub::start();
    for (signal, exit) in [(Signal::INT, 130_u8), (Signal::TERM, 143)] {
        let before = closed(&hub);
        let seen = hub.log().matches("/chunks\"").count();
        let (reader, mut writer) = std::io::pipe().unwrap();
        let push = hub
            .client()
            .args(["--json", "push", "-", "half"])
            .stdin(reader)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Enough for some requests, far from the end, and the pipe stays open.
        let mut header = by_hand(&[Member {
            name: b"file",
            kind: EntryType::Regular,
            mode: 0o644,
            content: b"",
            target: "",
        }]);
        header.truncate(512);
        let header = with_size(&header, 1 << 30);
        writer.write_all(&header).unwrap();
        writer.write_all(&noise(exit.into(), 12 << 20)).unwrap();
        until(|| hub.log().matches("/chunks\"").count() > seen);
        kill_process(Pid::from_child(&push), signal).unwrap();
        let output = push.wait_with_output().unwrap();
        let (code, word, message) = failure(&output);
        assert_eq!((code, word.as_str()), (exit.into(), "interrupted"), "{message}");
        assert!(message.contains("alice/half was not published"), "{message}");
        drop(writer);
        assert_eq!(closed(&hub), before + 1);
    }
    assert_eq!(names(&hub), 0);
}

/// The header of an archive's entry, made to promise `size` bytes of content.
fn with_size(block: &[u8], size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// Waits for something that must come; gives up only when it plainly does not.
fn until(come: impl Fn() -> bool) {
    for _ in 0..6000 {
        if come() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come");
}
