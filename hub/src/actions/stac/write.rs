//! Changing items through the STAC API (transaction extension): what a name's item says is written whole, changed in
//! part, or taken back. Its files stay as they are. Making items is in `create`.
//!
//! Whoever changes an item may demand that it still is what they read. That is looked at before the item is composed, and
//! the name and what was set of it must then still be as they were in the transaction that writes it.

use super::at::{at, busy, read};
use super::item::row;
use crate::actions::error::ActionError;
use crate::actions::items::{AGAIN, Set};
use crate::auth::Caller;
use crate::catalog::Pointed;
use crate::stac::written::Sent;
use crate::state::Hub;

/// Whether an item that is answered like this may be changed.
pub type Allows<'a> = &'a (dyn Fn(&str) -> bool + Send + Sync);

/// What becomes of an item that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What was sent stands in its place.
    Whole,
    /// What was sent is laid over it.
    Some,
}

/// Writes an item that is there.
pub async fn change(
    hub: &Hub,
    caller: &Caller,
    item: (&str, &str),
    (body, part): (String, Part),
    allows: Allows<'_>,
) -> Result<(), ActionError> {
    caller.actor()?;
    let new = read(move || Sent::read(&body)).await?;
    let at = at(hub, caller, item).await?;
    for _ in 0..=AGAIN {
        let (seen, _) = at.seen().await?.ok_or_else(|| at.none())?;
        let current = at.current(allows).await?;
        let document = at.document((new.clone(), part), Some(current)).await?;
        let set = Set::ItemAgain(document, at.collections().await?);
        if at.compose(set, seen).await? {
            return Ok(());
        }
    }
    Err(busy())
}

/// Takes an item out of a collection: what was written is gone with the last one. A name that has no files is deleted
/// then. What is not there is gone already.
pub async fn remove(
    hub: &Hub,
    caller: &Caller,
    item: (&str, &str),
    allows: Allows<'_>,
) -> Result<(), ActionError> {
    let at = at(hub, caller, item).await?;
    for _ in 0..=AGAIN {
        let Some((seen, named)) = at.seen().await? else { return Ok(()) };
        if row(hub, at.place()).await?.is_none() {
            return Ok(());
        }
        at.current(allows).await?;
        let mut left = at.collections().await?;
        left.retain(|one| *one != at.collection);
        let removed = if !left.is_empty() {
            at.compose(Set::Categories(left), seen).await?
        } else if matches!(&named.points_at, Pointed::Flist(flist) if flist.entries == 0) {
            at.delete(seen).await?
        } else {
            at.compose(Set::NoItem, seen).await?
        };
        if removed {
            return Ok(());
        }
    }
    Err(busy())
}
