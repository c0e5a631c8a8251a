//! Programs of others that a test starts: which runs have them, how they are called, how they end.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{self, sleep};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::is_root;

/// Daemons and devices need root. As root nothing is left out, unless the caller says so.
const WITHOUT: &str = "FLISTHUB_WITHOUT_PARTS";

/// Whether this run has the parts. If not, the reason is said on standard error, past the harness that
/// keeps the output of tests that pass.
pub(crate) fn with_parts(test: &str) -> bool {
    let reason = if environment(WITHOUT).is_some() {
        format!("{WITHOUT} is set")
    } else if !is_root() {
        "engines and devices need root".to_owned()
    } else {
        return true;
    };
    writeln!(std::io::stderr(), "SKIPPED {test}: {reason}").unwrap();
    false
}

/// A variable of the caller's environment.
#[expect(clippy::disallowed_methods, reason = "a test run is told by variables what it may use")]
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// A program with nothing of the caller's environment: no logins, no engine that is meant for others.
pub(crate) fn tool(program: &str) -> Command {
    let mut command = Command::new(program);
    clean(&mut command);
    command
}

fn clean(command: &mut Command) {
    let mut path = environment("PATH").unwrap_or_default();
    // Daemons are where only root's PATH leads.
    path.push(":/usr/sbin:/sbin");
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", "/nonexistent")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null());
}

/// Runs a program to its end; gives what happened.
pub(crate) fn outcome(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| {
        panic!(
            "{:?}: {error}; `scripts/setup test` installs what is missing",
            command.get_program()
        )
    })
}

/// Runs a program, which must succeed; gives its standard output.
pub(crate) fn run(command: &mut Command) -> Vec<u8> {
    let output = outcome(command);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// The same, as text without the last line break.
pub(crate) fn text(command: &mut Command) -> String {
    String::from_utf8(run(command)).unwrap().trim_end_matches('\n').to_owned()
}

/// `skopeo copy`.
pub(crate) fn skopeo_copy(arguments: &[&str]) {
    run(tool("skopeo").args(["--insecure-policy", "copy", "--quiet"]).args(arguments));
}

/// A directory on the file system of the build, which keeps attributes.
pub(crate) fn room() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A running daemon. It ends with the test, also with one that is killed: the system sends it SIGTERM.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts a program that writes its log to its outputs.
    pub(crate) fn start(arguments: &[&str], log: &Path) -> Self {
        let mut command = tool("setpriv");
        let file = File::create(log).unwrap();
        let child = command
            .args(["--pdeathsig", "TERM", "--"])
            .args(arguments)
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("setpriv, of util-linux: {error}"));
        Self { child, log: log.to_owned() }
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// Waits, a minute at most, until the probe gives something; fails at once when the daemon ends.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        mut probe: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        for _ in 0..600 {
            if let Some(found) = probe(self) {
                return found;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{what}: ended with {status}\n{}", self.log());
            }
            sleep(Duration::from_millis(100));
        }
        panic!("{what}: not within a minute\n{}", self.log());
    }

    /// Asks it to end and waits for that, a minute at most. Gives whether it ended by itself.
    pub(crate) fn stop(&mut self) -> bool {
        if let Ok(None) = self.child.try_wait() {
            // Gone already, where it fails.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        }
        for _ in 0..600 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        false
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!("the end of {}:", self.log.display());
            lines.iter().rev().for_each(|line| eprintln!("  {line:.300}"));
        }
    }
}
