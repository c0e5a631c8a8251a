//! An engine that has the image of the Dockerfile, and what tests ask it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::images::engine::Engine;
use crate::images::layers::debian;
use crate::images::part::{room, run, text, tool};

/// The hub's image in the test's engine.
pub(super) const IMAGE: &str = "flisthub:test";

/// An engine with that image.
pub(super) struct Stage {
    pub(super) engine: Engine,
    /// Where tests put their files.
    pub(super) home: tempfile::TempDir,
}

/// The folder of the repository.
pub(super) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

impl Stage {
    /// Builds the image with the Dockerfile, as it is, on a Debian root file system.
    pub(super) fn start() -> Self {
        let stage = Self { engine: Engine::to_build(), home: room() };
        let base = debian();
        stage.engine.docker(&["import", base.to_str().unwrap(), "debian:test"]);
        // What a build image has and the other need not: certificates, which nobody here looks at.
        let certified = stage.path("certified");
        fs::create_dir(&certified).unwrap();
        fs::write(certified.join("ca-certificates.crt"), "none\n").unwrap();
        let recipe = "FROM debian:test\nCOPY ca-certificates.crt /etc/ssl/certs/\n";
        fs::write(certified.join("Dockerfile"), recipe).unwrap();
        stage.build("build:test", &certified, &[]);
        let context = stage.context();
        let arguments = ["PROGRAMS=dist", "BUILD_IMAGE=build:test", "BASE_IMAGE=debian:test"];
        stage.build(IMAGE, &context, &arguments);
        stage
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// What `docker build` is given of this repository: the files that it sends of it, as far as the stage
    /// that does not compile reads them, and the programs.
    fn context(&self) -> PathBuf {
        let context = self.path("context");
        for folder in ["scripts", "dist"] {
            fs::create_dir_all(context.join(folder)).unwrap();
        }
        let files = ["Dockerfile", ".dockerignore", "rust-toolchain.toml"];
        let scripts = ["scripts/lib.sh", "scripts/setup", "scripts/container-root"];
        for file in files.into_iter().chain(scripts) {
            fs::copy(repository().join(file), context.join(file)).unwrap();
        }
        let hub = Path::new(env!("CARGO_BIN_EXE_flisthub"));
        for program in [hub.to_owned(), hub.with_file_name("hub-client")] {
            let to = context.join("dist").join(program.file_name().unwrap());
            // Debugging information makes four fifths of them, and each step of a build copies all.
            run(tool("strip").arg("--strip-debug").arg(program).arg("-o").arg(to));
        }
        context
    }

    /// `docker build` with the builder that needs no plug-in.
    pub(super) fn build(&self, name: &str, context: &Path, arguments: &[&str]) {
        let mut build = self.tool("docker");
        build.env("DOCKER_BUILDKIT", "0").args(["build", "--network=none", "--tag", name]);
        for argument in arguments {
            build.args(["--build-arg", argument]);
        }
        run(build.arg(context));
    }

    /// A program that speaks to this engine.
    pub(super) fn tool(&self, program: &str) -> Command {
        let mut command = tool(program);
        command.env("DOCKER_HOST", self.engine.host());
        command
    }

    /// Waits, two minutes at most, until the engine says that a container is healthy.
    pub(super) fn healthy(&self, container: &str) {
        for _ in 0..1200 {
            let state = self.engine.docker(&[
                "inspect",
                "--format={{.State.Status}} {{.State.Health.Status}}",
                container,
            ]);
            match state.as_str() {
                "running healthy" => return,
                "running starting" | "created starting" => sleep(Duration::from_millis(100)),
                _ => panic!("{container} is {state}: {}", self.logs(container)),
            }
        }
        panic!("{container} is not healthy: {}", self.logs(container));
    }

    /// What a container has written to both of its outputs.
    pub(super) fn logs(&self, container: &str) -> String {
        let output = self.tool("docker").args(["logs", container]).output().unwrap();
        [output.stdout, output.stderr].iter().map(|text| String::from_utf8_lossy(text)).collect()
    }

    /// `hub-client` of this build, from outside of the containers.
    pub(super) fn client(&self, url: &str, token: &str, arguments: &[&str]) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_flisthub")).with_file_name("hub-client");
        let mut client = tool(program.to_str().unwrap());
        client.env("FLISTHUB_URL", url).env("FLISTHUB_TOKEN", token);
        text(client.current_dir(self.home.path()).args(arguments))
    }

    /// Pushes a folder, and pulls it into another one of that name.
    pub(super) fn pushed(&self, url: &str, token: &str, folder: &str) {
        let tree = self.path("tree");
        fs::create_dir_all(tree.join("folder")).unwrap();
        fs::write(tree.join("folder/file"), vec![7; 3_000_000]).unwrap();
        self.client(url, token, &["push", "tree", "kept"]);
        self.pulled(url, token, folder);
    }

    /// Pulls what was pushed into a folder of that name, and compares.
    pub(super) fn pulled(&self, url: &str, token: &str, folder: &str) {
        self.client(url, token, &["pull", "kept", folder]);
        let file = fs::read(self.path(folder).join("folder/file")).unwrap();
        assert!(file == vec![7; 3_000_000]);
    }
}
