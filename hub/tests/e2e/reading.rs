//! `ls` and `cat`: reading a tree without pulling it.

use std::os::unix::ffi::OsStringExt as _;
use std::process::Stdio;

use serde_json::json;
use tar::EntryType;

use crate::fixture::{Member, by_hand, every_kind};
use crate::snapshot::files;
use crate::support::Hub;

#[test]
fn every_file_reads_as_it_was_written() {
    let hub = Hub::start();
    let tree = hub.path("tree");
    every_kind(&tree, false);
    hub.push(&tree, "kinds");
    let files = files(&tree);
    assert!(files.len() > 10);
    for file in files {
        let mut argument = b"alice/kinds/".to_vec();
        argument.extend(file.clone().into_os_string().into_vec());
        let argument = std::ffi::OsString::from_vec(argument);
        let output = hub.client().arg("cat").arg(argument).output().unwrap();
        let content = std::fs::read(tree.join(&file)).unwrap();
        assert!(output.stdout == content && output.status.success(), "{}", file.display());
    }
}

fn archive() -> Vec<u8> {
    let member = |name, kind, mode, content| Member { name, kind, mode, content, target: "" };
    let link = |target| Member { target, ..member(b"link", EntryType::Symlink, 0o777, b"") };
    by_hand(&[
        member(b"./", EntryType::Directory, 0o755, b""),
        member(b"bin/", EntryType::Directory, 0o1777, b""),
        member(b"bin/tool", EntryType::Regular, 0o4755, b"#!/bin/sh\n"),
        member(b"a\x1b[2J\xff", EntryType::Regular, 0o600, b"x"),
        member(b"disk", EntryType::Block, 0o660, b""),
        member(b"pipe", EntryType::Fifo, 0o644, b""),
        link("bin/tool"),
    ])
}

fn listed() -> Hub {
    let hub = Hub::start();
    std::fs::write(hub.path("base.tar"), archive()).unwrap();
    hub.push(&hub.path("base.tar"), "base");
    hub
}

