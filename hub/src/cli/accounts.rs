//! The catalog for the commands about accounts: they touch it alone, so they work while the hub runs.

use anyhow::Context as _;

use super::Data;
use crate::catalog::Catalog;
use crate::data::DataDirectory;
use crate::place;

pub(super) async fn open(data: &Data) -> anyhow::Result<Catalog> {
    let directory = DataDirectory::open(&data.data)
        .with_context(|| format!("the data directory {}", data.data.display()))?;
    super::refuse_anothers(&directory)?;
    let config = super::config(data.config.as_deref())?;
    Ok(place::open(&directory, &config.catalog).await?)
}

/// Closes it, and gives what came of the work with it.
pub(super) async fn close<T, E>(catalog: Catalog, done: Result<T, E>) -> anyhow::Result<T>
where
    anyhow::Error: From<E>,
{
    catalog.close().await;
    Ok(done?)
}
