//! `hub-client jobs`, `hub-client job ID` and `hub-client cancel ID`

use std::fmt::Write as _;
use std::str::FromStr;

use clap::Args;
use flisthub_flist::wire::{JobDetail, JobInfo};
use serde::Serialize;
use serde_json::Value;

use crate::cli::Session;
use crate::job_progress::follow_job;
use crate::text;

/// List the newest jobs that you asked for; with the scope `admin`, everybody's.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {}

/// Show a job and the end of its log, or follow it to its end.
#[derive(Debug, Args)]
pub(crate) struct JobArguments {
    /// The job, 32 hex digits.
    #[arg(value_name = "ID")]
    id: JobId,

    /// Wait for the job's end and show how it goes.
    #[arg(long)]
    follow: bool,
}

/// Ask a job to end.
#[derive(Debug, Args)]
pub(crate) struct CancelArguments {
    /// The job, 32 hex digits.
    #[arg(value_name = "ID")]
    id: JobId,
}

/// What names a job.
#[derive(Debug, Clone, PartialEq, Eq)]
struct JobId(String);

impl FromStr for JobId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !id {
            return Err("a job is named by 32 hex digits; `hub-client jobs` lists them".to_owned());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

#[derive(Serialize)]
struct Cancelled<'a> {
    cancel_asked: &'a str,
}

pub(crate) fn list(_arguments: &ListArguments, session: &Session) -> anyhow::Result<()> {
    let page = session.runtime.block_on(session.hub.jobs())?;
    let lines: Vec<String> = page.jobs.iter().map(line).collect();
    let text = if lines.is_empty() { "no jobs".to_owned() } else { lines.join("\n") };
    session.output.result(&page.jobs, &text)
}

pub(crate) fn job(arguments: &JobArguments, session: &Session) -> anyhow::Result<()> {
    let id = &arguments.id.0;
    if arguments.follow {
        let job = follow_job(session, id)?;
        return session.output.result(&job, &details(&job));
    }
    let detail = session.runtime.block_on(session.hub.job(id))?;
    session.output.result(&detail, &with_log(&detail))
}

pub(crate) fn cancel(arguments: &CancelArguments, session: &Session) -> anyhow::Result<()> {
    let id = &arguments.id.0;
    session.runtime.block_on(session.hub.cancel_job(id))?;
    session.output.result(&Cancelled { cancel_asked: id }, &format!("asked job {id} to end"))
}

/// A job in one line.
fn line(job: &JobInfo) -> String {
    let created = text::time(i64::try_from(job.created).unwrap_or(i64::MAX));
    let head = format!("{}  {created}  {:<9}  {}", job.id, job.state, what(job));
    text::harmless(&head).replace('\n', " ")
}

/// What was asked for, as far as it fits into a line.
fn what(job: &JobInfo) -> String {
    let word = |key| job.arguments.get(key).and_then(Value::as_str);
    match (word("image"), word("repository"), word("name")) {
        (Some(image), Some(repository), Some(name)) => {
            format!("{} {image} to {repository}/{name}", job.kind)
        }
        _ => job.kind.clone(),
    }
}

fn details(job: &JobInfo) -> String {
    let mut shown = line(job);
    if let Some(phase) = &job.phase {
        let _ = write!(shown, "\n  phase   {}", text::harmless(phase));
    }
    for part in &job.parts {
        let (name, state) = (text::harmless(&part.name), text::harmless(&part.state));
        let (done, entries) = (text::size(part.done), part.entries);
        let _ = write!(shown, "\n  part    {name}: {state}, {done}, {entries} entries");
    }
    if let Some(error) = &job.error {
        let code = job.error_code.as_deref().unwrap_or("failed");
        let _ = write!(shown, "\n  error   {}: {}", text::harmless(code), text::harmless(error));
    }
    if let Some(result) = &job.result {
        let _ = write!(shown, "\n  result  {}", text::harmless(&result.to_string()));
    }
    shown
}

fn with_log(detail: &JobDetail) -> String {
    let mut shown = details(&detail.job);
    for line in &detail.log {
        let at = text::time(i64::try_from(line.at).unwrap_or(i64::MAX));
        let _ = write!(shown, "\n  {at}  {}", text::harmless(&line.text));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_hex_digits() {
        let id = "0123456789abcdef0123456789ABCDEF";
        assert_eq!(JobId::from_str(id), Ok(JobId(id.to_lowercase())));
        for bad in ["", "..", "0123", "0123456789abcdef0123456789abcdeg", &"0".repeat(33)] {
            assert!(JobId::from_str(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_conversion_says_what_it_converts() {
        let job: JobInfo = serde_json::from_str(
            r#"{"id":"ab","kind":"convert","state":"failed","arguments":{"image":"a\u001b:1","repository":"r","name":"n"},"result":null,"error":"e","error_code":"bad_layer","phase":"layers","done":0,"total":null,"parts":[{"name":"l","done":2048,"total":null,"entries":3,"state":"done"}],"cancel_asked":false,"attempts":0,"user":null,"created":0,"started":null,"finished":null}"#,
        )
        .unwrap();
        assert_eq!(
            details(&job),
            "ab  1970-01-01 00:00  failed     convert a\\u{1b}:1 to r/n\n  phase   layers\n  \
             part    l: done, 2.00 KiB, 3 entries\n  error   bad_layer: e"
        );
    }
}
