//! Every source gives what umoci unpacks, and one image is one flist wherever it comes from.

use super::hubs::{answer, assert_pulls, convert, flist, hub, login, post, shown_config};
use super::part::{room, skopeo_copy, with_parts};
use super::podman::Podman;
use super::registry::{PASSWORD, Registry, USER};
use super::stage::{recompressed, stage};

/// The image `1` of the stage out of its layout, by a hub that has seen nothing else.
pub(crate) fn expected() -> String {
    let hub = hub(&[], "");
    let from = format!("oci:{}", stage().layout().display());
    flist(&hub, &["1", "--name", "app", "--from", &from])
}

#[test]
fn a_layout_gives_what_umoci_unpacks() {
    if !with_parts("sources::a_layout_gives_what_umoci_unpacks") {
        return;
    }
    let hub = hub(&[], "");
    let from = format!("oci:{}", stage().layout().display());
    flist(&hub, &["1", "--name", "app", "--from", &from]);
    assert_pulls(&hub, "app", &stage().tree("1"));
    assert_eq!(shown_config(&hub, "app"), stage().config("1"));
    flist(&hub, &["odd", "--name", "odd", "--from", &from]);
    assert_pulls(&hub, "odd", &stage().tree("odd"));
    // An archive of a layout.
    let archive = hub.path("layout.tar");
    skopeo_copy(&[&stage().image("2"), &format!("oci-archive:{}:app:2", archive.display())]);
    let from = format!("archive:{}", archive.display());
    flist(&hub, &["app:2", "--name", "two", "--from", &from]);
    assert_pulls(&hub, "two", &stage().tree("2"));
}

#[test]
fn a_registry_gives_what_umoci_unpacks() {
    if !with_parts("sources::a_registry_gives_what_umoci_unpacks") {
        return;
    }
    let registry = Registry::open();
    registry.take(&stage().image("1"), "demo/app:1");
    let hub = hub(&[&registry], "");
    let image = format!("{}/demo/app:1", registry.address);
    let id = flist(&hub, &[&image, "--name", "app"]);
    assert_pulls(&hub, "app", &stage().tree("1"));
    assert_eq!(shown_config(&hub, "app"), stage().config("1"));
    assert_eq!(id, expected());
    // By its digest; and with the name that is made of the image's.
    let image = format!("{}/demo/app@{}", registry.address, stage().digest("1"));
    assert_eq!(flist(&hub, &[&image, "--name", "digest"]), id);
    let image = format!("{}/demo/app:1", registry.address);
    assert_eq!(answer(&mut convert(&hub, &[&image]))["flist"], id.as_str());
    // And as 0-hub's clients ask for it.
    let form = format!("image={}", image.replace(':', "%3A").replace('/', "%2F"));
    let kind = "application/x-www-form-urlencoded";
    let (status, answer) = post(&hub, &hub.token, "/api/flist/me/docker", kind, &form);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["payload"]["report"]["flist"], id.as_str(), "{answer}");
}

#[test]
fn layers_in_every_form_are_the_same_flist() {
    if !with_parts("sources::layers_in_every_form_are_the_same_flist") {
        return;
    }
    let home = room();
    let registry = Registry::open();
    let expected = expected();
    for form in ["zstd", "none"] {
        let layout = recompressed(&stage().image("1"), form, home.path());
        registry.take(&format!("oci:{}:latest", layout.display()), &format!("demo/{form}:1"));
        // A hub each, or the layers of the one would serve the other.
        let hub = hub(&[&registry], "");
        let image = format!("{}/demo/{form}:1", registry.address);
        assert_eq!(flist(&hub, &[&image, "--name", form]), expected, "{form}, registry");
        let hub = super::hubs::hub(&[], "");
        let from = format!("oci:{}", layout.display());
        assert_eq!(flist(&hub, &["latest", "--name", form, "--from", &from]), expected, "{form}");
    }
}

#[test]
fn a_registry_asks_who_is_there() {
    if !with_parts("sources::a_registry_asks_who_is_there") {
        return;
    }
    let basic = Registry::with_password();
    let tokens = Registry::with_tokens();
    let tls = Registry::with_tls();
    let mut found = Vec::new();
    for registry in [&basic, &tokens, &tls] {
        registry.take(&stage().image("small"), "private/small:1");
        let hub = hub(&[registry], "");
        let image = format!("{}/private/small:1", registry.address);
        let config = login(&hub, registry, PASSWORD);
        found.push(flist(&hub, &[&image, "--name", "config", &config]));
        assert_pulls(&hub, "config", &stage().tree("small"));
        // Typed in, as another user may have it.
        let mut command = convert(&hub, &[&image, "--name", "typed", "--username", USER]);
        let answer = answer(command.env("FLISTHUB_REGISTRY_PASSWORD", PASSWORD));
        assert_eq!(answer["flist"], found[0].as_str());
        assert!(!hub.log().contains(PASSWORD), "{}", hub.log());
    }
    assert!(found.iter().all(|flist| *flist == found[0]), "{found:?}");
}

#[test]
fn an_index_gives_the_platform_that_is_asked_for() {
    if !with_parts("sources::an_index_gives_the_platform_that_is_asked_for") {
        return;
    }
    let registry = Registry::open();
    registry.take_with(&["--all"], &stage().image("multi"), "demo/multi:1");
    let hub = hub(&[&registry], "");
    let image = format!("{}/demo/multi:1", registry.address);
    for (platform, tag) in [("linux/arm64", "arm"), ("linux/amd64", "small")] {
        flist(&hub, &[&image, "--name", tag, "--platform", platform]);
        assert_pulls(&hub, tag, &stage().tree(tag));
        assert_eq!(shown_config(&hub, tag), stage().config(tag));
    }
    // The same out of the layout.
    let from = format!("oci:{}", stage().layout().display());
    let arguments = ["multi", "--name", "local", "--platform", "linux/arm64", "--from", &from];
    flist(&hub, &arguments);
    assert_pulls(&hub, "local", &stage().tree("arm"));
}

#[test]
fn podman_gives_what_umoci_unpacks() {
    if !with_parts("sources::podman_gives_what_umoci_unpacks") {
        return;
    }
    let podman = Podman::start();
    podman.take(&stage().image("1"), "localhost/app:1");
    let socket = format!("unix://{}", podman.socket().display());
    let hub = hub(&[], "");
    let mut command = convert(&hub, &["localhost/app:1", "--name", "app", "--from", "podman"]);
    let answer = answer(command.env("CONTAINER_HOST", &socket));
    assert_eq!(answer["flist"], expected().as_str());
    assert!(podman.log().is_empty() || !podman.log().contains("panic"));
}
