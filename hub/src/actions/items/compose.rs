//! Composing the item of a flist under a name.

use std::sync::Arc;

use flisthub_flist::wire::ItemNote;
use flisthub_storage::ChunkId;
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use super::sums::{Stop, Sums};
use crate::actions::error::ActionError;
use crate::catalog::{Composed, ItemBasis, ItemSet, RepositoryRow};
use crate::error::Code;
use crate::name::FlistName;
use crate::stac::{self, Draft, Heard, Inputs};
use crate::state::Hub;

/// What is wrong with an item that is refused, as far as it is told.
const MAX_TOLD: usize = 5;

/// How often an item is composed again because something that it depends on has changed.
pub(crate) const AGAIN: usize = 3;

/// The key under which the categories that were set of a name stand among its metadata.
pub(super) const CATEGORIES: &str = "categories";

/// A flist under a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) repository: &'a RepositoryRow,
    /// The name that it has now, by which something may have been set.
    pub(crate) known_as: &'a FlistName,
    /// The name that it is to have.
    pub(crate) name: &'a FlistName,
    pub(crate) flist: ChunkId,
    /// When the name changes to it, or changed last, in seconds since the Unix epoch.
    pub(crate) published: u64,
    /// Whether the name comes back that was deleted, with what was set of it.
    pub(crate) back: bool,
    /// Bytes that may be read to compute checksums that are not known.
    pub(crate) sums: u64,
}

/// What is set of a name together with a change.
#[derive(Debug, Clone, Default)]
pub(crate) enum Set {
    /// Nothing.
    #[default]
    Nothing,
    /// Its categories; all else stays as it was set.
    Categories(Vec<String>),
    /// All metadata. An item that was written stays in its categories, unless nothing is set.
    All(Map<String, Value>),
    /// An item that is written and its categories, in the place of all that was set.
    Item(String, Vec<String>),
    /// The same where an item is in these categories: what says so goes on to say it.
    ItemAgain(String, Vec<String>),
    /// It is in no category, and nothing was written of it.
    NoItem,
}

impl Set {
    /// Categories that are set, if any are said.
    pub(crate) fn of(categories: Option<Vec<String>>) -> Self {
        categories.map_or(Self::Nothing, Self::Categories)
    }

    /// Whether an item is written, which is refused rather than made of less.
    pub(crate) fn is_written(&self) -> bool {
        matches!(self, Self::Item(..) | Self::ItemAgain(..))
    }

    /// What is set after it, of a name whose repository says these categories.
    fn over(&self, before: ItemSet, of_repository: &[String]) -> ItemSet {
        let of = |categories: &[String]| (CATEGORIES.to_owned(), json!(categories));
        let ItemSet { metadata: mut known, item: written } = before;
        let said = known.get(CATEGORIES).cloned().map(|said| (CATEGORIES.to_owned(), said));
        match self {
            Self::Nothing => {}
            Self::Categories(categories) => known.extend([of(categories)]),
            Self::All(all) if all.is_empty() => return ItemSet::default(),
            Self::All(all) => {
                let mut all = all.clone();
                // Nothing else says where an item is that was written.
                if let Some((key, said)) = said.filter(|_| written.is_some()) {
                    all.entry(key).or_insert(said);
                }
                known = all;
            }
            Self::Item(item, categories) => {
                return ItemSet {
                    metadata: Map::from_iter([of(categories)]),
                    item: Some(item.clone()),
                };
            }
            Self::ItemAgain(item, categories) => {
                let follows = categories == of_repository;
                let said = said.or_else(|| (!follows).then(|| of(categories)));
                return ItemSet { metadata: said.into_iter().collect(), item: Some(item.clone()) };
            }
            Self::NoItem => {
                known.extend([of(&[])]);
                return ItemSet { metadata: known, item: None };
            }
        }
        ItemSet { metadata: known, item: written }
    }
}

/// An item that was composed.
pub(crate) struct Made {
    pub(crate) composed: Composed,
    /// What is wrong with the metadata: also where there is no item for it.
    pub(crate) warnings: Vec<String>,
    /// Whether the hub itself fails to read the metadata: there is no item then.
    pub(crate) failed: bool,
    /// Whether it lacks checksums because the catalog or the store does not answer.
    pub(super) troubled: bool,
}

