//! Making items through the STAC API (transaction extension): one, or several that are sent together. A name that is
//! written for the first time has no files.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::at::{At, bad, busy, in_turn, place, read};
use super::item::{item, row};
use super::new_item::NewItems;
use super::shown::Shown;
use super::write::Part;
use crate::actions::error::ActionError;
use crate::actions::items::{AGAIN, Set, Stop, Subject, made};
use crate::actions::still;
use crate::auth::Caller;
use crate::catalog::Pointed;
use crate::stac::written::Posted;
use crate::state::Hub;

/// What was made.
#[derive(Debug)]
pub enum Created {
    /// The item that was sent.
    One(Box<Shown>),
    /// The ids of all items of the collection of features that was sent.
    Several(Vec<String>),
}

/// An item that is to be made.
struct New<'a> {
    at: At<'a>,
    document: String,
}

/// Flists without files, by the numbers of repositories.
type Empty = HashMap<i64, NewItems>;

/// Makes names items that are none yet in a collection. Names that are not there have no files.
///
/// Of several nothing is written unless each of them can be as far as that can be seen before. If something fails later,
/// as where somebody else makes the same item meanwhile, those before it are made, and the error says so.
pub async fn create(
    hub: &Hub,
    caller: &Caller,
    collection: &str,
    body: String,
) -> Result<Created, ActionError> {
    caller.actor()?;
    let posted = read(move || Posted::read(&body)).await?;
    let is_collection = posted.is_collection;
    let (new, mut empty) = (all(hub, caller, collection, posted).await?, Empty::new());
    if !is_collection {
        let [one] = new.as_slice() else { return Err(ActionError::internal("it is one item")) };
        one.make(&mut empty).await?;
        let shown = item(hub, caller, collection, &one.at.id()).await?;
        return Ok(Created::One(Box::new(shown)));
    }
    for one in &new {
        one.can_be_made(&mut empty).await.map_err(|error| one.failed(0, error))?;
    }
    // A request that takes too long is cut off, and nobody would be told what is done.
    let (begun, most) =
        (Instant::now(), Duration::from_secs(hub.config.limits.request_seconds / 2));
    for (done, one) in new.iter().enumerate() {
        let made = if begun.elapsed() > most {
            Err(ActionError::Busy("it takes too long; send the rest again"))
        } else {
            one.make(&mut empty).await
        };
        made.map_err(|error| one.failed(done, error))?;
    }
    Ok(Created::Several(new.iter().map(|one| one.at.id()).collect()))
}

/// Where all of it is written, and what; none of it is there yet.
async fn all<'a>(
    hub: &'a Hub,
    caller: &'a Caller,
    collection: &str,
    posted: Posted,
) -> Result<Vec<New<'a>>, ActionError> {
    let (mut places, mut known) = (Vec::with_capacity(posted.items.len()), HashSet::new());
    for sent in posted.items {
        let id = sent.id().map_err(|faults| bad(&faults))?;
        let place = place(hub, caller, (collection, &id)).await;
        let place = place.map_err(|error| among(sent.pointer(), 0, error))?;
        if !known.insert((place.0.id, place.1.clone())) {
            return Err(bad(&vec![sent.wrong("/id", "an item before it has the same")]));
        }
        places.push((place, sent));
    }
    let turn = in_turn(hub).await?;
    let mut new = Vec::with_capacity(places.len());
    for (place, sent) in places {
        let at = At::new(hub, caller, (collection, place), Arc::clone(&turn)).await?;
        let at = At { pointer: sent.pointer().to_owned(), ..at };
        at.is_none().await.map_err(|error| among(&at.pointer, 0, error))?;
        let document = at.document((sent, Part::Whole), None).await?;
        new.push(New { at, document });
    }
    Ok(new)
}

/// Says of an item that was sent among others which one it is, and how many before it are made.
fn among(pointer: &str, done: usize, error: ActionError) -> ActionError {
    if pointer.is_empty() {
        return error;
    }
    ActionError::Among { at: pointer.to_owned(), done, error: Box::new(error) }
}

impl At<'_> {
    /// Refuses what is an item of the collection already.
    async fn is_none(&self) -> Result<(), ActionError> {
        if row(self.hub, self.place()).await?.is_none() {
            return Ok(());
        }
        let what = format!("{} is an item of {} already", self.id(), self.collection);
        Err(ActionError::Conflict(what))
    }

    /// The flist without files of its repository.
    async fn empty<'b>(&self, empty: &'b mut Empty) -> Result<&'b NewItems, ActionError> {
        Ok(match empty.entry(self.repository.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(none) => {
                none.insert(NewItems::open(self.hub, self.caller, &self.repository).await?)
            }
        })
    }
}

impl New<'_> {
    fn failed(&self, done: usize, error: ActionError) -> ActionError {
        among(&self.at.pointer, done, error)
    }

    /// What is set of a name that is in these collections already.
    fn set(&self, mut categories: Vec<String>) -> Set {
        categories.push(self.at.collection.clone());
        Set::Item(self.document.clone(), categories)
    }

    /// Does all of it but to write it.
    async fn can_be_made(&self, empty: &mut Empty) -> Result<(), ActionError> {
        let At { hub, repository, name, .. } = &self.at;
        let (flist, published) = match self.at.seen().await? {
            Some((_, named)) => match named.points_at {
                Pointed::Flist(flist) => (flist.id, named.updated),
                _ => return Err(self.at.none()),
            },
            None => (self.at.empty(empty).await?.manifest(), hub.clock.now()),
        };
        let subject =
            Subject { repository, known_as: name, name, flist, published, back: false, sums: 0 };
        let set = self.set(self.at.collections().await?);
        made(hub, subject, &set, &Stop::default()).await?.whole().map(drop)
    }

    /// Makes it an item.
    async fn make(&self, empty: &mut Empty) -> Result<(), ActionError> {
        let At { hub, caller, repository, name, .. } = &self.at;
        // Those before it may have taken a while.
        still::may_write(hub, caller, repository).await?;
        for _ in 0..=AGAIN {
            let Some((seen, _)) = self.at.seen().await? else {
                let (set, empty) = (self.set(Vec::new()), self.at.empty(empty).await?);
                match empty.publish(hub, caller, (repository, name), set).await {
                    // Somebody else made it meanwhile.
                    Err(ActionError::Precondition(_)) => continue,
                    made => return made,
                }
            };
            self.at.is_none().await?;
            let set = self.set(self.at.collections().await?);
            if self.at.compose(set, seen).await? {
                return Ok(());
            }
        }
        Err(busy())
    }
}
