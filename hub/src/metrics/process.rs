//! What every program tells of itself, under the names that monitoring knows: from `/proc`, where there is one.

use prometheus_client::registry::{Registry, Unit};
use rustix::param::{clock_ticks_per_second, page_size};

use super::sheet::{counter, float, gauge};

/// Adds what the system knows of this process.
pub(super) fn show(to: &mut Registry) {
    if let Some(stat) = Stat::read() {
        let help = "Processor time, all threads";
        counter(to, "process_cpu", help, Some(Unit::Seconds), stat.cpu_seconds);
        let memory = "Memory that the process holds";
        gauge(to, "process_resident_memory", memory, Some(Unit::Bytes), stat.resident_bytes);
        gauge(to, "process_threads", "Threads", None, stat.threads);
        if let Some(boot) = boot_seconds() {
            let start = boot + stat.started_after_boot;
            let help = "When the process started, since the Unix epoch";
            gauge(to, "process_start_time", help, Some(Unit::Seconds), start);
        }
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        // One of them is the directory itself.
        let open = open.count().saturating_sub(1) as u64;
        gauge(to, "process_open_fds", "Open file descriptors", None, float(open));
    }
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    if let Some(most) = most {
        gauge(to, "process_max_fds", "Most file descriptors", None, float(most));
    }
}

struct Stat {
    cpu_seconds: f64,
    threads: f64,
    started_after_boot: f64,
    resident_bytes: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&std::fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// The fields of proc(5), counted from the third: the second is the program's name, which may hold
    /// anything, in parentheses.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let ticks = float(clock_ticks_per_second());
        Some(Self {
            cpu_seconds: float(field(14)?.saturating_add(field(15)?)) / ticks,
            threads: float(field(20)?),
            started_after_boot: float(field(22)?) / ticks,
            resident_bytes: float(field(24)?.saturating_mul(page_size() as u64)),
        })
    }
}

/// When the machine started, in seconds since the Unix epoch.
fn boot_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse::<u64>().ok().map(float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_is_no_trouble() {
        let mut fields = vec!["0".to_owned(); 50];
        for (number, value) in [(14, "150"), (15, "50"), (20, "7"), (22, "1000"), (24, "3")] {
            fields[number - 3] = value.to_owned();
        }
        let stat = Stat::parse(&format!("42 (a) b) {}", fields.join(" "))).unwrap();
        let ticks = float(clock_ticks_per_second());
        let memory = 3.0 * float(page_size() as u64);
        let found = (stat.cpu_seconds, stat.threads, stat.resident_bytes);
        assert_eq!(found, (200.0 / ticks, 7.0, memory));
        assert!(Stat::parse("42 (x) 1 2").is_none());
        assert!(Stat::parse("").is_none());
    }

    #[test]
    fn this_process_is_found() {
        let stat = Stat::read().unwrap();
        assert!(stat.threads >= 1.0 && stat.resident_bytes > 0.0);
        assert!(boot_seconds().unwrap() > 1.0e9);
    }
}
