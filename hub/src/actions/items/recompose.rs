//! Composing the item of a name again that has not changed: something is set of it, or what it depends on is another
//! than it was.

use super::compose::{AGAIN, Set, Subject, made};
use super::sums::Stop;
use crate::actions::error::ActionError;
use crate::catalog::{
    Actor, CatalogError, Change, Condition, Named, Pointed, RepositoryRow, Source,
};
use crate::name::FlistName;
use crate::state::Hub;

/// Bytes that a job reads of one item's files at a time to compute checksums. A larger file has none.
const MOST_BYTES: u64 = 16 << 30;

/// What became of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Again {
    /// Whether it is written. It is not where the hub itself fails to read the metadata: then what was before stays,
    /// unless something is set.
    pub(crate) written: bool,
    /// Whether the name is not as it was seen.
    pub(crate) stale: bool,
    /// Of some of its files checksums lack that can be computed.
    pub(crate) lacking: bool,
    /// What is wrong with the metadata.
    pub(crate) warnings: Vec<String>,
}

/// How a name was when its item was looked at, to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The revision of the name.
    pub(crate) revision: u64,
    /// That of what was set of it.
    pub(crate) settings: i64,
}

/// How an item is composed again.
#[derive(Debug, Clone)]
pub(crate) struct How<'a> {
    /// What is set of it.
    pub(crate) set: &'a Set,
    pub(crate) by: &'a Actor,
    /// What must still be true of the name; `None`: anything.
    pub(crate) seen: Option<Seen>,
    /// Bytes that may be read to compute checksums; `None`: as many as a job may.
    pub(crate) sums: Option<u64>,
    pub(crate) stop: &'a Stop,
}

/// Composes the item of a name again. `None`: the name points at no flist.
pub(crate) async fn one(
    hub: &Hub,
    repository: &RepositoryRow,
    name: &FlistName,
    how: How<'_>,
) -> Result<Option<Again>, ActionError> {
    let mut attempt = 0;
    loop {
        let known = hub.catalog.named(repository.id, name).await?;
        let Some(Named { points_at: Pointed::Flist(flist), updated, revision, .. }) = known else {
            return Ok(None);
        };
        let subject = Subject {
            repository,
            known_as: name,
            name,
            flist: flist.id,
            published: updated,
            back: false,
            sums: how.sums.unwrap_or(MOST_BYTES),
        };
        let change = Change {
            repository_id: repository.id,
            name,
            by: how.by,
            source: Source::Push,
            detail: None,
            condition: &Condition::NONE,
            dry_run: false,
            now: hub.clock.now(),
        };
        let mut made = made(hub, subject, how.set, how.stop).await?;
        let settings = made.composed.basis.settings;
        if how.seen.is_some_and(|seen| seen != Seen { revision, settings }) {
            return Ok(Some(Again { stale: true, ..Again::default() }));
        }
        if how.set.is_written() {
            made = made.whole()?;
        }
        let (composed, warnings) = (&mut made.composed, made.warnings);
        if made.failed && matches!(how.set, Set::Nothing) {
            return Ok(Some(Again { warnings, ..Again::default() }));
        }
        // What it had would be lost.
        if made.troubled && matches!(how.set, Set::Nothing) {
            return Err(ActionError::Busy("checksums cannot be computed now; try again"));
        }
        // Of what a job reads at a time something is new each time, or no job ever reads more.
        let goes_on = how.sums.is_some() || how.stop.is_said() || !composed.checksums.is_empty();
        composed.lacking &= goes_on;
        match hub.catalog.recompose(&change, flist.id, composed).await {
            Ok(true) => {
                let lacking = composed.lacking && composed.draft.is_some();
                return Ok(Some(Again { written: true, stale: false, lacking, warnings }));
            }
            Ok(false) | Err(CatalogError::StaleItem) if attempt < AGAIN => attempt += 1,
            Ok(false) => return Err(CatalogError::StaleItem.into()),
            Err(error) => return Err(error.into()),
        }
    }
}
