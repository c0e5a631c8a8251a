//! What cannot be had from the real parts: each is refused in words, with a code, and nothing is published.

use std::net::TcpListener;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::Hub;

use super::hubs::{convert, hub, login, refusal};
use super::part::with_parts;
use super::podman::Podman;
use super::registry::{PASSWORD, Registry};
use super::stage::stage;

/// Runs a conversion that must be refused with that exit code and code, in a message with those words.
fn refused(hub: &Hub, command: &mut Command, exit: i32, code: &str, words: &[&str]) {
    let (status, found, message) = refusal(command);
    assert_eq!((status, found.as_str()), (exit, code), "{message}");
    for word in words {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert!(!message.contains(PASSWORD), "{message}");
    assert_eq!(hub.json(&["ls", "alice"]), json!([]), "{message}");
}

/// The newest job of the hub.
fn newest_job(hub: &Hub) -> Value {
    let id = hub.json(&["jobs"])[0]["id"].as_str().unwrap().to_owned();
    hub.json(&["job", &id])
}

/// An address at which nobody listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn what_a_registry_has_not_is_named() {
    if !with_parts("refusals::what_a_registry_has_not_is_named") {
        return;
    }
    let registry = Registry::open();
    registry.take(&stage().image("arm"), "demo/arm:1");
    registry.take_with(&["--all"], &stage().image("multi"), "demo/multi:1");
    let hub = hub(&[&registry], "");
    let address = &registry.address;
    let try_image = |image: &str, exit, code: &str, words: &[&str]| {
        let image = format!("{address}/{image}");
        refused(&hub, &mut convert(&hub, &[&image, "--name", "x"]), exit, code, words);
    };
    try_image("demo/none:1", 3, "unknown_image", &["demo/none:1", address]);
    try_image("demo/arm:2", 3, "unknown_image", &["demo/arm:2", address]);
    try_image(&format!("demo/arm@sha256:{}", "0".repeat(64)), 3, "unknown_image", &["sha256:000"]);
    try_image("UPPER/Case", 6, "bad_reference", &["UPPER/Case"]);
    try_image("demo/arm:1", 6, "no_platform", &["linux/amd64", "linux/arm64"]);
    let image = format!("{address}/demo/multi:1");
    let mut command = convert(&hub, &[&image, "--name", "x", "--platform", "linux/s390x"]);
    let words = ["linux/s390x", "linux/amd64", "linux/arm64"];
    refused(&hub, &mut command, 6, "no_platform", &words);
    // The same out of a layout.
    let from = format!("oci:{}", stage().layout().display());
    let local = |image: &str| convert(&hub, &[image, "--name", "x", "--from", &from]);
    refused(&hub, &mut local("none"), 3, "unknown_image", &["none"]);
    refused(&hub, &mut local("arm"), 6, "no_platform", &["linux/arm64"]);
    let mut any = convert(&hub, &["--name", "x", "--from", &from]);
    refused(&hub, &mut any, 6, "ambiguous_image", &["small", "arm", "multi"]);
}

#[test]
fn a_damaged_layer_is_not_taken_and_the_job_tells() {
    if !with_parts("refusals::a_damaged_layer_is_not_taken_and_the_job_tells") {
        return;
    }
    let registry = Registry::open();
    registry.take(&stage().image("1"), "demo/app:1");
    let layers = stage().manifest("1")["layers"].as_array().unwrap().clone();
    let digest = layers[1]["digest"].as_str().unwrap();
    registry.damage(digest);
    let hub = hub(&[&registry], "");
    let image = format!("{}/demo/app:1", registry.address);
    let mut command = convert(&hub, &[&image, "--name", "x"]);
    refused(&hub, &mut command, 6, "digest_mismatch", &[digest]);
    let job = newest_job(&hub);
    assert_eq!((&job["state"], &job["error_code"]), (&json!("failed"), &json!("digest_mismatch")));
    assert!(job["error"].as_str().unwrap().contains(digest), "{job}");
    assert!(!job["log"].as_array().unwrap().is_empty(), "{job}");
}

