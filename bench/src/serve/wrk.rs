//! wrk: so many connections that ask again and again for a while. What it counted comes from a script of
//! its own, so that nothing is read out of text for people.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

/// Time before each measurement in which nothing is counted.
const WARM: Duration = Duration::from_secs(1);

/// What is asked for, by how many.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) url: String,
    pub(crate) connections: u32,
    /// Random parts of so many bytes, of a file of so many.
    pub(crate) part: Option<(u32, u64)>,
    pub(crate) zstd: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    /// Requests a second.
    pub(crate) requests: f64,
    /// Milliseconds within which half of the answers came.
    pub(crate) p50: f64,
    /// The same of 99 in 100.
    pub(crate) p99: f64,
    pub(crate) errors: u64,
}

const DONE: &str = r#"
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.status + e.connect + e.read + e.write))
end
"#;

impl Load {
    /// Warms up, and measures.
    pub(crate) fn run(&self, duration: Duration, directory: &Path) -> anyhow::Result<Rates> {
        let script = directory.join("wrk.lua");
        fs::write(&script, self.script())?;
        self.once(WARM, &script)?;
        self.once(duration, &script)
    }

    fn script(&self) -> String {
        let mut script = String::new();
        if self.zstd {
            script.push_str("wrk.headers[\"Accept-Encoding\"] = \"zstd\"\n");
        }
        if let Some((part, length)) = self.part {
            let last = length.saturating_sub(u64::from(part));
            // Writing into a string does not fail.
            let _ = write!(
                script,
                "request = function()\n  local at = math.random(0, {last})\n  return wrk.format(nil, nil, \
                 {{ [\"Range\"] = string.format(\"bytes=%d-%d\", at, at + {part} - 1) }})\nend\n"
            );
        }
        script + DONE
    }

    fn once(&self, duration: Duration, script: &Path) -> anyhow::Result<Rates> {
        let seconds = format!("{}s", duration.as_secs().max(1));
        let mut command = Command::new("wrk");
        command.args(["-t", "1", "-c", &self.connections.to_string(), "-d", &seconds]);
        command.args(["--timeout", "30s", "-s"]).arg(script).arg(&self.url);
        let done = command.stdin(Stdio::null()).output().context("wrk cannot be run")?;
        let text = String::from_utf8_lossy(&done.stdout);
        parse(&text).with_context(|| format!("wrk says {text:?}"))
    }
}

/// Times come in microseconds.
fn parse(text: &str) -> Option<Rates> {
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT "))?;
    let numbers: Vec<f64> =
        line.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let [requests, micros, p50, p99, errors] = numbers[..] else { return None };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let errors = errors as u64;
    Some(Rates { requests: requests * 1e6 / micros, p50: p50 / 1e3, p99: p99 / 1e3, errors })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_says() {
        let rates = parse("Running\nRESULT 1000 2000000 500 9000 3\n").unwrap();
        assert_eq!((rates.requests, rates.p50, rates.p99, rates.errors), (500.0, 0.5, 9.0, 3));
        assert!(parse("RESULT 1 2\n").is_none() && parse("").is_none());
    }
}
