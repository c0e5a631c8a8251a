//! What is wrong with a member of an item, as a publisher is told: a JSON pointer (RFC 6901) to it, and what about it.
//! Of the alternatives of a schema only those errors are told that the one makes which was meant.

use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::alternatives::{MAX_DEPTH, beside, meant, missing, types};
use super::sentence::{either, given, said};

/// Faults of one item that are told.
pub(super) const MAX_FAULTS: usize = 10;

/// The most bytes of a message, and of a pointer.
const MAX_MESSAGE: usize = 280;

/// Something that is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer to the member; empty: the item itself.
    pub pointer: String,
    /// What is wrong with it, in a few words.
    pub what: String,
}

impl Fault {
    /// Adds what a schema finds, each once, and of much not all.
    pub(super) fn tell(error: &ValidationError<'_>, faults: &mut Vec<Self>) {
        Self::inner(error, "", MAX_DEPTH, faults);
    }

    /// `why` is what a member that is or is not there goes with; `left` bounds how deep alternatives are looked into.
    fn inner(error: &ValidationError<'_>, why: &str, left: usize, faults: &mut Vec<Self>) {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        let at = error.instance_path();
        if let Some(names) = missing(error, left) {
            return add(faults, at.as_str(), given(&names) + why);
        }
        if let Some(types) = types(error, left) {
            return add(faults, at.as_str(), format!("it is not of type {}", either(&types)));
        }
        if let Some(branch) = meant(error).filter(|_| left > 0) {
            let why = beside(error, branch);
            let left = left.saturating_sub(1);
            return branch.iter().for_each(|error| Self::inner(error, &why, left, faults));
        }
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for name in unexpected.iter().take(MAX_FAULTS) {
                    let what = "the schema knows no member of this name".to_owned();
                    add(faults, at.join(name.as_str()).as_str(), what);
                }
            }
            _ => add(faults, at.as_str(), said(error, why)),
        }
    }
}

fn add(faults: &mut Vec<Fault>, pointer: &str, what: String) {
    let fault = Fault { pointer: cut(pointer.to_owned()), what: cut(what) };
    if faults.len() < MAX_FAULTS && !faults.contains(&fault) {
        faults.push(fault);
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
