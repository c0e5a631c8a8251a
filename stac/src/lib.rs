//! STAC: what published names look like to those who search for data. Here is what knows the SpatioTemporal Asset
//! Catalog and SharingHub's additions to it, and neither HTTP nor SQL: the catalogue's configuration, how a name's
//! metadata becomes an item, what a search asks for, and how items are written out.
//!
//! No network, no clock and no async; of the disk only the files of the configuration. Objects of flists come from a
//! chunk store that it is handed. In the hub the index is the catalog's (`catalog::items`), what callers may see is
//! decided by `actions::stac`, and addresses are in `routes::stac`.

pub mod aggregations;
mod antimeridian;
mod asked;
mod asset;
mod assets;
pub mod catalog;
mod collection_search;
mod compose;
mod document;
mod draft;
mod extensions;
mod filters;
mod found;
mod front_matter;
mod geometries;
mod globs;
mod hrefs;
mod item_json;
mod item_times;
mod kinds;
mod links;
mod markers;
mod members;
mod number;
mod one_key;
mod own_assets;
pub mod parameters;
mod places;
mod preview;
mod properties;
mod providers;
mod readme;
mod render;
mod rfc3339;
mod rings;
mod said;
pub mod schemas;
mod select;
mod settings;
mod shapes;
mod signs;
mod times;
mod tree_files;
mod warnings;
pub mod words;
pub mod written;
mod yaml;
mod yaml_numbers;

#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
mod collection_search_tests;
#[cfg(test)]
mod compose_tests;
#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod one_key_tests;
#[cfg(test)]
mod places_tests;
#[cfg(test)]
mod sharinghub_tests;

pub use asked::{Direction, SortKey, Words};
pub use catalog::Extent;
pub use collection_search::{CollectionBody, CollectionPage, CollectionSearchError};
pub use compose::{Inputs, compose};
pub use draft::{Bounds, Draft, Heard, Interval, Place};
pub use filters::{
    COLLECTION_QUERYABLES, COLUMNS, Column, Field, FilterError, Implied, Index, ItemFilter, Known,
    Observed, QUERYABLES, Queryable, Scalar, Spelled, Stored, Subject, UNREAD, Values, values,
};
pub use flisthub_cql2::Comparison;
pub use found::{SIDE, SIDES, ThumbnailError, thumbnail};
pub use number::number;
pub use parameters::{Fields, Format, Mode, Search};
pub use places::PLACE_FAILED;
pub use render::{Context, render};
pub use settings::{
    Category, ConfigBody, Root, Settings, SettingsError, Texts, Told, load as load_settings,
};
pub use yaml::{YamlError, YamlLimits, parse as parse_yaml};
