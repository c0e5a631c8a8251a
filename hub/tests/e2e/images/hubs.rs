//! A hub that knows the parts, and `hub-client` as it is typed for images.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Hub, failure};

use super::judge::assert_same_tree;
use super::registry::{Registry, USER};

/// A hub that may connect to these registries, with more lines for its `[images]`.
pub(crate) fn hub(registries: &[&Registry], more: &str) -> Hub {
    let hosts: Vec<&str> = registries.iter().flat_map(|registry| registry.hosts()).collect();
    let tls = registries.iter().filter(|registry| registry.has_tls());
    let plain = registries.iter().filter(|registry| !registry.has_tls());
    let plain: Vec<&str> = plain.flat_map(|registry| registry.hosts()).collect();
    let authorities: Vec<_> = tls.map(|registry| registry.authority()).collect();
    Hub::start_with(&format!(
        "[images]\nhosts = [\"127.0.0.1\"]\nprivate_hosts = {hosts:?}\nplain_http_hosts = {plain:?}\nca_files = {authorities:?}\n{more}\n"
    ))
}

/// `hub-client --json convert` of one image.
pub(crate) fn convert(hub: &Hub, arguments: &[&str]) -> Command {
    let mut command = hub.client();
    command.args(["--json", "convert"]).args(arguments);
    command
}

/// Runs a command of `hub-client --json`, which must succeed; gives what it prints.
pub(crate) fn answer(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{error}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a command of `hub-client --json`, which must fail; gives exit code, code and message.
pub(crate) fn refusal(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?}");
    failure(&output)
}

/// Converts an image; gives the flist's id.
pub(crate) fn flist(hub: &Hub, arguments: &[&str]) -> String {
    answer(&mut convert(hub, arguments))["flist"].as_str().unwrap().to_owned()
}

/// Fails if what a name holds is not this tree.
pub(crate) fn assert_pulls(hub: &Hub, name: &str, tree: &Path) {
    let pulled = format!("pulled-{name}");
    hub.json(&["pull", name, &pulled]);
    assert_same_tree(tree, &hub.path(&pulled));
    fs::remove_dir_all(hub.path(&pulled)).unwrap();
}

/// `POST` with a token and a body of that type; gives the status and the answer.
pub(crate) fn post(hub: &Hub, token: &str, path: &str, kind: &str, body: &str) -> (u16, Value) {
    let address = hub.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

/// Fetches a path, without a token, into a file in the hub's directory.
pub(crate) fn download(hub: &Hub, path: &str, name: &str) -> PathBuf {
    let address = hub.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]);
    assert_eq!(head.split(' ').nth(1), Some("200"), "{head}");
    let file = hub.path(name);
    fs::write(&file, &answer[end + 4..]).unwrap();
    file
}

/// The image's configuration, as the client shows it.
pub(crate) fn shown_config(hub: &Hub, name: &str) -> Value {
    hub.json(&["inspect", name])["image"].take()
}

/// Makes a Docker configuration with a login for a registry; gives the option of `convert` that names it.
pub(crate) fn login(hub: &Hub, registry: &Registry, password: &str) -> String {
    let file = hub.path("login.json");
    let auth = STANDARD.encode(format!("{USER}:{password}"));
    let config = json!({"auths": {registry.address.as_str(): {"auth": auth}}});
    fs::write(&file, config.to_string()).unwrap();
    format!("--docker-config={}", file.display())
}
