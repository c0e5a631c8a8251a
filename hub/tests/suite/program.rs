//! The real `flisthub` program as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::postgres;

/// Runs a command to its end.
pub(crate) fn flisthub(arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flisthub"));
    if let Some(at) = arguments.iter().position(|argument| *argument == "--data") {
        postgres::tell(&mut child, Path::new(arguments[at + 1]));
    }
    child.args(arguments).output().unwrap()
}

/// Runs a command that must succeed; gives the last line of its standard output.
pub(crate) fn last_line(arguments: &[&str]) -> String {
    let output = flisthub(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned()
}

/// A user with a token.
pub(crate) fn user(data: &Path, name: &str) -> String {
    let data = data.to_str().unwrap();
    last_line(&["user", "add", name, "--data", data]);
    last_line(&["token", "create", "--user", name, "--data", data])
}

/// A running hub. Dropped, it is killed.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Serving {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[], "")
    }

    /// With more arguments, and with places at which it ends itself (see `crash_point`).
    pub(crate) fn start_with(data: &Path, arguments: &[&str], crash_points: &str) -> Self {
        Self::spawn(data, arguments, crash_points, Stdio::null())
    }

    /// With more arguments, and with a place for its log.
    pub(crate) fn start_logging(data: &Path, arguments: &[&str], log: Stdio) -> Self {
        Self::spawn(data, arguments, "", log)
    }

    fn spawn(data: &Path, arguments: &[&str], crash_points: &str, log: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_flisthub"));
        postgres::tell(&mut child, data);
        let mut child = child
            .args(["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
            .args(arguments)
            .env("FAILPOINTS", crash_points)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").expect("the line that says where");
        Self { url: url.to_owned(), child }
    }

    /// `kill -9`, and waits for the end.
    pub(crate) fn kill(self) {
        self.end();
    }

    /// The same; says how it ended, which it may have done by itself before.
    pub(crate) fn end(mut self) -> ExitStatus {
        self.child.kill().unwrap();
        self.child.wait().unwrap()
    }

    /// SIGTERM, and gives the exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Gone already, where it was stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
