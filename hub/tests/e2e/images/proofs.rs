//! The stage itself: the judges agree with one another, the comparison is not blind, and what was started ends.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, XattrFlags, lremovexattr, lsetxattr, makedev, mknodat};
use rustix::process::test_kill_process;

use super::engine::Engine;
use super::judge::{assert_same_tree, differences};
use super::part::{outcome, room, run, skopeo_copy, tool, with_parts};
use super::podman::Podman;
use super::registry::{PASSWORD, Registry, USER};
use super::stage::{recompressed, stage};

#[test]
fn umoci_and_podman_agree_on_the_tree() {
    if !with_parts("proofs::umoci_and_podman_agree_on_the_tree") {
        return;
    }
    let podman = Podman::start();
    podman.take(&stage().image("1"), "localhost/app:1");
    let differences = differences(&stage().tree("1"), &podman.tree("localhost/app:1"));
    let names: Vec<&str> = differences.iter().filter_map(|line| line.lines().next()).collect();
    // Where podman is looser than the specification: times of directories change when something in them does, and a
    // directory keeps the attributes that its newer entry does not have.
    let known = [".", "srv/app/cache", "srv/app/data", "usr/local/bin"];
    assert_eq!(names, known, "{differences:#?}");
}

#[test]
fn the_image_has_what_its_layers_say() {
    if !with_parts("proofs::the_image_has_what_its_layers_say") {
        return;
    }
    let tree = stage().tree("1");
    let read = |name: &str| fs::read_to_string(tree.join(name)).unwrap();
    assert_eq!(read("srv/app/config"), "a file again");
    assert_eq!(read("srv/app/plugins/two"), "2");
    assert_eq!(read("srv/app/current/three"), "not of data");
    assert_eq!(read("srv/app/cache/newer"), "newer");
    assert_eq!(fs::read_dir(tree.join("srv/app/cache")).unwrap().count(), 1);
    for gone in ["etc/issue", "usr/share/perl5", "srv/app/plugins/one", "srv/app/data/one"] {
        assert!(fs::symlink_metadata(tree.join(gone)).is_err(), "{gone}");
    }
    assert!(read("etc/debian_version").starts_with("12."));
    let layers = stage().manifest("2")["layers"].as_array().unwrap().len();
    assert_eq!(layers, stage().manifest("1")["layers"].as_array().unwrap().len() + 1);
}

#[test]
fn the_comparison_sees_all_that_an_image_says() {
    if !with_parts("proofs::the_comparison_sees_all_that_an_image_says") {
        return;
    }
    let home = room();
    let (one, other) = (home.path().join("one"), home.path().join("other"));
    let copy = |from: &Path, to: &Path| {
        run(tool("cp").arg("-a").arg(from).arg(to));
    };
    fs::create_dir(&one).unwrap();
    for part in ["srv", "usr/local", "dev"] {
        copy(&stage().tree("1").join(part), &one);
    }
    let change = |what: &str, change: &dyn Fn(&Path)| {
        copy(&one, &other);
        assert_same_tree(&one, &other);
        change(&other);
        assert!(!differences(&one, &other).is_empty(), "{what}");
        fs::remove_dir_all(&other).unwrap();
    };
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    change("a mode", &|tree| mode(&tree.join("local/bin/setuid"), 0o755).unwrap());
    change("an owner", &|tree| chown(tree.join("srv/app/data"), Some(8), None).unwrap());
    change("a group", &|tree| chown(tree.join("srv/app/data"), None, Some(9)).unwrap());
    change("a nanosecond", &|tree| {
        run(tool("touch")
            .args(["-d", "2001-02-03 04:05:06.123456788Z"])
            .arg(tree.join("srv/app/data/two")));
    });
    change("a capability", &|tree| {
        lremovexattr(tree.join("local/bin/capable"), "security.capability").unwrap();
    });
    change("an attribute's value", &|tree| {
        let file = tree.join("local/bin/setgid");
        let time = fs::metadata(&file).unwrap().modified().unwrap();
        lsetxattr(&file, "user.note", b"more", XattrFlags::empty()).unwrap();
        fs::File::open(&file).unwrap().set_modified(time).unwrap();
    });
    change("content", &|tree| {
        let file = tree.join("srv/app/config");
        let time = fs::metadata(&file).unwrap().modified().unwrap();
        fs::write(&file, "a file AGAIN").unwrap();
        fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
    });
    change("a link's target", &|tree| {
        fs::remove_file(tree.join("srv/app/dangling")).unwrap();
        symlink("/elsewhere", tree.join("srv/app/dangling")).unwrap();
    });
    change("a hard link", &|tree| {
        let (file, copied) = (tree.join("srv/app/two-too"), tree.join("srv/copy"));
        copy(&file, &copied);
        fs::rename(copied, file).unwrap();
    });
    change("a device's number", &|tree| {
        fs::remove_file(tree.join("dev/fd0")).unwrap();
        let mode = Mode::from_raw_mode(0o640);
        mknodat(CWD, tree.join("dev/fd0"), FileType::BlockDevice, mode, makedev(2, 1)).unwrap();
    });
    change("a missing entry", &|tree| fs::remove_file(tree.join("srv/app/pipe")).unwrap());
}

