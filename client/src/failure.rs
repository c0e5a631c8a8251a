//! How a failed call ends: its stable word and its exit code.

use std::error::Error;
use std::io::ErrorKind;

use flisthub_client::{ClientError, PullError, PushError};
use flisthub_converter::image::ImageError;
use flisthub_converter::{ConvertError, ExportError, ExtractError};
use flisthub_flist::{FileError, LoadError};
use flisthub_storage::StoreError;

use crate::job_progress::JobFailed;

/// What a script can rely on; shown by `--help` and in `docs/hub-client.md`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failure that none of the others names; with `diff --exit-code`, a difference
  2  the command line is wrong, or no hub is known
  3  there is no such repository, name or path
  4  not allowed: no token, a wrong or expired one, or somebody else's repository
  5  conflict with what the hub has: a name that is taken, a condition that does
     not hold, objects that went in between
  6  what was given cannot be used: a bad archive or tree, a path that is no file,
     a destination that is not empty
  7  the hub cannot be reached, or stopped answering
  130, 143  interrupted

FLISTHUB_TOKEN holds the token; there is no option for it, because others can see
the command lines that you type.";

/// The command line asks for something that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);

/// A [`UsageError`] as a command returns it.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    UsageError(message.into()).into()
}

/// There is no such path in a tree.
#[derive(Debug, thiserror::Error)]
#[error("{name}: there is no {path:?} in it; `hub-client ls {name}` shows what is")]
pub(crate) struct NoSuchPath {
    pub(crate) name: String,
    pub(crate) path: String,
}

/// There is no such item, or none that the caller may see.
#[derive(Debug, thiserror::Error)]
#[error("there is no item {0}: either no such name, or no category has it")]
pub(crate) struct NoSuchItem(pub(crate) String);

/// A path names something else than what the command takes.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub(crate) struct WrongKind {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// The person at the terminal said no.
#[derive(Debug, thiserror::Error)]
#[error("nothing was done")]
pub(crate) struct Declined;

/// Two flists differ, and the exit code shall say so. No failure.
#[derive(Debug, thiserror::Error)]
#[error("they differ")]
pub(crate) struct Differ;

/// Whoever reads the output has stopped reading, as `head` does. No failure.
#[derive(Debug, thiserror::Error)]
#[error("standard output is closed")]
pub(crate) struct OutputClosed;

/// A stable word and an exit code. No word: nothing has failed, and nothing is said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) code: String,
    pub(crate) exit: u8,
}

pub(crate) fn ending(code: &str, exit: u8) -> Ending {
    Ending { code: code.to_owned(), exit }
}

impl Ending {
    /// How `error` ends the program: the first in its chain that says so.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(of_one).unwrap_or_else(|| ending("failed", 1))
    }
}

fn of_one(error: &(dyn Error + 'static)) -> Option<Ending> {
    if error.is::<OutputClosed>() {
        return Some(ending("", 0));
    }
    if error.is::<Differ>() {
        return Some(ending("", 1));
    }
    if error.is::<UsageError>() {
        return Some(ending("usage", 2));
    }
    if error.is::<NoSuchPath>() || error.is::<NoSuchItem>() {
        return Some(ending("not_found", 3));
    }
    if error.is::<WrongKind>() {
        return Some(ending("wrong_kind", 6));
    }
    if error.is::<Declined>() {
        return Some(ending("declined", 1));
    }
    if let Some(error) = error.downcast_ref::<ClientError>() {
        return Some(ending(error.code(), exit_of(error)));
    }
    if let Some(error) = error.downcast_ref::<JobFailed>() {
        return Some(error.ending());
    }
    if let Some(error) = error.downcast_ref::<PushError>() {
        return of_push(error);
    }
    if let Some(error) = error.downcast_ref::<ImageError>() {
        return of_image(error);
    }
    if let Some(error) = error.downcast_ref::<PullError>() {
        return of_pull(error);
    }
    if let Some(error) = error.downcast_ref::<ExportError>() {
        return of_export(error);
    }
    if let Some(LoadError::Missing(_)) = error.downcast_ref::<LoadError>() {
        return Some(ending("missing_objects", 5));
    }
    None
}

/// Transparent errors do not stand in the chain themselves.
fn of_push(error: &PushError) -> Option<Ending> {
    match error {
        PushError::Open { .. } => Some(ending("bad_path", 6)),
        PushError::UnknownProfile(_) => Some(ending("too_old", 1)),
        PushError::Convert(ConvertError::Store(error)) | PushError::Send(error) => of_store(error),
        PushError::Convert(error) => error.is_bad_input().then(|| ending("bad_input", 6)),
        PushError::Image(error) => of_image(error),
        PushError::Client(error) | PushError::Incomplete(error) => of_one(error),
    }
}

fn of_image(error: &ImageError) -> Option<Ending> {
    match error {
        ImageError::Store(error) => of_store(error),
        ImageError::Layer { source, .. } if error.is_internal() => match &**source {
            ConvertError::Store(error) => of_store(error),
            _ => None,
        },
        // What was named cannot be read, as with a push.
        ImageError::File { source, .. }
            if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) =>
        {
            Some(ending("bad_path", 6))
        }
        error if error.is_internal() => None,
        error => Some(ending(error.code(), image_exit(error.code()))),
    }
}

