//! What geodata files say of themselves: where they are on the Earth, in which reference system, of which bands and
//! from when. Read from the few bytes that say it: no pixel and no feature is read, except the positions of GeoJSON and
//! what a thumbnail is made of.
//!
//! Whatever comes in, reading it takes bounded bytes, memory, time and stack ([`Limits`]). It knows neither where files
//! are nor what an item of STAC is made of besides: no disk, no network, no clock and no async. What is read of which
//! format, and the choices made, are in `docs/geodata.md`.

mod crs;
mod error;
mod facts;
mod flatgeobuf;
mod footprint;
mod geojson;
mod kind;
mod limits;
mod parquet;
mod properties;
mod read;
mod shapefile;
mod source;
mod thumbnail;
mod tiff;
mod warnings;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod made;

pub use crs::Crs;
pub use error::{GeodataError, Limit};
pub use facts::{Band, Facts, Found, Statistics};
pub use footprint::Footprint;
pub use kind::Kind;
pub use limits::Limits;
pub use properties::{PROJECTION, RASTER};
pub use read::{read, read_shapefile};
pub use source::{Counted, Source};
pub use thumbnail::{LARGEST, can_thumbnail, thumbnail};
