//! The compose file, as it is: hub and PostgreSQL on networks of their own, and the password in a file alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::postgres;
use super::stage::{IMAGE, Stage, repository};
use crate::images::part::{run, text};

const PASSWORD: &str = "e2e-password-that-stands-nowhere-else";

/// `docker-compose` with the repository's file, in the folder where that has been put.
fn compose(stage: &Stage, folder: &Path) -> Command {
    let mut command = stage.tool("docker-compose");
    command
        .env("FLISTHUB_IMAGE", IMAGE)
        .env("POSTGRES_IMAGE", postgres::IMAGE)
        // Whichever is free.
        .env("FLISTHUB_PORT", "0")
        .current_dir(folder)
        .args(["--project-name", "flisthubtest", "--no-ansi"]);
    command
}

fn prepare(folder: &Path) {
    fs::create_dir_all(folder.join("secrets")).unwrap();
    fs::copy(repository().join("docker-compose.yml"), folder.join("docker-compose.yml")).unwrap();
    let secret = folder.join("secrets/catalog_password");
    fs::write(&secret, format!("{PASSWORD}\n")).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o444)).unwrap();
}

/// Removes what the engine made, its networks above all, which are the machine's. Also when a test failed.
struct Down<'a>(&'a Stage, &'a Path);

impl Drop for Down<'_> {
    fn drop(&mut self) {
        let _ = compose(self.0, self.1).args(["down", "--volumes"]).output();
    }
}

/// The whole proof.
pub(super) fn brings_up_hub_and_postgresql(stage: &Stage) {
    postgres::build(stage);
    let folder = stage.path("project");
    prepare(&folder);
    let _down = Down(stage, &folder);
    let up = || {
        run(compose(stage, &folder).args(["up", "--detach", "--no-build"]));
        let hub = text(compose(stage, &folder).args(["ps", "-q", "hub"]));
        stage.healthy(&hub);
        let port = text(compose(stage, &folder).args(["port", "hub", "5555"]));
        (hub, format!("http://{port}"))
    };
    let (hub, url) = up();
    let flisthub = |arguments: &[&str]| {
        let exec = ["exec", "-T", "hub", "flisthub"];
        text(compose(stage, &folder).args(exec).args(arguments))
    };
    flisthub(&["healthcheck", "--ready"]);
    flisthub(&["user", "add", "alice"]);
    let token = flisthub(&["token", "create", "--user", "alice"]);
    let token = token.lines().last().unwrap();
    stage.pushed(&url, token, "compose-1");

    let catalog = text(compose(stage, &folder).args(["ps", "-q", "catalog"]));
    for container in [&hub, &catalog] {
        let inspected = stage.engine.docker(&["inspect", container]);
        assert!(!inspected.contains(PASSWORD), "{inspected}");
        let processes = stage.engine.docker(&["top", container, "-eo", "pid,args"]);
        assert!(!processes.contains(PASSWORD), "{processes}");
        assert!(!stage.logs(container).contains(PASSWORD));
    }
    // The catalog is where it was meant to be, and nowhere else.
    let files = stage.engine.docker(&["exec", &hub, "ls", "/data"]);
    assert!(!files.contains("catalog.sqlite"), "{files}");
    let outside = text(stage.tool("docker").args(["port", &catalog]));
    assert_eq!(outside, "");

    run(compose(stage, &folder).args(["stop"]));
    let ended = stage.engine.docker(&["inspect", "--format={{.State.ExitCode}}", &hub]);
    assert_eq!(ended, "0", "{}", stage.logs(&hub));
    run(compose(stage, &folder).args(["down"]));
    let (_, url) = up();
    stage.pulled(&url, token, "compose-2");
}
