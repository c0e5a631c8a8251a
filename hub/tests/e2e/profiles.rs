//! The hub's chunking profile, for uploads and pushes alike.

use std::fs;
use std::path::PathBuf;

use crate::fixture::{gnu_tar, noise};
use crate::snapshot::assert_same;
use crate::support::Hub;

const FINE: &str = "[store]\nprofile = \"fine\"\n";
const STANDARD: &str = "[store]\nprofile = \"standard\"\n";

/// A tree of one large file and a small one, or of small ones alone.
fn tree(hub: &Hub, name: &str, large: bool) -> PathBuf {
    let tree = hub.path(name);
    fs::create_dir_all(tree.join("below")).unwrap();
    fs::write(tree.join("below/small"), noise(1, 128 << 10)).unwrap();
    let length = if large { 4_000_000 } else { 70_000 };
    fs::write(tree.join("file"), noise(2, length)).unwrap();
    tree
}

#[test]
fn an_upload_and_a_push_to_a_fine_hub_make_the_same_flist() {
    let hub = Hub::start_with(FINE);
    let tree = tree(&hub, "tree", true);
    let archive = hub.path("uploaded.tar");
    gnu_tar(&tree, &archive, false);
    let uploaded = hub.upload(&archive);
    let pushed = hub.push(&tree, "pushed");
    assert_eq!(pushed["flist"], uploaded["flist"]);
    assert_eq!((&pushed["new_chunks"], &pushed["sent_bytes"]), (&0.into(), &0.into()));
    // Archives that are pushed are cut here and not there.
    assert_eq!(hub.push(&archive, "archive")["flist"], uploaded["flist"]);
    // 4 MB in chunks of 16 to 256 KiB; by the standard profile there are at most 62.
    assert!(pushed["chunks"].as_u64().unwrap() > 30, "{pushed}");

    let standard = Hub::start();
    let other = standard.push(&tree, "tree");
    assert_ne!(other["flist"], pushed["flist"]);
    assert!(other["chunks"].as_u64().unwrap() < 25, "{other}");
}

#[test]
fn both_profiles_live_in_one_hub() {
    let mut hub = Hub::start_with(STANDARD);
    let (large, small) = (tree(&hub, "large", true), tree(&hub, "small", false));
    let before = [hub.push(&large, "large-standard"), hub.push(&small, "small-standard")];
    hub.restart_with(FINE);

    let after = hub.push(&large, "large-fine");
    assert_ne!(after["flist"], before[0]["flist"]);
    assert!(after["new_chunks"].as_u64().unwrap() > 30, "{after}");
    // Small files are cut alike: nothing but the manifest, which says the profile, is new.
    let after = hub.push(&small, "small-fine");
    assert_ne!(after["flist"], before[1]["flist"]);
    assert_eq!((&after["new_chunks"], &after["new_objects"]), (&0.into(), &1.into()), "{after}");

    for (name, tree) in [
        ("large-standard", &large),
        ("large-fine", &large),
        ("small-standard", &small),
        ("small-fine", &small),
    ] {
        hub.json(&["pull", name, name]);
        assert_same(tree, &hub.path(name));
    }
    // And back: what the first push made is there whole.
    hub.restart_with(STANDARD);
    let again = hub.push(&large, "again");
    assert_eq!((&again["flist"], &again["sent_bytes"]), (&before[0]["flist"], &0.into()));
}
