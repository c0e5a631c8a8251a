//! What a person sees who waits for a job of the hub: a bar for each of its parts on a terminal, plain lines
//! of its log elsewhere; programs see nothing but the end.

use flisthub_client::JobEvent;
use flisthub_flist::wire::JobInfo;

use crate::bars::Bars;
use crate::cli::Session;
use crate::failure::{Ending, ending, image_exit};
use crate::interrupt::Interrupt;
use crate::output::Output;

/// The job did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}; `hub-client job {id}` shows its log")]
pub(crate) struct JobFailed {
    id: String,
    code: String,
    message: String,
}

impl JobFailed {
    /// How the program ends.
    pub(crate) fn ending(&self) -> Ending {
        ending(&self.code, image_exit(&self.code))
    }
}

/// Shows a job until it has ended, and gives it if it succeeded. Takes Ctrl-C over: the job goes on then,
/// and what to do about it is said.
pub(crate) fn follow_job(session: &Session, id: &str) -> anyhow::Result<JobInfo> {
    let Session { hub, runtime, output } = session;
    let left = format!(
        "job {id} goes on; `hub-client job {id} --follow` shows how it goes, `hub-client cancel {id}` \
         ends it"
    );
    let _interrupt = Interrupt::catch(hub, runtime.handle(), *output, left)?;
    let mut events = hub.job_events(id);
    let mut show = Show::new(*output);
    let ended = runtime.block_on(async {
        while let Some(event) = events.next().await? {
            match event {
                JobEvent::Moved(job) => show.moved(&job),
                JobEvent::Line(line) => show.say(&line.text),
                JobEvent::Ended(job) => return Ok(job),
            }
        }
        anyhow::bail!("job {id} cannot be followed to its end")
    });
    drop(show);
    succeeded(ended?)
}

/// The job, or why it has no result.
fn succeeded(job: JobInfo) -> anyhow::Result<JobInfo> {
    let (code, message) = match job.state.as_str() {
        "succeeded" => return Ok(job),
        "cancelled" => ("cancelled".to_owned(), format!("job {} was cancelled", job.id)),
        _ => {
            let message = job.error.unwrap_or_else(|| "no reason is known".to_owned());
            (job.error_code.unwrap_or_else(|| "failed".to_owned()), message)
        }
    };
    Err(JobFailed { id: job.id, code, message }.into())
}

/// Where a job is shown.
struct Show {
    output: Output,
    /// Only where somebody watches.
    bars: Option<Bars>,
    /// What was last said of the job as a whole, so that nothing is said twice.
    said: String,
}

impl Show {
    fn new(output: Output) -> Self {
        Self { output, bars: Bars::start(output), said: String::new() }
    }

    fn say(&self, line: &str) {
        match &self.bars {
            Some(bars) => bars.say(line),
            None => self.output.note(line),
        }
    }

    fn moved(&mut self, job: &JobInfo) {
        let now = summary(job);
        if let Some(bars) = &mut self.bars {
            bars.whole(job.done, job.parts.is_empty().then_some(job.total).flatten(), &now);
            bars.parts(&job.parts);
        } else if now != self.said {
            self.output.note(&now);
        }
        self.said = now;
    }
}

/// What is said of the job as a whole.
fn summary(job: &JobInfo) -> String {
    match (job.state.as_str(), &job.phase) {
        ("queued", _) => format!("{}: waits for its turn (job {})", job.kind, job.id),
        (_, None) => format!("{}: runs (job {})", job.kind, job.id),
        (_, Some(phase)) => format!("{}: {phase}", job.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(rest: &str) -> JobInfo {
        let whole = format!(
            r#"{{"id":"ab","kind":"convert","arguments":{{}},"result":null,"done":0,"total":null,"cancel_asked":false,"attempts":0,"user":null,"created":1,"started":null,"finished":null,{rest}}}"#
        );
        serde_json::from_str(&whole).unwrap()
    }

    #[test]
    fn the_end_of_a_job_is_the_end_of_the_program() {
        let succeeded_one = job(r#""state":"succeeded","error":null,"phase":null"#);
        assert_eq!(succeeded(succeeded_one).unwrap().id, "ab");
        for (rest, code, exit) in [
            (r#""state":"cancelled","error":null,"phase":null"#, "cancelled", 1),
            (r#""state":"failed","error":"e","phase":null"#, "failed", 1),
            (
                r#""state":"failed","error":"e","error_code":"unknown_image","phase":null"#,
                "unknown_image",
                3,
            ),
            (
                r#""state":"failed","error":"e","error_code":"registry_unauthorized","phase":null"#,
                "registry_unauthorized",
                4,
            ),
            (
                r#""state":"failed","error":"e","error_code":"bad_layer","phase":null"#,
                "bad_layer",
                6,
            ),
        ] {
            let error = succeeded(job(rest)).unwrap_err();
            assert_eq!(Ending::of(&error), ending(code, exit), "{rest}");
            assert!(error.to_string().contains("hub-client job ab"), "{error}");
        }
    }

    #[test]
    fn a_job_is_told_of_as_it_stands() {
        for (rest, shown) in [
            (
                r#""state":"queued","error":null,"phase":null"#,
                "convert: waits for its turn (job ab)",
            ),
            (r#""state":"running","error":null,"phase":null"#, "convert: runs (job ab)"),
            (r#""state":"running","error":null,"phase":"layers""#, "convert: layers"),
        ] {
            assert_eq!(summary(&job(rest)), shown);
        }
    }
}
