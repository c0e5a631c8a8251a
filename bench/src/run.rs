//! Runs one program to its end and says what it cost.

use std::ffi::OsStr;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;

/// What one measured thing cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Seconds by the clock.
    pub(crate) wall: f64,
    /// Processor seconds, user and system, of every process that took part.
    pub(crate) cpu: f64,
    /// Peak memory in bytes of the program that was run; 0 if there was only a hub.
    pub(crate) program_peak: u64,
    /// Peak memory in bytes of the hub; 0 if there was none.
    pub(crate) hub_peak: u64,
}

/// Runs a program to its end; its output is thrown away.
pub(crate) fn measured(command: &Command) -> anyhow::Result<Usage> {
    Ok(run(command, Stdio::null())?.0)
}

/// Runs a program to its end; gives its output too.
pub(crate) fn measured_output(command: &Command) -> anyhow::Result<(Usage, String)> {
    run(command, Stdio::piped())
}

/// `time` stands between, because the peak memory of a child counts from before it becomes the
/// program: started from here, each would seem to need at least as much as this process has.
fn run(command: &Command, stdout: Stdio) -> anyhow::Result<(Usage, String)> {
    let mut report = tempfile::NamedTempFile::new().context("no temporary file")?;
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["--format=%U %S %M", "--output"]).arg(report.path());
    timed.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        timed.env(key, value.unwrap_or(OsStr::new("")));
    }
    if let Some(directory) = command.get_current_dir() {
        timed.current_dir(directory);
    }
    timed.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    // Nobody pays for what others have left to write.
    rustix::fs::sync();
    let began = Instant::now();
    let done = timed.output().context("/usr/bin/time cannot be run (Debian package `time`)")?;
    let wall = began.elapsed().as_secs_f64();
    let name = describe(command);
    let complaint = String::from_utf8_lossy(&done.stderr);
    anyhow::ensure!(done.status.success(), "{name}: {}\n{complaint}", done.status);
    let mut text = String::new();
    report.read_to_string(&mut text).context("no report of /usr/bin/time")?;
    let (cpu, program_peak) =
        parse(&text).with_context(|| format!("/usr/bin/time reports {text:?} of {name}"))?;
    let output = String::from_utf8_lossy(&done.stdout).into_owned();
    Ok((Usage { wall, cpu, program_peak, hub_peak: 0 }, output))
}

/// Seconds of processor time and peak bytes.
fn parse(report: &str) -> Option<(f64, u64)> {
    let mut fields = report.lines().next_back()?.split(' ');
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    let kilobytes: u64 = fields.next()?.parse().ok()?;
    Some((user + system, kilobytes * 1024))
}

/// Runs a program that is not measured; gives its output.
pub(crate) fn plain(command: &mut Command) -> anyhow::Result<String> {
    let name = describe(command);
    let done =
        command.stdin(Stdio::null()).output().with_context(|| format!("{name} cannot be run"))?;
    let complaint = String::from_utf8_lossy(&done.stderr);
    anyhow::ensure!(done.status.success(), "{name}: {}\n{complaint}", done.status);
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        assert_eq!(parse("1.50 0.25 2048\n"), Some((1.75, 2 << 20)));
        assert_eq!(parse("Command exited with non-zero status 1\n"), None);
    }
}
