//! Rows of jobs as they go over the wire: HTTP and the control socket show them alike.

use flisthub_flist::wire::{JobInfo, JobLine};
use serde_json::Value;

use crate::catalog::{JobRow, LogLine};

/// A job.
pub fn job(row: JobRow) -> JobInfo {
    // What is no JSON was written by somebody else; it is shown as the text that it is.
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    JobInfo {
        id: row.id,
        kind: row.kind,
        state: row.state.word().to_owned(),
        arguments: json(row.arguments),
        result: row.result.map(json),
        error: row.error,
        phase: row.phase,
        done: row.done,
        total: row.total,
        cancel_asked: row.cancel_asked,
        attempts: row.attempts,
        user: row.user,
        created: row.created,
        started: row.started,
        finished: row.finished,
    }
}

/// A line of a job's log.
pub fn line(line: LogLine) -> JobLine {
    JobLine { line: line.line, at: line.at, text: line.text }
}
