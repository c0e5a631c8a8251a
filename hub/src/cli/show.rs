//! What somebody sees who waits for a job: a bar on a terminal, plain lines elsewhere, and the report.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use flisthub_flist::wire::JobInfo;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::report::{harmless, text};
use crate::control::protocol::Tell;

/// The exit code of a job that somebody ended.
const CANCELLED: u8 = 130;

/// The exit code of a scrub that found damage.
const NOT_SOUND: u8 = 2;

/// Shows one job.
pub(super) struct Show {
    json: bool,
    /// Only where somebody watches.
    bar: Option<ProgressBar>,
    /// What was last said of the job, so that nothing is said twice.
    said: Option<(String, Option<String>)>,
}

impl Show {
    /// `json`: the report is to be JSON.
    pub(super) fn new(json: bool) -> Self {
        let bar = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
        Self { json, bar, said: None }
    }

    /// A line beside the report.
    pub(super) fn say(&self, line: &str) {
        let line = harmless(line);
        match &self.bar {
            Some(bar) => bar.println(line),
            None => {
                // Nobody listens there any more: the job goes on all the same.
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
    }

    /// Shows what is new. Gives the exit code once the job has ended.
    pub(super) fn tell(&mut self, tell: Tell) -> anyhow::Result<Option<ExitCode>> {
        match tell {
            Tell::Job { job } => self.moved(&job),
            Tell::Line { line } => self.say(&line.text),
            Tell::Ended { job } => return self.ended(&job).map(Some),
            Tell::Error { message } => anyhow::bail!(message),
            Tell::Done {} | Tell::Hello { .. } | Tell::Jobs { .. } => {}
        }
        Ok(None)
    }

    fn moved(&mut self, job: &JobInfo) {
        let now = (job.state.clone(), job.phase.clone());
        let is_new = self.said.as_ref() != Some(&now);
        self.said = Some(now);
        let what = match (job.state.as_str(), &job.phase) {
            ("queued", _) => format!("{}: waits for its turn (job {})", job.kind, job.id),
            (_, None) => format!("{}: runs (job {})", job.kind, job.id),
            (_, Some(phase)) => format!("{}: {phase}", job.kind),
        };
        match &self.bar {
            Some(bar) => draw(bar, job, harmless(&what)),
            None if is_new => self.say(&what),
            None => {}
        }
    }

    fn ended(&mut self, job: &JobInfo) -> anyhow::Result<ExitCode> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        match job.state.as_str() {
            "succeeded" => {
                let result = job.result.as_ref().unwrap_or(&Value::Null);
                let report = if self.json { format!("{result}\n") } else { text(result) };
                let mut out = std::io::stdout().lock();
                out.write_all(report.as_bytes()).context("the report cannot be written")?;
                out.flush().context("the report cannot be written")?;
                let damage = job.kind == "scrub" && result.get("sound") != Some(&Value::Bool(true));
                Ok(if damage { ExitCode::from(NOT_SOUND) } else { ExitCode::SUCCESS })
            }
            "cancelled" => {
                self.say(&format!("{}: cancelled", job.kind));
                Ok(ExitCode::from(CANCELLED))
            }
            _ => {
                let why = job.error.as_deref().unwrap_or("no reason is known");
                self.say(&format!("flisthub: the {} failed: {why}", job.kind));
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn draw(bar: &ProgressBar, job: &JobInfo, what: String) {
    let template = match job.total {
        Some(_) => "{msg} {bar:28} {percent}% ({eta})",
        None => "{spinner} {msg} {human_pos}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    match job.total {
        Some(total) => bar.set_length(total),
        None => bar.unset_length(),
    }
    bar.set_message(what);
    bar.set_position(job.done);
}
