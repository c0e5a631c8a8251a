//! Servers of others that run while something is measured: how they start and how they end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

use crate::process::Process;

/// How long one may take to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server. It is asked to end when this is dropped, and by the system when this program ends.
pub(super) struct Daemon {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts a program; what it prints goes to the file `log`.
    pub(super) fn start(
        name: &'static str,
        arguments: &[String],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let file = File::create(log).with_context(|| log.display().to_string())?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--", name])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        Ok(Self { name, child, log: log.to_owned() })
    }

    /// What it has printed.
    pub(super) fn log(&self) -> anyhow::Result<String> {
        let log = fs::read(&self.log).with_context(|| self.log.display().to_string())?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    /// Its process.
    pub(super) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Waits until the probe gives something.
    pub(super) fn wait_for<T>(
        &mut self,
        mut probe: impl FnMut(&Self) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(found) = probe(self)? {
                return Ok(found);
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("{} ended with {status}:\n{}", self.name, self.log()?);
            }
            thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("{} is not ready after {} s", self.name, PATIENCE.as_secs())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
