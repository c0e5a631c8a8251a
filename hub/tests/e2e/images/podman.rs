//! A second engine that speaks Docker's API: podman's socket over a storage of the test's own.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::part::{Daemon, room, skopeo_copy, text, tool};

/// A running `podman system service`.
pub(crate) struct Podman {
    /// Ends before its directories go.
    daemon: Daemon,
    storage: TempDir,
    state: TempDir,
}

impl Podman {
    pub(crate) fn start() -> Self {
        let (storage, state) = (room(), tempfile::tempdir().unwrap());
        let socket = state.path().join("podman.sock");
        let mut arguments = vec!["podman".to_owned()];
        arguments.extend(options(storage.path(), state.path()));
        arguments.extend(["system", "service", "-t", "0"].map(str::to_owned));
        arguments.push(format!("unix://{}", socket.display()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut daemon = Daemon::start(&arguments, &storage.path().join("log"));
        daemon.wait_for("podman", |_| UnixStream::connect(&socket).ok());
        Self { daemon, storage, state }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.state.path().join("podman.sock")
    }

    /// `podman` on the same storage.
    pub(crate) fn podman(&self, arguments: &[&str]) -> String {
        let mut command: Command = tool("podman");
        text(command.args(options(self.storage.path(), self.state.path())).args(arguments))
    }

    /// Puts an image into the storage, from anywhere that skopeo reads.
    pub(crate) fn take(&self, from: &str, name: &str) {
        let storage = self.storage.path().join("root");
        let state = self.state.path().join("run");
        skopeo_copy(&[
            from,
            &format!("containers-storage:[vfs@{}+{}]{name}", storage.display(), state.display()),
        ]);
    }

    /// Where the tree of an image in the storage is.
    pub(crate) fn tree(&self, name: &str) -> PathBuf {
        self.podman(&["image", "mount", name]).into()
    }

    /// What the service has logged.
    pub(crate) fn log(&self) -> String {
        self.daemon.log()
    }
}

fn options(storage: &Path, state: &Path) -> Vec<String> {
    vec![
        format!("--root={}", storage.join("root").display()),
        format!("--runroot={}", state.join("run").display()),
        format!("--tmpdir={}", state.join("tmp").display()),
        "--storage-driver=vfs".to_owned(),
        "--cgroup-manager=cgroupfs".to_owned(),
        "--events-backend=none".to_owned(),
    ]
}