#[test]
fn a_listing_looks_like_that_of_ls() {
    let hub = listed();
    // Not a terminal: names come as they are.
    let expected: &[u8] = b"\
-rw-------  1000   100            1 2009-02-13 23:31 a\x1b[2J\xff
drwxrwxrwt  1000   100           10 2009-02-13 23:31 bin
brw-rw----  1000   100         8, 1 2009-02-13 23:31 disk
lrwxrwxrwx  1000   100            8 2009-02-13 23:31 link -> bin/tool
prw-r--r--  1000   100            0 2009-02-13 23:31 pipe
";
    assert_eq!(
        hub.run(&["ls", "alice/base"]).escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
    let tool = b"-rwsr-xr-x  1000   100           10 2009-02-13 23:31 tool\n";
    assert_eq!(hub.run(&["ls", "alice/base/bin"]), tool);
    assert_eq!(hub.run(&["ls", "alice/base/bin/tool"]), tool);
}

#[test]
fn a_listing_as_json_is_exact() {
    let hub = listed();
    let common = json!({"uid": 1000, "gid": 100, "mtime": 1_234_567_890, "mtime_nanos": 0});
    let with = |mut own: serde_json::Value| {
        own.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
        own
    };
    assert_eq!(
        hub.json(&["ls", "alice/base"]),
        json!([
            with(json!({"name": "a\u{1b}[2J\u{fffd}", "name_bytes": "YRtbMkr/", "kind": "file",
                "mode": "0600", "bytes": 1})),
            with(
                json!({"name": "bin", "kind": "directory", "mode": "1777", "bytes": 10, "entries": 1})
            ),
            with(json!({"name": "disk", "kind": "block_device", "mode": "0660", "device": [8, 1]})),
            with(json!({"name": "link", "kind": "symlink", "mode": "0777", "target": "bin/tool"})),
            with(json!({"name": "pipe", "kind": "fifo", "mode": "0644"})),
        ])
    );
    let names = hub.json(&["ls", "alice"]);
    assert_eq!((&names[0]["name"], &names[0]["entries"]), (&json!("base"), &json!(6)));
    assert_eq!(hub.json(&["ls"])[0]["name"], "alice");
    std::fs::create_dir(hub.path("empty")).unwrap();
    hub.push(&hub.path("empty"), "empty");
    assert_eq!(hub.json(&["ls", "alice/empty"]), json!([]));
}

#[test]
fn everyone_may_read_without_a_token() {
    let hub = listed();
    let mut anonymous = hub.client();
    let output = anonymous.env_remove("FLISTHUB_TOKEN").args(["cat", "alice/base/bin/tool"]);
    assert_eq!(output.output().unwrap().stdout, b"#!/bin/sh\n");
    let pull = hub.client().env_remove("FLISTHUB_TOKEN").args(["pull", "alice/base", "x"]).output();
    // Whoever is not root is told of the device, and that is no failure.
    assert!(pull.unwrap().status.success());
}

#[test]
fn what_has_no_content_says_why() {
    let hub = listed();
    assert_eq!(hub.run(&["cat", "alice/base/link"]), b"#!/bin/sh\n");
    let (exit, code, message) = hub.fail(&["cat", "alice/base/bin"]);
    assert_eq!((exit, code.as_str()), (6, "wrong_kind"));
    assert!(message.contains("alice/base/bin"), "{message}");
    let (exit, code, message) = hub.fail(&["cat", "alice/base/pipe"]);
    assert_eq!((exit, code.as_str()), (6, "not_a_file"));
    assert!(message.contains("pipe"), "{message}");
    for path in ["alice/base/bin", "alice/base", "alice/base/disk", "alice/base/pipe"] {
        assert_eq!(hub.fail(&["cat", path]).0, 6, "{path}");
    }
    for path in ["alice/base/none", "alice/base/link/tool", "alice/base/bin/tool/x", "alice/none/x"]
    {
        assert_eq!(hub.fail(&["cat", path]).0, 3, "{path}");
        assert_eq!(hub.fail(&["ls", path]).0, 3, "{path}");
    }
}

#[test]
fn a_part_of_a_file_is_read_alone() {
    let hub = Hub::start();
    std::fs::create_dir(hub.path("tree")).unwrap();
    let mut content = crate::fixture::noise(5, 5_000_000);
    // With a hole in it.
    content[1_000_000..3_000_000].fill(0);
    std::fs::write(hub.path("tree/large"), &content).unwrap();
    std::fs::write(hub.path("tree/empty"), b"").unwrap();
    hub.push(&hub.path("tree"), "base");
    let end = content.len();
    for (range, part) in [
        ("0-0", 0..1),
        ("524287-524288", 524_287..524_289),
        ("999990-3000010", 999_990..3_000_011),
        ("4999999-", end - 1..end),
        ("4999000-9999999", 4_999_000..end),
        ("-1", end - 1..end),
        ("-9999999", 0..end),
    ] {
        let read = hub.run(&["cat", "alice/base/large", "--range", range]);
        assert!(read == content[part], "{range}: {} bytes", read.len());
    }
    assert!(hub.run(&["cat", "alice/base/large"]) == content);
    assert_eq!(hub.run(&["cat", "alice/base/empty"]), b"");
    for (path, range) in [("large", "5000000-"), ("empty", "0-"), ("empty", "0-9")] {
        let path = format!("alice/base/{path}");
        let (exit, code, message) = hub.fail(&["cat", &path, "--range", range]);
        assert_eq!((exit, code.as_str()), (6, "range_not_satisfiable"), "{message}");
    }
}

#[test]
fn whoever_stops_reading_gets_no_complaint() {
    let hub = Hub::start();
    std::fs::create_dir(hub.path("tree")).unwrap();
    std::fs::write(hub.path("tree/large"), crate::fixture::noise(3, 20_000_000)).unwrap();
    hub.push(&hub.path("tree"), "large");
    let mut cat = hub
        .client()
        .args(["cat", "alice/large/large"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(cat.stdout.take());
    let output = cat.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