/// The exit code of a conversion that ended with this word, here or on the hub.
pub(crate) fn image_exit(code: &str) -> u8 {
    match code {
        "unknown_image" => 3,
        "registry_unauthorized" | "host_refused" => 4,
        "bad_reference" | "digest_mismatch" | "size_mismatch" | "unknown_type" | "bad_image"
        | "bad_layer" | "no_platform" | "ambiguous_image" | "too_large" => 6,
        _ => 1,
    }
}

fn of_pull(error: &PullError) -> Option<Ending> {
    match error {
        PullError::Client(error) => of_one(error),
        // Something local, as a full disk.
        PullError::File { source, .. } if matches!(**source, FileError::Store(_)) => None,
        PullError::File { .. } => Some(ending("bad_answer", 1)),
        PullError::Extract(ExtractError::NotEmpty(_)) => Some(ending("not_empty", 6)),
        PullError::Extract(
            ExtractError::MissingChunk { .. } | ExtractError::Load(LoadError::Missing(_)),
        ) => Some(ending("missing_objects", 5)),
        PullError::Temporary(_) | PullError::Extract(_) => None,
    }
}

fn of_export(error: &ExportError) -> Option<Ending> {
    match error {
        ExportError::NoSuchPath(_) => Some(ending("not_found", 3)),
        ExportError::Destination { .. } => Some(ending("wrong_kind", 6)),
        error if error.is_bad_request() => Some(ending("cannot_export", 6)),
        ExportError::MissingChunk { .. } | ExportError::Load(LoadError::Missing(_)) => {
            Some(ending("missing_objects", 5))
        }
        _ => None,
    }
}

/// What else a store failed of stands further on in the chain.
fn of_store(error: &StoreError) -> Option<Ending> {
    matches!(error, StoreError::NoSession(_)).then(|| ending("no_session", 5))
}

fn exit_of(error: &ClientError) -> u8 {
    match error {
        ClientError::Address { .. } => 2,
        // The session ended under us: a new push opens another.
        ClientError::NotFound(refusal) if refusal.code == "no_session" => 5,
        ClientError::NotFound(_) => 3,
        ClientError::NoToken(_) | ClientError::NotAllowed(_) => 4,
        ClientError::MissingObjects { .. } | ClientError::Conflict(_) => 5,
        ClientError::Refused(_) => 6,
        ClientError::Unreachable { .. }
        | ClientError::Interrupted { .. }
        | ClientError::Stalled { .. }
        | ClientError::Lost { .. }
        | ClientError::Unavailable { .. } => 7,
        ClientError::Setup(_)
        | ClientError::Roots
        | ClientError::Failed(_)
        | ClientError::BadAnswer { .. }
        | ClientError::BadChunks { .. } => 1,
    }
}
