//! What the kernel says of a running process: memory and processor time.

use std::fs;

use anyhow::Context as _;

/// A process, by its id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// This program itself.
    pub(crate) fn this() -> Self {
        Self(std::process::id())
    }

    /// The most memory it had in RAM since it started or [`Self::forget_peak`] was called, in bytes.
    pub(crate) fn peak(self) -> anyhow::Result<u64> {
        self.status("VmHWM:")
    }

    /// The memory it has in RAM now, in bytes.
    pub(crate) fn resident(self) -> anyhow::Result<u64> {
        self.status("VmRSS:")
    }

    /// Starts the peak anew from what it has now.
    pub(crate) fn forget_peak(self) -> anyhow::Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.0), "5")
            .with_context(|| format!("the memory peak of process {} cannot be reset", self.0))
    }

    /// Processor time of all its threads so far, user and system, in seconds.
    pub(crate) fn cpu(self) -> anyhow::Result<f64> {
        self.seconds(2)
    }

    /// The same, and that of its children that have ended.
    pub(crate) fn cpu_with_children(self) -> anyhow::Result<f64> {
        self.seconds(4)
    }

    /// The sum of the first so many of: user, system, and both of its children.
    fn seconds(self, counters: usize) -> anyhow::Result<f64> {
        let path = format!("/proc/{}/stat", self.0);
        let text = fs::read_to_string(&path).with_context(|| path.clone())?;
        let ticks =
            parse_ticks(&text, counters).with_context(|| format!("{path} is not as expected"))?;
        #[expect(clippy::cast_precision_loss, reason = "a small number of ticks")]
        let seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        Ok(seconds)
    }

    fn status(self, key: &str) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.0);
        let text = fs::read_to_string(&path).with_context(|| path.clone())?;
        parse_kilobytes(&text, key).with_context(|| format!("{path} has no {key}"))
    }
}

/// The sum of so many counters of ticks, user and system first. The second field is the program's name, which may hold anything, so fields
/// are counted from the last parenthesis on.
fn parse_ticks(stat: &str, counters: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    (0..counters).map(|_| fields.next()?.parse::<u64>().ok()).sum()
}

fn parse_kilobytes(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let number: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(number * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_the_name() {
        let stat = "7 (a) b 1 2) S 1 7 7 0 -1 0 9 9 9 9 130 25 1 2 20 0";
        assert_eq!(parse_ticks(stat, 2), Some(155));
        assert_eq!(parse_ticks(stat, 4), Some(158));
        assert_eq!(parse_ticks("7 (a) S 1", 2), None);
    }

    #[test]
    fn memory_is_in_kilobytes() {
        assert_eq!(parse_kilobytes("Name:\tx\nVmHWM:\t  12 kB\n", "VmHWM:"), Some(12_288));
        assert_eq!(parse_kilobytes("Name:\tx\n", "VmHWM:"), None);
    }

    #[test]
    fn this_process_has_memory_and_time() {
        assert!(Process::this().peak().unwrap() >= Process::this().resident().unwrap() / 2);
        assert!(Process::this().cpu().unwrap() >= 0.0);
    }
}
