//! What goes out runs like what came in: engines, registries and tools take it.

use std::fs;

use crate::support::Hub;

use super::engine::Engine;
use super::engines::make;
use super::hubs::{answer, convert, download, flist, hub};
use super::judge::{assert_same_tree, differences};
use super::part::{room, run, skopeo_copy, tool, with_parts};
use super::podman::Podman;
use super::registry::Registry;
use super::stage::{stage, unpack};

#[test]
fn an_exported_image_runs_and_prints_the_same() {
    if !with_parts("exports::an_exported_image_runs_and_prints_the_same") {
        return;
    }
    let engine = Engine::start();
    make(&engine);
    let hub = hub(&[], "");
    let mut before = Vec::new();
    for name in ["app", "made"] {
        let image = format!("{name}:1");
        let mut command = convert(&hub, &[&image, "--name", name, "--from", "docker"]);
        answer(command.env("DOCKER_HOST", engine.host()));
        before.push((engine.printed(&image), engine.inspected(&image)));
    }
    assert!(before[1].0.starts_with("a b|c\nuid=65534(nobody)"), "{before:?}");
    engine.docker(&["rmi", "app:1", "made:1"]);
    let registry = Registry::open();
    for (name, before) in ["app", "made"].iter().zip(before) {
        let archive = hub.path(&format!("{name}.tar"));
        let to = format!("docker-archive:{}", archive.display());
        hub.run(&["export", name, "--to", &to, "--tag", &format!("{name}:loaded")]);
        engine.docker(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
        let image = format!("{name}:loaded");
        assert_eq!((engine.printed(&image), engine.inspected(&image)), before, "{image}");
        engine.docker(&["rmi", &image]);

        let layout = hub.path(&format!("{name}.oci"));
        let to = format!("oci:{}", layout.display());
        hub.run(&["export", name, "--to", &to, "--tag", "out"]);
        let image = format!("{}/out/{name}:1", registry.address);
        registry.take(&format!("{to}:out"), &format!("out/{name}:1"));
        engine.docker(&["pull", "--quiet", &image]);
        assert_eq!((engine.printed(&image), engine.inspected(&image)), before, "{image}");
        engine.docker(&["rmi", &image]);
    }
}

#[test]
fn an_image_that_was_merged_runs() {
    if !with_parts("exports::an_image_that_was_merged_runs") {
        return;
    }
    let hub = hub(&[], "");
    let from = format!("oci:{}", stage().layout().display());
    flist(&hub, &["1", "--name", "app", "--from", &from]);
    let patch = hub.path("patch");
    fs::create_dir_all(patch.join("srv/app/data")).unwrap();
    fs::write(patch.join("srv/app/data/three"), "patched").unwrap();
    hub.push(&patch, "patch");
    hub.run(&["merge", "merged", "alice/patch", "alice/app", "--image-config", "alice/app"]);
    let archive = hub.path("merged.tar");
    let to = format!("docker-archive:{}", archive.display());
    hub.run(&["export", "merged", "--to", &to, "--tag", "merged:1"]);
    let engine = Engine::start();
    engine.docker(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
    let printed = engine.printed("merged:1");
    assert!(printed.starts_with("zero \"0\"|one $1 \u{fc}\n1000\n100\n"), "{printed}");
    assert!(printed.contains("\npatched\n"), "{printed}");
}

#[test]
fn every_form_of_a_layout_holds_the_same_tree() {
    if !with_parts("exports::every_form_of_a_layout_holds_the_same_tree") {
        return;
    }
    let hub = hub(&[], "");
    let from = format!("oci:{}", stage().layout().display());
    flist(&hub, &["1", "--name", "app", "--from", &from]);
    let tree = stage().tree("1");
    for form in ["gzip", "none"] {
        let layout = hub.path(form);
        let to = format!("oci:{}", layout.display());
        hub.run(&["export", "app", "--to", &to, "--tag", "out", "--compression", form]);
        unpack(&layout, "out", &hub.path("unpacked"));
        assert_same_tree(&tree, &hub.path("unpacked"));
        fs::remove_dir_all(hub.path("unpacked")).unwrap();
    }
    // umoci does not know zstd. podman does, and so does skopeo, which makes it gzip for umoci.
    let to = format!("oci:{}", hub.path("zstd").display());
    hub.run(&["export", "app", "--to", &to, "--tag", "out", "--compression", "zstd"]);
    let podman = Podman::start();
    podman.take(&format!("{to}:out"), "localhost/app:zstd");
    // The root's own time is the one thing that podman does not take from a layer.
    let differences = differences(&tree, &podman.tree("localhost/app:zstd"));
    assert!(differences.len() == 1 && differences[0].starts_with(".\n"), "{differences:#?}");
    let again = hub.path("again");
    let (plain, to_again) = (hub.path("plain"), format!("oci:{}:out", again.display()));
    skopeo_copy(&["--dest-decompress", &format!("{to}:out"), &format!("dir:{}", plain.display())]);
    skopeo_copy(&[&format!("dir:{}", plain.display()), &to_again]);
    unpack(&again, "out", &hub.path("unpacked"));
    assert_same_tree(&tree, &hub.path("unpacked"));
    // And back in.
    for form in ["gzip", "none", "zstd"] {
        let from = format!("oci:{}", hub.path(form).display());
        let name = format!("back-{form}");
        flist(&hub, &["out", "--name", &name, "--from", &from]);
        assert_eq!(diff_id(&hub, &name), diff_id(&hub, "app"), "{form}");
    }
}

/// The digest of a name's tree as a tar.
fn diff_id(hub: &Hub, name: &str) -> String {
    let to = format!("tar:{name}.tar");
    let report = hub.json(&["export", name, "--force", "--to", &to]);
    report["diff_id"].as_str().unwrap().to_owned()
}

/// The hub writes layouts and archives as streams, with code of its own around them.
#[test]
fn what_the_hub_itself_exports_is_taken() {
    if !with_parts("exports::what_the_hub_itself_exports_is_taken") {
        return;
    }
    let hub = hub(&[], "");
    let from = format!("oci:{}", stage().layout().display());
    flist(&hub, &["1", "--name", "app", "--from", &from]);
    let export = "/api/v1/flists/alice/app/export";
    let archive = download(&hub, &format!("{export}?format=oci&tag=out"), "app.oci.tar");
    let layout = hub.path("taken");
    let to = format!("oci:{}:out", layout.display());
    skopeo_copy(&[&format!("oci-archive:{}:out", archive.display()), &to]);
    unpack(&layout, "out", &hub.path("unpacked"));
    assert_same_tree(&stage().tree("1"), &hub.path("unpacked"));
    let query = "?format=docker-archive&tag=served:1";
    let archive = download(&hub, &format!("{export}{query}"), "app.docker.tar");
    let engine = Engine::start();
    engine.docker(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
    let printed = engine.printed("served:1");
    assert!(printed.starts_with("zero \"0\"|one $1 \u{fc}\n1000\n100\n"), "{printed}");
}

#[test]
fn tar_unpacks_what_is_exported() {
    if !with_parts("exports::tar_unpacks_what_is_exported") {
        return;
    }
    let hub = hub(&[], "");
    let from = format!("oci:{}", stage().layout().display());
    flist(&hub, &["1", "--name", "app", "--from", &from]);
    for name in ["out.tar", "out.tar.gz", "out.tar.zst"] {
        hub.run(&["export", "app", "--to", &format!("tar:{name}")]);
        let tree = room();
        let mut tar = tool("tar");
        tar.args(["--extract", "--preserve-permissions", "--numeric-owner", "--xattrs"]);
        tar.args(["--xattrs-include=*", "--file"]).arg(hub.path(name)).arg("-C").arg(tree.path());
        run(&mut tar);
        assert_same_tree(&stage().tree("1"), tree.path());
    }
}
