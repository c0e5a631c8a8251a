//! What an item is composed from beside the flist itself. Whoever composes asks for it before, and what was composed
//! counts only if it is still the same in the transaction that writes the item.

use sqlx::AnyConnection;

use super::settings::{ItemSettings, categories, settings, settings_revision};
use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::catalog::names::{Named, named};
use crate::catalog::rows::{column, number};

/// What was true when an item was composed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basis {
    /// Of what was set of the name; 0: nothing was.
    pub settings: i64,
    /// The collections of the repository.
    pub categories: Vec<String>,
    /// When the name was changed last, in seconds since the Unix epoch: the time that the item says, where nothing
    /// else does.
    pub published: u64,
}

/// What composing an item needs from the catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemBasis {
    /// What was set of the name.
    pub settings: Option<ItemSettings>,
    /// The collections of the repository.
    pub categories: Vec<String>,
    /// When the name was first made, in seconds since the Unix epoch; `None`: it is not there.
    pub created: Option<u64>,
    /// When it was last changed.
    pub updated: Option<u64>,
}

impl ItemBasis {
    /// What an item that was composed from it counts by. `published`: when the name changes that it is written with,
    /// or changed last.
    pub fn basis(&self, published: u64) -> Basis {
        let settings = self.settings.as_ref().map_or(0, |settings| settings.revision);
        Basis { settings, categories: self.categories.clone(), published }
    }
}

/// What is true in a transaction.
pub(super) async fn now(
    connection: &mut AnyConnection,
    repository_id: i64,
    known: &Named,
) -> Result<Basis, CatalogError> {
    let settings = settings_revision(&mut *connection, repository_id, &known.name).await?;
    let categories = categories(connection, repository_id).await?;
    Ok(Basis { settings, categories, published: known.updated })
}

/// When a name was made that is there now: at the first change after it was last gone.
pub(super) async fn created(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &str,
    revision: u64,
) -> Result<Option<u64>, CatalogError> {
    let (happened,): (Option<i64>,) = sqlx::query_as(
        "select min(happened_at) from name_history
         where repository_id = $1 and name = $2 and revision <= $3 and kind <> 0
           and revision > (select coalesce(max(revision), 0) from name_history
                           where repository_id = $1 and name = $2 and kind = 0)",
    )
    .bind(repository_id)
    .bind(name)
    .bind(column(revision))
    .fetch_one(connection)
    .await?;
    happened.map(|time| number("name_history", name, time)).transpose()
}

impl Catalog {
    /// What composing the item of a name needs. What was set of a name that is gone counts only where it comes `back`.
    pub async fn item_basis(
        &self,
        repository_id: i64,
        name: &str,
        back: bool,
    ) -> Result<ItemBasis, CatalogError> {
        let begin = self.location.dialect().begin_snapshot();
        let mut reading = self.pool.begin_with(begin).await?;
        let known = named(&mut reading, repository_id, name).await?;
        let created = match &known {
            Some(known) => created(&mut reading, repository_id, name, known.revision).await?,
            None => None,
        };
        let settings = match &known {
            None if !back => None,
            _ => settings(&mut reading, repository_id, name).await?,
        };
        let categories = categories(&mut reading, repository_id).await?;
        reading.rollback().await?;
        Ok(ItemBasis { settings, categories, created, updated: known.map(|known| known.updated) })
    }
}
