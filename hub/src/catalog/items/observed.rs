//! What properties items of a collection have, for those who may read some repositories. It is seen of the newest ones,
//! and remembered until any name changes.

use sqlx::Row as _;
use tokio::task::spawn_blocking;

use super::counted::key;
use super::exact::gone;
use super::filter::{clean, readable};
use super::query::Readable;
use super::sql::Bound;
use crate::catalog::Catalog;
use crate::catalog::error::CatalogError;
use crate::stac::Observed;

/// Items that are looked at.
const ITEMS: u32 = 200;

/// Bytes of a document that is looked at; longer ones are left out.
const SHORT: usize = 64 << 10;

impl Catalog {
    /// What the newest items of a collection have that may be read.
    pub async fn observed(
        &self,
        whose: &Readable,
        collection: &str,
    ) -> Result<Observed, CatalogError> {
        let (view, generation) = (key(&(whose, collection)), self.settled_generation());
        let known = generation.and_then(|number| self.counted.observed(view, number));
        if let Some(known) = known {
            return Ok(known);
        }
        let mut bound = Bound::default();
        let collections = bound.texts(&clean(&[collection.to_owned()]));
        let sql = format!(
            "select case when octet_length(d.document) <= {SHORT} then d.document end as document
             from items i join item_documents d on d.number = i.document
             where i.collection in ({collections}) and {}
             order by i.created desc, i.number desc limit {ITEMS}",
            readable(whose)
        );
        let rows = self.rows_in_time(bound, sql).await?;
        let documents = rows.iter().map(|row| row.try_get("document"));
        let documents = documents.collect::<Result<Vec<Option<String>>, _>>()?;
        let look = move || {
            let mut observed = Observed::default();
            for document in documents.iter().flatten() {
                observed.add(document);
            }
            observed
        };
        let observed = spawn_blocking(look).await.map_err(gone)?;
        if let Some(number) = generation.filter(|_| generation == self.settled_generation()) {
            self.counted.remember_observed(view, number, &observed);
        }
        Ok(observed)
    }
}
