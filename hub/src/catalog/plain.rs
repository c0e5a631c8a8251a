//! Changes of names as tests make them to which it does not matter what is in collections: as the hub makes them, with
//! items that are in none.

use super::Catalog;
use super::changes::{Change, Written};
use super::error::CatalogError;
use super::items::Composed;
use super::names::FlistRow;
use crate::name::FlistName;

impl Catalog {
    /// Makes a name point at a flist that is in no collection.
    pub(crate) async fn publish(
        &self,
        change: &Change<'_>,
        flist: &FlistRow,
    ) -> Result<Written, CatalogError> {
        self.publish_item(change, flist, None).await
    }

    /// Renames a name that is in no collection.
    pub(crate) async fn rename(
        &self,
        change: &Change<'_>,
        to: &FlistName,
    ) -> Result<Option<Written>, CatalogError> {
        let (id, name) = (change.repository_id, change.name);
        let flist = self.named(id, name).await?.and_then(|named| named.points_at.flist());
        let before = self.item_basis(id, name.as_str(), false).await?;
        let published = before.updated.map_or(change.now, |at| at.max(change.now));
        let composed = Composed { basis: before.basis(published), ..Composed::default() };
        self.rename_item(change, to, flist.map(|flist| (flist, &composed))).await
    }
}
