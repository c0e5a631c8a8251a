//! `GeoParquet`: the footer of a Parquet file, and the metadata that `GeoParquet` keeps there. No page is read.

mod footer;
mod geo;
mod thrift;

use crate::error::GeodataError;
use crate::facts::{Facts, Found};
use crate::source::{Bounded, Source};

pub(crate) fn read<S: Source + ?Sized>(source: &Bounded<'_, S>) -> Result<Facts, GeodataError> {
    let footer = footer::read(source)?;
    let Some(text) = footer.geo else {
        return Err(GeodataError::unsupported("it is Parquet without the metadata of GeoParquet"));
    };
    let mut facts = Facts::default();
    if let Ok(rows) = u64::try_from(footer.rows) {
        facts.features = Found::new(rows, "Parquet footer");
    } else {
        facts.warnings.add("its footer says less than no rows");
    }
    geo::read(&text, &mut facts)?;
    Ok(facts)
}

#[cfg(test)]
mod tests;
