//! What is wrong with a member of an item, as a publisher is told: a JSON pointer (RFC 6901) to it, and what about it.

use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

/// The most bytes of a message, and of a pointer.
const MAX_MESSAGE: usize = 200;

/// How deep alternatives of alternatives are looked into.
const MAX_DEPTH: usize = 8;

/// Something that is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer to the member; empty: the item itself.
    pub pointer: String,
    /// What is wrong with it, in a few words.
    pub what: String,
}

impl Fault {
    /// The fault that a schema finds. Of alternatives none of which the item fulfils, that one counts which it comes
    /// nearest to.
    pub(super) fn of(error: &ValidationError<'_>) -> Self {
        Self::nearest(error, 0)
    }

    fn nearest(error: &ValidationError<'_>, depth: usize) -> Self {
        let branches = match error.kind() {
            ValidationErrorKind::AnyOf { context }
            | ValidationErrorKind::OneOfNotValid { context } => context.as_slice(),
            _ => &[],
        };
        let depth_of = |error: &ValidationError<'_>| {
            error.instance_path().as_str().bytes().filter(|byte| *byte == b'/').count()
        };
        // The one that goes wrong deepest in the item, and of those the one that goes wrong least often.
        let deepest = |branch: &&Vec<ValidationError<'static>>| {
            (branch.iter().map(&depth_of).max(), std::cmp::Reverse(branch.len()))
        };
        let branch = branches.iter().filter(|branch| !branch.is_empty()).max_by_key(deepest);
        let inner = branch.and_then(|branch| branch.iter().max_by_key(|error| depth_of(error)));
        match inner.filter(|_| depth < MAX_DEPTH) {
            Some(inner) => Self::nearest(inner, depth.saturating_add(1)),
            None => Self::plain(error),
        }
    }

    fn plain(error: &ValidationError<'_>) -> Self {
        let what = cut(error.masked_with("it").to_string());
        Self { pointer: cut(error.instance_path().to_string()), what }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_MESSAGE {
        text.truncate(text.floor_char_boundary(MAX_MESSAGE));
        text.push_str(" ...");
    }
    text
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "the item" } else { &self.pointer };
        write!(to, "{pointer}: {}", self.what)
    }
}