impl Made {
    /// An item that somebody writes. One of which something would be left out is refused.
    pub(crate) fn whole(self) -> Result<Self, ActionError> {
        let refused = |message| Err(ActionError::Invalid { code: Code::BAD_ITEM, message });
        match self.warnings.as_slice() {
            _ if self.failed => refused("the hub fails to read the item".to_owned()),
            [] => Ok(self),
            some => {
                let some: Vec<&str> = some.iter().take(MAX_TOLD).map(String::as_str).collect();
                refused(some.join("; "))
            }
        }
    }

    /// What of it is told to whoever published it.
    pub(crate) fn into_note(self) -> ItemNote {
        let collections = self.composed.draft.map(|draft| draft.categories).unwrap_or_default();
        ItemNote { collections, warnings: self.warnings }
    }
}

/// Composes the item of a flist under a name.
pub(crate) async fn made(
    hub: &Hub,
    subject: Subject<'_>,
    set: &Set,
    stop: &Stop,
) -> Result<Made, ActionError> {
    let (repository, known_as) = (subject.repository, subject.known_as);
    let before = hub.catalog.item_basis(repository.id, known_as.as_str(), subject.back).await?;
    // As the catalog has it: the time of a name's last change never goes back.
    let published = before.updated.map_or(subject.published, |at| at.max(subject.published));
    let subject = Subject { published, ..subject };
    let known = before.settings.as_ref().map(|known| known.set.clone()).unwrap_or_default();
    let to_be = set.over(known, &before.categories);
    let (heard, sums) = heard(hub, subject, &before, to_be.clone(), stop).await?;
    let Heard { draft, warnings, failed } = heard;
    if draft.is_none() && !warnings.is_empty() {
        let (repository, name) = (&repository.name, subject.name);
        tracing::info!(%repository, %name, ?warnings, "a name's metadata makes no item");
    }
    let set = (!matches!(set, Set::Nothing)).then_some(to_be);
    let basis = before.basis(published);
    let Sums { computed: checksums, lacking, troubled, .. } = sums;
    let composed = Composed { basis, set, draft, checksums, lacking };
    Ok(Made { composed, warnings, failed, troubled })
}

/// Composes the item of a flist as a name had it at an earlier revision, for a collection. Where the name is in the
/// collection now, what its metadata said then of categories does not matter. Checksums that are not known are left out.
pub async fn of_revision(
    hub: &Hub,
    (repository, name): (&RepositoryRow, &FlistName),
    (flist, published): (ChunkId, u64),
    (collection, is_in_it): (&str, bool),
) -> Result<Option<Draft>, ActionError> {
    let subject =
        Subject { repository, known_as: name, name, flist, published, back: false, sums: 0 };
    let before = hub.catalog.item_basis(repository.id, name.as_str(), false).await?;
    let mut known = before.settings.as_ref().map(|known| known.set.clone()).unwrap_or_default();
    let in_it = |draft: &Draft| draft.categories.iter().any(|it| it == collection);
    let stop = Stop::default();
    let (heard_of, _) = heard(hub, subject, &before, known.clone(), &stop).await?;
    let draft = heard_of.draft.filter(in_it);
    if draft.is_some() || !is_in_it {
        return Ok(draft);
    }
    known.metadata.insert(CATEGORIES.to_owned(), json!([collection]));
    Ok(heard(hub, subject, &before, known, &stop).await?.0.draft)
}

async fn heard(
    hub: &Hub,
    subject: Subject<'_>,
    before: &ItemBasis,
    set: ItemSet,
    stop: &Stop,
) -> Result<(Heard, Sums), ActionError> {
    let (repository, name) = (subject.repository.name.clone(), subject.name.to_string());
    let (flist, published) = (subject.flist, subject.published);
    let created = before.created.unwrap_or(published);
    let categories = before.categories.clone();
    let mut sums = Sums::new(hub, subject.repository.id, subject.sums, stop.clone());
    let (store, settings) = (hub.store.clone(), Arc::clone(&hub.stac));
    let work = move || {
        let inputs = Inputs {
            repository: &repository,
            name: &name,
            settings: &settings,
            api: Some(&set.metadata).filter(|api| !api.is_empty()),
            written: set.item.as_deref(),
            categories: &categories,
            created,
            published,
        };
        let heard = stac::compose(&*store, flist, &inputs, &mut |file| sums.of(file))?;
        Ok((heard, sums))
    };
    spawn_blocking(work).await?.map_err(ActionError::of_load)
}