#[test]
fn an_engine_leaves_nothing_behind() {
    if !with_parts("proofs::an_engine_leaves_nothing_behind") {
        return;
    }
    let engine = Engine::start();
    engine.take(&stage().layout(), "small", "small:1");
    assert_eq!(engine.inspected("small:1")["Architecture"], "amd64");
    let containerd = engine.containerd().unwrap();
    test_kill_process(containerd).unwrap();
    let places = engine.places().map(Path::to_owned);
    drop(engine);
    assert!(test_kill_process(containerd).is_err());
    assert!(!places[0].exists() && !places[1].exists());
}

#[test]
fn a_registry_lets_in_whom_it_should() {
    if !with_parts("proofs::a_registry_lets_in_whom_it_should") {
        return;
    }
    let raw = |registry: &Registry, options: &[&str]| {
        let image = format!("docker://{}/small:1", registry.address);
        let mut skopeo = tool("skopeo");
        outcome(skopeo.args(["inspect", "--raw"]).args(options).arg(image)).status.success()
    };
    let plain = "--tls-verify=false";
    let [right, wrong] = [PASSWORD, "wrong"].map(|word| format!("--creds={USER}:{word}"));
    for registry in [Registry::with_password(), Registry::with_tokens()] {
        registry.take(&stage().image("small"), "small:1");
        assert!(raw(&registry, &[plain, &right]));
        assert!(!raw(&registry, &[plain, &wrong]));
        assert!(!raw(&registry, &[plain]));
    }
    let registry = Registry::with_tls();
    registry.take(&stage().image("small"), "small:1");
    let directory = registry.authority();
    let known = format!("--cert-dir={}", directory.parent().unwrap().display());
    assert!(raw(&registry, &[&known]));
    assert!(!raw(&registry, &[]));
    let registry = Registry::open();
    registry.take_with(&["--all"], &stage().image("multi"), "small:1");
    assert!(raw(&registry, &[plain]));
    assert_eq!(registry.fetched(), Vec::<String>::new());
    let back = format!("oci:{}:back", room().path().display());
    skopeo_copy(&[
        "--src-tls-verify=false",
        &format!("docker://{}/small:1", registry.address),
        &back,
    ]);
    assert_eq!(registry.fetched().len(), 2, "{:?}", registry.fetched());
}

#[test]
fn layers_come_in_every_form() {
    if !with_parts("proofs::layers_come_in_every_form") {
        return;
    }
    let home = room();
    for form in ["zstd", "none"] {
        let layout = recompressed(&stage().image("1"), form, home.path());
        let blobs = fs::read_dir(layout.join("blobs/sha256")).unwrap();
        let in_form = |blob: &Path| {
            let content = fs::read(blob).unwrap();
            match form {
                "zstd" => content.starts_with(b"\x28\xb5\x2f\xfd"),
                _ => content.get(257..262) == Some(b"ustar"),
            }
        };
        let found = blobs.filter(|blob| in_form(&blob.as_ref().unwrap().path())).count();
        assert_eq!(found, stage().manifest("1")["layers"].as_array().unwrap().len(), "{form}");
    }
}
