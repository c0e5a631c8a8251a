//! A Docker engine of this program's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::daemon::Daemon;
use crate::run::{self, Usage};

/// A running dockerd with nothing in it. It stores layers as it does by default, for overlayfs.
pub(super) struct Engine {
    daemon: Daemon,
    socket: PathBuf,
    /// Sockets, whose paths have to be short.
    _state: TempDir,
}

impl Engine {
    pub(super) fn start(directory: &Path) -> anyhow::Result<Self> {
        let data = directory.join("data");
        fs::create_dir(&data)?;
        let state = tempfile::tempdir()?;
        let socket = state.path().join("engine.sock");
        let arguments = [
            "--data-root".to_owned(),
            data.display().to_string(),
            "--exec-root".to_owned(),
            state.path().join("exec").display().to_string(),
            "--pidfile".to_owned(),
            state.path().join("pid").display().to_string(),
            format!("--host=unix://{}", socket.display()),
            "--storage-driver=overlay2".to_owned(),
            "--bridge=none".to_owned(),
            "--iptables=false".to_owned(),
        ];
        let mut daemon = Daemon::start("dockerd", &arguments, &directory.join("log"))?;
        daemon.wait_for(|_| {
            let mut version = docker(&socket);
            Ok(version.arg("version").output()?.status.success().then_some(()))
        })?;
        Ok(Self { daemon, socket, _state: state })
    }

    /// Pulls an image; the memory is the engine's own, without the processes that unpack; their time
    /// is counted.
    pub(super) fn pull(&self, image: &str) -> anyhow::Result<Usage> {
        let process = self.daemon.process();
        process.forget_peak()?;
        let before = process.cpu_with_children()?;
        let usage = run::measured(docker(&self.socket).args(["pull", "--quiet", image]))?;
        let cpu = usage.cpu + process.cpu_with_children()? - before;
        Ok(Usage { program_peak: process.peak()?, cpu, ..usage })
    }
}

fn docker(socket: &Path) -> Command {
    let mut command = Command::new("docker");
    command.arg(format!("--host=unix://{}", socket.display()));
    command
}
