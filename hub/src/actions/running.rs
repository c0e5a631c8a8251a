//! Places of what may run at a time: one of those that there are for all, and one of those that each caller
//! has. A caller that has all of its own waits, or is told so, while others find room. Callers without a token
//! never have the last ones.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::error::ActionError;
use crate::limits::{CallerKey, OwnPlace, Shares, TooMany, TooMuch};
use crate::state::Hub;

/// Seconds after which to try again for a place of one's own.
const AGAIN: u64 = 5;

/// What is said of readings, searches and all else that waits for a place and finds none.
const BUSY: &str = "as many requests of this sort are running as may; try again in a few seconds";

/// Something that runs, until it is dropped.
#[derive(Debug)]
pub(super) struct Running {
    _own: Option<Own>,
    _of_all: OwnedSemaphorePermit,
}

/// A caller's place, and one among those of all who have no token, if it is one of them.
#[derive(Debug)]
struct Own {
    _each: OwnPlace<CallerKey>,
    _strangers: Option<OwnedSemaphorePermit>,
}

/// A place, if there is one now; `busy` is what is said if there is none for anybody.
pub(super) fn now(
    own: &Shares,
    all: &Arc<Semaphore>,
    busy: &'static str,
) -> Result<Running, ActionError> {
    let own = match CallerKey::here() {
        None => None,
        Some(caller) => {
            let each = own.each.take(&caller).ok_or_else(too_many)?;
            let strangers = own.with_strangers(&caller).cloned().map(Semaphore::try_acquire_owned);
            let strangers = strangers.transpose().map_err(|_| ActionError::Busy(busy))?;
            Some(Own { _each: each, _strangers: strangers })
        }
    };
    let of_all = Arc::clone(all).try_acquire_owned().map_err(|_| ActionError::Busy(busy))?;
    Ok(Running { _own: own, _of_all: of_all })
}

/// Waits for a place, for half of the time that a request may take: a caller is told to come back before its
/// time is over.
pub(super) async fn turn(
    hub: &Hub,
    own: Option<&Shares>,
    all: &Arc<Semaphore>,
) -> Result<Running, ActionError> {
    let patience = Duration::from_secs(hub.config.limits.request_seconds) / 2;
    let end = Instant::now() + patience;
    let own = match own.zip(CallerKey::here()) {
        None => None,
        Some((own, caller)) => Some(own_turn(own, &caller, end).await?),
    };
    match timeout_at(end, Arc::clone(all).acquire_owned()).await {
        Ok(of_all) => Ok(Running { _own: own, _of_all: of_all.map_err(ActionError::internal)? }),
        Err(_) => Err(ActionError::Busy(BUSY)),
    }
}

async fn own_turn(own: &Shares, caller: &CallerKey, end: Instant) -> Result<Own, ActionError> {
    let each = timeout_at(end, own.each.wait(caller)).await.map_err(|_| too_many())?;
    let strangers = match own.with_strangers(caller) {
        None => None,
        Some(strangers) => {
            let place = timeout_at(end, Arc::clone(strangers).acquire_owned()).await;
            Some(place.map_err(|_| ActionError::Busy(BUSY))?.map_err(ActionError::internal)?)
        }
    };
    Ok(Own { _each: each, _strangers: strangers })
}

/// Waits for a place among all, for as long as it takes.
pub(super) async fn patiently(all: &Arc<Semaphore>) -> Result<Running, ActionError> {
    let of_all = Arc::clone(all).acquire_owned().await.map_err(ActionError::internal)?;
    Ok(Running { _own: None, _of_all: of_all })
}

fn too_many() -> ActionError {
    TooMany { what: TooMuch::AtATime, seconds: AGAIN }.into()
}
