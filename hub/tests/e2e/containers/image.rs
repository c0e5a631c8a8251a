//! The image by itself: who it runs as, what it may write to, how it ends, what stays.

use serde_json::Value;

use super::stage::{IMAGE, Stage};
use crate::images::part::outcome;

/// How the documentation starts it, with all that can be taken from a container taken.
fn start(stage: &Stage, name: &str) -> String {
    stage.engine.docker(&[
        "run",
        "--detach",
        "--name",
        name,
        "--network=hubs",
        "--publish=127.0.0.1::5555",
        "--read-only",
        "--tmpfs=/tmp",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--volume=data:/data",
        IMAGE,
    ]);
    stage.healthy(name);
    format!("http://{}", stage.engine.docker(&["port", name, "5555/tcp"]))
}

/// The whole proof.
pub(super) fn serves_as_nobody_in_particular_and_keeps_its_volume(stage: &Stage) {
    let docker = |arguments: &[&str]| stage.engine.docker(arguments);
    let image: Value = serde_json::from_str(&docker(&["inspect", IMAGE])).unwrap();
    let config = &image[0]["Config"];
    assert_eq!(config["User"], "10001:10001");
    assert_eq!(
        config["Healthcheck"]["Test"],
        serde_json::json!(["CMD", "flisthub", "healthcheck"])
    );

    docker(&["network", "create", "hubs"]);
    let url = start(stage, "hub-one");
    let said = |script: &str| docker(&["exec", "hub-one", "sh", "-c", script]);
    assert_eq!(said("id -u; id -g"), "10001\n10001");
    assert_eq!(said("stat -c '%u %a' /data"), "10001 700");
    assert_eq!(
        said("grep -E '^(CapEff|NoNewPrivs)' /proc/1/status | tr -d '\\n'"),
        "CapEff:\t0000000000000000NoNewPrivs:\t1"
    );
    let mut write = stage.tool("docker");
    assert!(
        !outcome(write.args(["exec", "hub-one", "touch", "/usr/local/bin/x"])).status.success()
    );
    docker(&["exec", "hub-one", "flisthub", "user", "add", "alice"]);
    let token = docker(&["exec", "hub-one", "flisthub", "token", "create", "--user", "alice"]);
    let token = token.lines().last().unwrap();
    stage.pushed(&url, token, "image-1");

    // Asked to end, it ends well, and by itself: the engine would have killed it otherwise.
    docker(&["stop", "--time=60", "hub-one"]);
    let ended =
        docker(&["inspect", "--format={{.State.ExitCode}} {{.State.OOMKilled}}", "hub-one"]);
    assert_eq!(ended, "0 false", "{}", stage.logs("hub-one"));
    assert!(!stage.logs("hub-one").contains(token));
    docker(&["rm", "hub-one"]);

    // Another container of the same volume has it all.
    let url = start(stage, "hub-two");
    stage.pulled(&url, token, "image-2");
    // A hub that is not there is not healthy.
    let mut nobody = stage.tool("docker");
    nobody.args(["exec", "hub-two", "flisthub", "healthcheck", "--listen=127.0.0.1:1"]);
    assert_eq!(outcome(&mut nobody).status.code(), Some(1));
    docker(&["rm", "--force", "hub-two"]);
    docker(&["network", "rm", "hubs"]);
}
