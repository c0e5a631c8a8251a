//! The catalogue of what is published: searching, items, collections. What an item is and how it is written out is in
//! `crate::stac`; the index is the catalog's.

mod aggregate;
mod at;
mod collections;
mod create;
mod item;
mod new_item;
mod readable;
mod search;
mod shown;
#[cfg(feature = "geoparquet")]
mod table;
mod write;

pub use aggregate::aggregate;
pub use collections::{
    ShownCollection, collection, collections, known, observed, search_collections,
};
pub use create::{Created, create};
pub use item::item;
pub use readable::{Access, access};
pub use search::{Found, ids, in_turn, search};
pub use shown::Shown;
#[cfg(feature = "geoparquet")]
pub use table::table;
pub use write::{Allows, Part, change, remove};
