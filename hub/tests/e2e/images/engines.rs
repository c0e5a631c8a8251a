//! A Docker engine as a source, and an image as only an engine makes it: with a healthcheck, of container changes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::engine::Engine;
use super::hubs::{answer, assert_pulls, convert, flist, hub, post, shown_config};
use super::part::{outcome, room, skopeo_copy, tool, with_parts};
use super::podman::Podman;
use super::registry::Registry;
use super::sources::expected;
use super::stage::{stage, unpack};

/// What the image `made:1` adds to `app:1`, as a container does it.
const CHANGES: &str = "rm -r /usr/share/doc /srv/app/plugins && ln /srv/app/config /srv/app/linked && \
    mkdir /srv/app/plugins.d && echo made > /srv/app/made && chown nobody /srv/app/made && rm -r /srv/app/current && \
    ln -s made /srv/app/current";

/// Variables that only an engine's image has here: its own tools take them.
const ODD: &str = "LINES=one\ntwo";

/// Makes `app:1` and `made:1` in an engine.
pub(crate) fn make(engine: &Engine) {
    engine.take(&stage().layout(), "1", "app:1");
    let run = ["run", "--name=made", "--network=none", "--user=0", "--env", ODD];
    engine.docker(&[&run[..], &["--entrypoint=/bin/sh", "app:1", "-c", CHANGES]].concat());
    let changes = [
        "USER nobody",
        r#"ENTRYPOINT ["/bin/sh", "-c", "echo \"$0|$1\"; id; pwd; ls -Aq; cat made; env | sort"]"#,
        r#"CMD ["a b", "c"]"#,
        "WORKDIR /srv/app",
        "HEALTHCHECK --interval=30s --timeout=3s --start-period=1s --retries=2 CMD cat /srv/app/made",
        "EXPOSE 443",
        "LABEL made=\"by an engine\"",
    ];
    let changes = changes.iter().flat_map(|change| ["--change", change]);
    let words = ["commit", "--author=Some One", "--message=as an engine makes it"].into_iter();
    let words: Vec<&str> = words.chain(changes).chain(["made", "made:1"]).collect();
    engine.docker(&words);
    engine.docker(&["rm", "made"]);
}

#[test]
fn one_image_is_one_flist_from_engine_archive_and_registry() {
    if !with_parts("engines::one_image_is_one_flist_from_engine_archive_and_registry") {
        return;
    }
    let engine = Engine::start();
    make(&engine);
    let registry = Registry::open();
    let pushed = format!("{}/demo/made:1", registry.address);
    engine.docker(&["tag", "made:1", &pushed]);
    engine.docker(&["push", "--quiet", &pushed]);
    let room = room();
    let archive = room.path().join("made.tar");
    engine.save("made:1", &archive);

    let of_engine = hub(&[], "");
    let from_engine = |name: &str| {
        let mut command = convert(&of_engine, &[name, "--name", "made", "--from", "docker"]);
        answer(command.env("DOCKER_HOST", engine.host()))["flist"].as_str().unwrap().to_owned()
    };
    assert_eq!(from_engine("app:1"), expected());
    let id = from_engine("made:1");
    assert_pulls(&of_engine, "made", &judged(&archive, room.path()));
    let config = shown_config(&of_engine, "made");
    assert_eq!(config, config_of(&archive));
    assert_eq!(config["config"]["Healthcheck"]["Test"][1], "cat /srv/app/made");
    assert!(config["config"]["Env"].as_array().unwrap().contains(&ODD.into()), "{config}");

    let of_archive = hub(&[], "");
    let from = format!("archive:{}", archive.display());
    assert_eq!(flist(&of_archive, &["made:1", "--name", "made", "--from", &from]), id);
    let of_registry = hub(&[&registry], "");
    assert_eq!(flist(&of_registry, &[&pushed, "--name", "made"]), id);
}

#[test]
fn the_engines_of_a_hub_are_for_admins() {
    if !with_parts("engines::the_engines_of_a_hub_are_for_admins") {
        return;
    }
    let (engine, podman) = (Engine::start(), Podman::start());
    engine.take(&stage().layout(), "small", "small:1");
    podman.take(&stage().image("small"), "localhost/small:1");
    let (docker_socket, podman_socket) = (engine.socket(), podman.socket());
    let more = format!("docker_socket = {docker_socket:?}\npodman_socket = {podman_socket:?}");
    let hub = hub(&[], &more);
    let admin = hub.scoped("admin");
    let mut ids = Vec::new();
    for (source, image) in [("docker", "small:1"), ("podman", "localhost/small:1")] {
        let asked =
            json!({"image": image, "name": format!("of-{source}"), "source": source}).to_string();
        let ask =
            |token: &str| post(&hub, token, "/api/v1/conversions", "application/json", &asked);
        let (status, refused) = ask(&hub.token);
        assert_eq!(status, 403, "{refused}");
        let (status, job) = ask(&admin);
        assert_eq!(status, 202, "{job}");
        let follow = ["--json", "job", "--follow", job["id"].as_str().unwrap()];
        let job = answer(hub.client_as(&admin).args(follow));
        ids.push(job["result"]["flist"].as_str().unwrap().to_owned());
        assert_pulls(&hub, &format!("of-{source}"), &stage().tree("small"));
    }
    assert_eq!(ids[0], ids[1]);
}

/// The tree that umoci makes of an archive by `docker save`.
fn judged(archive: &Path, home: &Path) -> PathBuf {
    let (layout, tree) = (home.join("judged.oci"), home.join("judged"));
    let from = format!("docker-archive:{}", archive.display());
    skopeo_copy(&[&from, &format!("oci:{}:latest", layout.display())]);
    unpack(&layout, "latest", &tree);
    tree
}

/// The configuration that an archive by `docker save` holds.
fn config_of(archive: &Path) -> Value {
    let member = |name: &str| {
        let output = outcome(tool("tar").arg("-xOf").arg(archive).arg(name));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    member(member("manifest.json")[0]["Config"].as_str().unwrap())
}
