//! Rows of jobs as they go over the wire: HTTP and the control socket show them alike.

use flisthub_flist::wire::{JobInfo, JobLine, JobPart};
use flisthub_storage::Part;
use serde_json::Value;

use crate::catalog::{JobRow, LogLine};

/// A job.
pub fn job(row: JobRow) -> JobInfo {
    JobInfo {
        id: row.id,
        kind: row.kind,
        state: row.state.word().to_owned(),
        arguments: arguments(row.arguments),
        result: row.result.map(json),
        error: row.error,
        error_code: row.error_code,
        phase: row.phase,
        done: row.done,
        total: row.total,
        parts: row.parts.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
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

/// The parts of a job as its row holds them.
pub(super) fn parts_text(parts: &[Part]) -> String {
    let shown: Vec<JobPart> = parts.iter().map(JobPart::from).collect();
    // Text and numbers are always JSON.
    serde_json::to_string(&shown).unwrap_or_default()
}

/// What is no JSON was written by somebody else; it is shown as the text that it is.
fn json(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// What was asked for. Of credentials it is shown only whether there were any: their fingerprint tells
/// which jobs used the same. The user is shown by name, elsewhere.
fn arguments(text: String) -> Value {
    let mut arguments = json(text);
    if let Some(arguments) = arguments.as_object_mut() {
        arguments.remove("user_id");
    }
    if let Some(credentials) = arguments.get_mut("credentials") {
        *credentials = Value::Bool(!credentials.is_null());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use flisthub_storage::PartState;

    use super::*;

    #[test]
    fn parts_are_shown_as_they_were_told() {
        let part =
            |state| Part { name: "layer".into(), done: 1, total: Some(2), entries: 3, state };
        let states = [PartState::Waiting, PartState::Running, PartState::Reused, PartState::Done];
        let parts: Vec<JobPart> = serde_json::from_str(&parts_text(&states.map(part))).unwrap();
        assert_eq!(
            serde_json::to_value(&parts[0]).unwrap(),
            serde_json::json!({
                "name": "layer", "done": 1, "total": 2, "entries": 3, "state": "waiting"
            })
        );
        let words: Vec<&str> = parts.iter().map(|part| part.state.as_str()).collect();
        assert_eq!(words, ["waiting", "running", "reused", "done"]);
    }

    #[test]
    fn of_credentials_only_that_there_are_some_is_shown() {
        let shown = |text: &str| arguments(text.to_owned()).to_string();
        let with = r#"{"kind":"convert","user_id":7,"image":"a","credentials":"0123456789abcdef"}"#;
        assert_eq!(shown(with), r#"{"credentials":true,"image":"a","kind":"convert"}"#);
        assert_eq!(shown(r#"{"kind":"convert"}"#), r#"{"kind":"convert"}"#);
        assert_eq!(shown("no JSON"), r#""no JSON""#);
    }
}
