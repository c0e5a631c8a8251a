//! A Docker engine of the test's own: its data, socket and containerd are no one else's, and all end with it.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::part::{Daemon, room, run, skopeo_copy, text, tool};

/// What statfs(2) says of overlayfs, which cannot hold another one's layers.
const OVERLAYFS: i64 = 0x794c_7630;

/// A running dockerd. It has no network but those that a test makes.
pub(crate) struct Engine {
    daemon: Daemon,
    data: TempDir,
    /// Sockets, whose paths have to be short.
    state: TempDir,
}

impl Engine {
    /// One that stores layers as plain directories.
    pub(crate) fn start() -> Self {
        // overlay2 cannot take a link to a file of a lower layer.
        Self::with_driver("vfs")
    }

    /// One that does not copy an image for each step that builds on it, where the file system allows that.
    pub(crate) fn to_build() -> Self {
        let below = rustix::fs::statfs(env!("CARGO_TARGET_TMPDIR")).unwrap().f_type;
        Self::with_driver(if below == OVERLAYFS { "vfs" } else { "overlay2" })
    }

    fn with_driver(driver: &str) -> Self {
        let (data, state) = (room(), tempfile::tempdir().unwrap());
        let path = |directory: &TempDir, name: &str| {
            directory.path().join(name).to_str().unwrap().to_owned()
        };
        let arguments = [
            "dockerd",
            "--data-root",
            &path(&data, "data"),
            "--exec-root",
            &path(&state, "exec"),
            "--pidfile",
            &path(&state, "pid"),
            "--host",
            &format!("unix://{}", path(&state, "engine.sock")),
            "--storage-driver",
            driver,
            "--bridge=none",
            "--iptables=false",
        ];
        let daemon = Daemon::start(&arguments, &data.path().join("log"));
        let mut engine = Self { daemon, data, state };
        let host = engine.host();
        engine.daemon.wait_for("dockerd", |_| {
            let answer = tool("docker").args(["--host", &host, "version"]).output().unwrap();
            answer.status.success().then_some(())
        });
        engine
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.state.path().join("engine.sock")
    }

    /// As `DOCKER_HOST` has it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Runs `docker`, which must succeed; gives its standard output.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        text(tool("docker").args(["--host", &self.host()]).args(arguments))
    }

    /// What a container of that image prints.
    pub(crate) fn printed(&self, image: &str) -> String {
        self.docker(&["run", "--rm", "--network=none", "--hostname=test", image])
    }

    /// What `docker inspect` shows of an image, without its layers, which an export makes one.
    pub(crate) fn inspected(&self, image: &str) -> Value {
        let mut all: Value = serde_json::from_str(&self.docker(&["inspect", image])).unwrap();
        let one = &mut all[0];
        serde_json::json!({
            "Config": one["Config"].take(),
            "Architecture": one["Architecture"].take(),
            "Os": one["Os"].take(),
            "Author": one["Author"].take(),
            "Created": one["Created"].take(),
        })
    }

    /// Puts an image of an OCI layout into the engine.
    pub(crate) fn take(&self, layout: &Path, tag: &str, name: &str) {
        let from = format!("oci:{}:{tag}", layout.display());
        let host = self.host();
        skopeo_copy(&["--dest-daemon-host", &host, &from, &format!("docker-daemon:{name}")]);
    }

    /// `docker save` of one image.
    pub(crate) fn save(&self, image: &str, archive: &Path) {
        run(tool("docker").args(["--host", &self.host(), "save", "-o"]).arg(archive).arg(image));
    }

    /// The process that the engine has started beside itself.
    pub(crate) fn containerd(&self) -> Option<Pid> {
        let file = self.state.path().join("exec/containerd/containerd.pid");
        Pid::from_raw(fs::read_to_string(file).ok()?.trim().parse().ok()?)
    }

    /// Where its data and its sockets are.
    pub(crate) fn places(&self) -> [&Path; 2] {
        [self.data.path(), self.state.path()]
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let containerd = self.containerd();
        if !self.daemon.stop()
            && let Some(process) = containerd
        {
            // An engine that had to be killed leaves it behind.
            let _ = kill_process(process, Signal::KILL);
        }
    }
}
