//! When a call is made again, and after how long.

use std::time::Duration;

use crate::error::ClientError;

/// The longest wait that a hub can ask for with `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);

/// What a hub answers whose database went away: what was asked for may have been done all the same.
const CATALOG_UNREACHABLE: &str = "catalog_unreachable";

/// How long to wait and how often to try.
#[derive(Debug, Clone)]
pub struct Patience {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles each time.
    pub first_wait: Duration,
    /// How long a connection may take to come about.
    pub connect: Duration,
    /// How long a hub may be silent, before its answer and within it.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(250),
            connect: Duration::from_secs(10),
            silence: Duration::from_mins(2),
        }
    }
}

/// Whether a call may be made again when it is not known if the hub has carried it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Twice is the same as once.
    Safe,
    /// Only when the hub has certainly not carried it out: no connection, or turned away.
    IfRefused,
}

/// Whether it is not known if the hub has carried the call out.
pub(crate) fn may_have_been_done(error: &ClientError) -> bool {
    match error {
        ClientError::Interrupted { .. } | ClientError::Stalled { .. } => true,
        // A proxy says nothing of it, and a hub whose database went away in the middle cannot know.
        ClientError::Unavailable { refusal, .. } => {
            matches!(refusal.status, 502 | 504) || refusal.code == CATALOG_UNREACHABLE
        }
        _ => false,
    }
}

/// Whether another attempt makes sense and does no harm.
pub(crate) fn may_try_again(error: &ClientError, repeat: Repeat) -> bool {
    match error {
        ClientError::Unreachable { .. } => true,
        ClientError::Unavailable { refusal, .. }
            if matches!(refusal.status, 429 | 503) && refusal.code != CATALOG_UNREACHABLE =>
        {
            true
        }
        error => repeat == Repeat::Safe && may_have_been_done(error),
    }
}

/// The wait that the hub asked for, if it did.
pub(crate) fn asked_wait(error: &ClientError) -> Option<Duration> {
    match error {
        ClientError::Unavailable { retry_after, .. } => {
            retry_after.map(|wait| wait.min(MAX_RETRY_AFTER))
        }
        _ => None,
    }
}
