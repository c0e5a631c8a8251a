//! What goes over the control socket: one JSON object a line. The hub says hello, the command asks, the hub
//! tells. docs/operations.md describes it; a change that an older command would misunderstand raises
//! [`PROTOCOL`].

use flisthub_flist::wire::{JobInfo, JobLine};
use serde::{Deserialize, Serialize};

use crate::jobs::{Event, JobSpec, wire};

/// The version of all this.
pub const PROTOCOL: u32 = 1;

/// The most bytes of a line that the hub reads.
pub const LINE_BYTES: usize = 64 << 10;

/// What a command asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// Queue a job and tell how it goes.
    Start {
        /// What to do.
        job: JobSpec,
    },
    /// Ask a job to end.
    Cancel {
        /// Which; absent: the one that is followed here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// List the newest jobs.
    Jobs {},
    /// Bring a deleted name back.
    Undelete {
        /// The name, `repository/name`.
        name: String,
    },
}

/// What the hub tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "snake_case")]
pub enum Tell {
    /// First of all, without being asked.
    Hello {
        /// The version of the protocol.
        protocol: u32,
        /// The version of the hub.
        version: String,
    },
    /// How the followed job stands now.
    Job {
        /// The job.
        job: JobInfo,
    },
    /// A line of the followed job's log.
    Line {
        /// The line.
        line: JobLine,
    },
    /// The followed job has ended; another may be asked for.
    Ended {
        /// The job.
        job: JobInfo,
    },
    /// The newest jobs, newest first.
    Jobs {
        /// The jobs.
        jobs: Vec<JobInfo>,
    },
    /// What was asked was done.
    Done {},
    /// What was asked was not done.
    Error {
        /// Why, for people.
        message: String,
    },
}

impl From<Event> for Tell {
    fn from(event: Event) -> Self {
        match event {
            Event::Moved(row) => Self::Job { job: wire::job(row) },
            Event::Line(line) => Self::Line { line: wire::line(line) },
            Event::Ended(row) => Self::Ended { job: wire::job(row) },
        }
    }
}

/// A message as it goes over the socket.
pub(super) fn line(message: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_frozen_and_bad_ones_refused() {
        for (ask, json) in [
            (Ask::Start { job: JobSpec::Space {} }, r#"{"ask":"start","job":{"kind":"space"}}"#),
            (Ask::Cancel { id: None }, r#"{"ask":"cancel"}"#),
            (Ask::Cancel { id: Some("ab".into()) }, r#"{"ask":"cancel","id":"ab"}"#),
            (Ask::Jobs {}, r#"{"ask":"jobs"}"#),
            (Ask::Undelete { name: "a/b".into() }, r#"{"ask":"undelete","name":"a/b"}"#),
        ] {
            assert_eq!(serde_json::to_string(&ask).unwrap(), json);
            assert_eq!(serde_json::from_str::<Ask>(json).unwrap(), ask);
        }
        for bad in ["", "{}", "[]", "7", r#"{"ask":"x"}"#, r#"{"ask":"jobs","all":true}"#] {
            assert!(serde_json::from_str::<Ask>(bad).is_err(), "{bad}");
        }
        let hello = Tell::Hello { protocol: PROTOCOL, version: "0.1.0".into() };
        let json = r#"{"tell":"hello","protocol":1,"version":"0.1.0"}"#;
        assert_eq!(serde_json::to_string(&hello).unwrap(), json);
    }
}
