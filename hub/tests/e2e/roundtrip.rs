//! What goes in comes out, byte for byte and attribute for attribute, whichever way it went in.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::fixture::{every_kind, gnu_tar};
use crate::snapshot::{assert_same, snapshot};
use crate::support::{Hub, is_root};

#[test]
fn a_directory_survives_push_and_pull() {
    let hub = Hub::start();
    let tree = hub.path("tree");
    every_kind(&tree, true);
    let pushed = hub.push(&tree, "kinds");
    let pulled = hub.json(&["pull", "kinds", "back"]);
    assert_same(&tree, &hub.path("back"));
    assert_eq!(pulled["flist"], pushed["flist"]);
    assert_eq!(pulled["entries"], snapshot(&tree).len() - 1);
    assert_eq!(pulled["entries"], pushed["entries"]);
    assert_eq!(pulled["needs_root"].as_array().map(Vec::len), Some(0));
    // Pulled and pushed again it is the same flist.
    assert_eq!(hub.push(&hub.path("back"), "again")["flist"], pushed["flist"]);
}

#[test]
fn the_same_tree_is_the_same_flist_whichever_way_it_comes() {
    let hub = Hub::start();
    let tree = hub.path("tree");
    every_kind(&tree, false);
    let flist = hub.push(&tree, "directory")["flist"].clone();
    let (sorted, reversed) = (hub.path("sorted.tar"), hub.path("reversed.tar"));
    gnu_tar(&tree, &sorted, false);
    gnu_tar(&tree, &reversed, true);
    assert_ne!(fs::read(&sorted).unwrap(), fs::read(&reversed).unwrap());
    for archive in [&sorted, &reversed] {
        let name = archive.file_name().unwrap().to_str().unwrap().trim_end_matches(".tar");
        assert_eq!(hub.push(archive, name)["flist"], flist, "push of {name}");
        assert_eq!(hub.upload(archive)["flist"], flist, "upload of {name}");
    }
    // Through a pipe, compressed.
    let piped = Command::new("sh")
        .args(["-c", "gzip -c sorted.tar > sorted.gz"])
        .current_dir(hub.home.path())
        .status();
    assert!(piped.unwrap().success());
    let archive = fs::File::open(hub.path("sorted.gz")).unwrap();
    let output = hub.client().args(["--json", "push", "-", "piped"]).stdin(archive).output();
    let report: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    assert_eq!(report["flist"], flist);
    // And what an upload made comes back as it was.
    hub.json(&["pull", "alice/sorted", "back"]);
    assert_same(&tree, &hub.path("back"));
}

#[test]
fn an_ordinary_user_is_told_once_what_needed_root() {
    if !is_root() {
        return;
    }
    let hub = Hub::start();
    let tree = hub.path("tree");
    every_kind(&tree, true);
    hub.push(&tree, "kinds");
    // A place that the user can reach, and the program in it.
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = open.path().join("hub-client");
    fs::copy(hub.client().get_program(), &program).unwrap();
    let home = open.path().join("home");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(65534), Some(65534)).unwrap();
    let pull = |arguments: &[&str]| {
        let output = Command::new(&program)
            .env_clear()
            .env("FLISTHUB_URL", &hub.url)
            .args(arguments)
            .current_dir(&home)
            .uid(65534)
            .gid(65534)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let report: serde_json::Value =
        serde_json::from_str(&pull(&["--json", "pull", "alice/kinds", "one"])).unwrap();
    let words: Vec<&str> = report["needs_root"]
        .as_array()
        .unwrap()
        .iter()
        .map(|left_out| left_out["what"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["owner", "setid", "device", "xattr"]);
    let text = pull(&["pull", "alice/kinds", "two"]);
    assert_eq!(text.matches("needs root").count(), 1, "{text}");
    assert_eq!(content(&home.join("one")), content(&tree));
}

/// Content of the files that everybody can have.
fn content(root: &Path) -> Vec<blake3::Hash> {
    let read = |name: &str| blake3::hash(&fs::read(root.join(name)).unwrap());
    ["small", "large", "pieces", "usr/large-too", "nothing"].map(read).to_vec()
}
