//! From a file to what it says: which reader is for which kind.

use crate::error::GeodataError;
use crate::facts::Facts;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::source::{Bounded, Source};
use crate::{flatgeobuf, geojson, parquet, shapefile, tiff};

/// Reads what a file says of itself. The reference system of a shapefile is in another file: [`read_shapefile`].
pub fn read<S: Source + ?Sized>(
    kind: Kind,
    source: &S,
    limits: &Limits,
) -> Result<Facts, GeodataError> {
    let source = Bounded::new(source, limits);
    match kind {
        Kind::GeoTiff => tiff::read(&source),
        Kind::GeoJson => geojson::read(&source),
        Kind::GeoParquet => parquet::read(&source),
        Kind::FlatGeobuf => flatgeobuf::read(&source),
        Kind::Shapefile => shapefile::read(&source, None),
    }
}

/// Reads a `.shp`, with the text of the `.prj` beside it.
pub fn read_shapefile<S: Source + ?Sized>(
    source: &S,
    prj: Option<&str>,
    limits: &Limits,
) -> Result<Facts, GeodataError> {
    shapefile::read(&Bounded::new(source, limits), prj)
}