#[test]
fn a_registry_that_does_not_let_in_is_named() {
    if !with_parts("refusals::a_registry_that_does_not_let_in_is_named") {
        return;
    }
    for registry in [Registry::with_password(), Registry::with_tokens()] {
        registry.take(&stage().image("small"), "private/small:1");
        let hub = hub(&[&registry], "");
        let image = format!("{}/private/small:1", registry.address);
        let wrong = login(&hub, &registry, "wrong");
        let words = [registry.address.as_str(), "user name and password"];
        let mut command = convert(&hub, &[&image, "--name", "x", &wrong]);
        refused(&hub, &mut command, 4, "registry_unauthorized", &words);
        // What is hidden and what is not there look alike without credentials.
        let mut command = convert(&hub, &[&image, "--name", "x"]);
        refused(&hub, &mut command, 3, "unknown_image", &["credentials"]);
        let log = hub.log();
        assert!(!log.contains("wrong"), "{log}");
    }
}

#[test]
fn a_hub_connects_only_where_it_may() {
    if !with_parts("refusals::a_hub_connects_only_where_it_may") {
        return;
    }
    let tokens = Registry::with_tokens();
    tokens.take(&stage().image("small"), "private/small:1");
    let tls = Registry::with_tls();
    tls.take(&stage().image("small"), "private/small:1");
    let config = |hosts: &str, private: &[&str], plain: &[&str]| {
        format!(
            "[images]\nhosts = [{hosts}]\nprivate_hosts = {private:?}\nplain_http_hosts = {plain:?}\n"
        )
    };
    let address = tokens.address.as_str();
    let (one, all) = ([address], tokens.hosts());
    let cases = [
        (config("\"default\"", &all, &all), "host_refused", "`hosts`"),
        (config("\"127.0.0.1\"", &[], &all), "host_refused", "`private_hosts`"),
        // The registry sends to a server for tokens.
        (config("\"127.0.0.1\"", &one, &all), "host_refused", "`private_hosts`"),
        (config("\"127.0.0.1\"", &all, &one), "host_refused", "`plain_http_hosts`"),
    ];
    for (config, code, word) in cases {
        let hub = Hub::start_with(&config);
        let right = login(&hub, &tokens, PASSWORD);
        let image = format!("{address}/private/small:1");
        let mut command = convert(&hub, &[&image, "--name", "x", &right]);
        refused(&hub, &mut command, 4, code, &[word]);
    }
    // Without the authority's certificate, and with nobody there.
    let gone = nobody();
    let places = [tls.address.as_str(), &gone];
    let hub = Hub::start_with(&config("\"127.0.0.1\"", &places, &[]));
    for (address, word) in places.into_iter().zip(["certificate", "refused"]) {
        let image = format!("{address}/private/small:1");
        let mut command = convert(&hub, &[&image, "--name", "x"]);
        refused(&hub, &mut command, 1, "registry_unreachable", &[address, word]);
    }
}

#[test]
fn an_engine_that_is_not_there_is_named() {
    if !with_parts("refusals::an_engine_that_is_not_there_is_named") {
        return;
    }
    let hub = hub(&[], "");
    let nowhere = hub.path("nowhere.sock");
    for (engine, variable) in [("docker", "DOCKER_HOST"), ("podman", "CONTAINER_HOST")] {
        let mut command = convert(&hub, &["app:1", "--name", "x", "--from", engine]);
        command.env(variable, format!("unix://{}", nowhere.display()));
        refused(&hub, &mut command, 1, "no_engine", &["nowhere.sock", "start it"]);
    }
    let podman = Podman::start();
    let mut command = convert(&hub, &["app:1", "--name", "x", "--from", "podman"]);
    command.env("CONTAINER_HOST", format!("unix://{}", podman.socket().display()));
    refused(&hub, &mut command, 3, "unknown_image", &["app:1"]);
    // Podman cannot hand out layers that it keeps as zstd.
    let zstd = super::stage::recompressed(&stage().image("small"), "zstd", hub.home.path());
    podman.take(&format!("oci:{}:latest", zstd.display()), "localhost/small:zstd");
    let mut command = convert(&hub, &["localhost/small:zstd", "--name", "x", "--from", "podman"]);
    command.env("CONTAINER_HOST", format!("unix://{}", podman.socket().display()));
    refused(&hub, &mut command, 1, "bad_registry_answer", &["podman engine", "zstd"]);
}
