//! Results on standard output, everything else on standard error; text for people or JSON for
//! programs.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use crate::failure::{Ending, OutputClosed};
use crate::text;

/// Where results and messages go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    colour: bool,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: Message<'a>,
}

#[derive(Serialize)]
struct WarningBody<'a> {
    warning: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    code: &'a str,
    message: &'a str,
}

impl Output {
    /// Prints JSON, or text.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, colour: false }
    }

    /// As it is, in colour if that is welcome and a person reads it.
    pub(crate) fn coloured(self, welcome: bool) -> Self {
        Self { colour: welcome && !self.json && io::stdout().is_terminal(), ..self }
    }

    /// Whether results have colours.
    pub(crate) fn is_coloured(self) -> bool {
        self.colour
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person watches standard error.
    pub(crate) fn is_watched(self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// Prints a result: `value` as JSON, or `text`, one line or several.
    pub(crate) fn result(self, value: &impl Serialize, text: &str) -> anyhow::Result<()> {
        let mut line = if self.json {
            serde_json::to_vec(value).context("the result cannot be written as JSON")?
        } else {
            text.as_bytes().to_vec()
        };
        line.push(b'\n');
        write(&mut io::stdout().lock(), &line)
    }

    /// Tells of something that does not stop the work.
    pub(crate) fn warn(self, message: &str) {
        if self.json {
            say(&WarningBody { warning: Message { code: "warning", message } });
        } else {
            self.note(&format!("warning: {message}"));
        }
    }

    /// Tells people something, and programs nothing.
    pub(crate) fn note(self, message: &str) {
        if !self.json {
            // Nowhere is left to tell that this failed.
            let _ = writeln!(io::stderr(), "hub-client: {}", text::harmless(message));
        }
    }

    /// Tells how the program ends, and ends it so.
    pub(crate) fn fail(self, error: &anyhow::Error) -> ExitCode {
        let Ending { code, exit } = Ending::of(error);
        if !code.is_empty() {
            self.error(&code, &format!("{error:#}"));
        }
        ExitCode::from(exit)
    }

    /// Prints an error.
    pub(crate) fn error(self, code: &str, message: &str) {
        if self.json {
            say(&ErrorBody { error: Message { code, message } });
        } else {
            self.note(message);
        }
    }
}

fn say(value: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Names as they are, or made harmless where a terminal shows them.
pub(crate) fn name(bytes: &[u8]) -> Vec<u8> {
    if io::stdout().is_terminal() { text::shown(bytes).into_bytes() } else { bytes.to_vec() }
}

/// Writes to standard output; its closed end is told apart from other failures.
pub(crate) fn write(out: &mut impl Write, bytes: &[u8]) -> anyhow::Result<()> {
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

/// The outcome of a write to standard output.
pub(crate) fn written(outcome: io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(OutputClosed.into()),
        Err(error) => Err(error).context("cannot write to standard output"),
    }
}
