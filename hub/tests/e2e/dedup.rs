//! Only what the hub does not have travels.

use std::fs;

use crate::fixture::noise;
use crate::support::Hub;

#[test]
fn an_unchanged_tree_sends_nothing_and_a_changed_file_its_new_chunks() {
    let hub = Hub::start();
    let tree = hub.path("tree");
    fs::create_dir_all(tree.join("a/b")).unwrap();
    fs::create_dir_all(tree.join("c")).unwrap();
    for number in 0..50 {
        fs::write(tree.join(format!("c/{number}")), noise(number, 20_000)).unwrap();
    }
    let mut large = noise(99, 5_000_000);
    fs::write(tree.join("a/b/large"), &large).unwrap();

    let first = hub.push(&tree, "tree");
    assert_eq!(first["files"], 51);
    assert_eq!(first["new_chunks"], first["chunks"]);
    // Directories c, b, a, the root, and the manifest.
    assert_eq!(first["new_objects"], 5);
    assert!(first["sent_bytes"].as_u64().unwrap() > 6_000_000, "{first}");

    let second = hub.push(&tree, "again");
    assert_eq!(second["flist"], first["flist"]);
    for nothing in ["new_chunks", "new_objects", "stored_bytes", "sent_bytes"] {
        assert_eq!(second[nothing], 0, "{nothing}: {second}");
    }

    // One byte in the middle: the chunk around it, the three directories above, the manifest.
    large[2_500_000] ^= 1;
    fs::write(tree.join("a/b/large"), &large).unwrap();
    let third = hub.push(&tree, "tree");
    assert_eq!((&third["new_chunks"], &third["new_objects"]), (&1.into(), &4.into()), "{third}");
    let sent = third["sent_bytes"].as_u64().unwrap();
    assert!(sent < 1 << 20, "{sent} bytes for one chunk");
    assert_eq!(hub.run(&["cat", "alice/tree/a/b/large"]), large);
    // The older name still has the older tree.
    large[2_500_000] ^= 1;
    assert_eq!(hub.run(&["cat", "alice/again/a/b/large"]), large);
}

#[test]
fn what_one_way_brought_the_other_does_not_send() {
    let hub = Hub::start();
    let tree = hub.path("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("file"), noise(5, 2_000_000)).unwrap();
    hub.push(&tree, "pushed");
    let archive = hub.path("uploaded.tar");
    crate::fixture::gnu_tar(&tree, &archive, false);
    let uploaded = hub.upload(&archive);
    assert_eq!((&uploaded["new_chunks"], &uploaded["stored_bytes"]), (&0.into(), &0.into()));
}
