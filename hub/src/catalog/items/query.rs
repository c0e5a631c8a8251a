//! What a search asks the index for, once its parameters were read and the caller is known. How parameters are read is
//! in `crate::stac::parameters`.

use std::sync::Arc;

use geo::Geometry;

use crate::auth::Visibility;
use crate::stac::{Bounds, Direction, Interval, ItemFilter, SortKey, Words};

/// The repositories whose items count: exactly those that the caller may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// All with that visibility or a more open one.
    pub up_to: Visibility,
    /// And these, by number.
    pub also: Vec<i64>,
}

/// A search.
#[derive(Debug, Clone)]
pub struct ItemQuery {
    /// Whose items.
    pub readable: Readable,
    /// Only these collections: none, nothing.
    pub collections: Vec<String>,
    /// Only these items, each `repository/name`.
    pub ids: Option<Vec<String>>,
    /// Only those whose geometry meets that box.
    pub bbox: Option<Bounds>,
    /// Only those whose geometry meets that one. Not together with `bbox`.
    pub intersects: Option<Geometry<f64>>,
    /// Only those whose time meets that span.
    pub interval: Option<Interval>,
    /// Only those whose `datetime`, or the begin of their span, is in that span.
    pub dated: Option<Interval>,
    /// Only those that this finds.
    pub filter: Option<Arc<ItemFilter>>,
    /// Only those with these words.
    pub words: Option<Words>,
    /// Only those with all of these tags.
    pub tags: Vec<String>,
    /// Only what the user with that number starred.
    pub starred_by: Option<i64>,
    /// The order. Items that are equal by all of it, or by nothing at all, are in the order of their rows.
    pub sort: Vec<(SortKey, Direction)>,
    /// From after what that cursor stands for. A cursor is opaque, and good for the same sort only.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}
