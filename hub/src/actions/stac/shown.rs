//! An item on its way out: the row, and what of it depends on who asks.

use super::readable::Access;
use crate::auth::Caller;
use crate::catalog::ItemRow;
use crate::stac::{Context, Fields, Mode, render};
use crate::state::Hub;

/// An item for a caller.
#[derive(Debug)]
pub struct Shown {
    /// Its row.
    pub row: ItemRow,
    /// What the caller may do in its repository, in SharingHub's numbers.
    access_level: u8,
    /// The revision, if it is an older one.
    older: Option<u64>,
    /// The revision after it, of an older one.
    successor: Option<u64>,
    /// Whether the collection has what the name is now.
    latest: bool,
}

impl Shown {
    /// What a name is now.
    pub(super) fn latest(hub: &Hub, caller: &Caller, access: &Access, row: ItemRow) -> Self {
        let access_level = access.level(&hub.config, caller, (row.repository_id, row.visibility));
        Self { row, access_level, older: None, successor: None, latest: true }
    }

    /// The same as an older revision, which is in the row already.
    pub(super) fn older(self, latest: bool, successor: Option<u64>) -> Self {
        Self { older: Some(self.row.revision), successor, latest, ..self }
    }

    /// The item as JSON, for a hub at `base`.
    pub fn write(&self, base: &str, mode: Mode, fields: &Fields) -> String {
        let context = Context {
            base,
            collection: &self.row.collection,
            repository: &self.row.repository,
            name: &self.row.name,
            revision: self.older,
            predecessor: self.row.predecessor,
            successor: self.successor,
            latest: self.latest,
            stars: self.row.stars,
            access_level: Some(self.access_level),
            mode,
            fields,
        };
        render(&self.row.document, &context)
    }
}
