//! Where the measurement ran: processor, memory, kernel, file system, programs, day.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::run;
use crate::stats::megabytes;

/// Pairs of what and which, in the order to print.
pub(crate) fn describe(work: &Path) -> anyhow::Result<Vec<(&'static str, String)>> {
    let cores = std::thread::available_parallelism().context("number of cores")?;
    let memory = field("/proc/meminfo", "MemTotal:")?;
    let kilobytes: u64 = memory.trim_end_matches(" kB").parse().context("/proc/meminfo")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").context("kernel release")?;
    let mut facts = vec![
        ("day", output(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?),
        ("processor", format!("{cores} cores of {}", field("/proc/cpuinfo", "model name")?)),
        ("memory", format!("{:.0} GB", megabytes(kilobytes * 1024) / 1000.0)),
        // The release alone names the kernel; what is after the first dash names who built it.
        ("kernel", format!("Linux {}", kernel.split('-').next().unwrap_or_default().trim())),
        ("file system", file_system(work)?),
    ];
    let peers = [("restic", "version"), ("borg", "--version"), ("casync", "--version")];
    let of_images = ["skopeo", "umoci", "dockerd", "docker-registry", "zstd"];
    for (name, option) in peers.into_iter().chain(of_images.map(|name| (name, "--version"))) {
        // A part that needs none of them also runs where they are not installed.
        let version = output(Command::new(name).arg(option)).unwrap_or_else(|_| "absent".into());
        let is_number = |part: &&str| {
            part.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit())
        };
        let number = version.split([' ', ',']).find(is_number).unwrap_or(&version);
        facts.push((name, number.to_owned()));
    }
    Ok(facts)
}

fn file_system(directory: &Path) -> anyhow::Result<String> {
    let told = run::plain(Command::new("df").arg("--output=fstype").arg(directory))?;
    Ok(told.lines().nth(1).unwrap_or_default().trim().to_owned())
}

/// The first line of what a program prints.
fn output(command: &mut Command) -> anyhow::Result<String> {
    Ok(run::plain(command)?.lines().next().unwrap_or_default().to_owned())
}

/// The value of the first line that starts with `key`.
fn field(path: &str, key: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    let value = value.with_context(|| format!("{path} has no {key:?}"))?;
    Ok(value.trim_start_matches([' ', '\t', ':']).to_owned())
}
