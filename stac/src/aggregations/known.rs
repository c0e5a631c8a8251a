//! The aggregations that there are, by their names.

use serde_json::{Value, json};

use super::calendar::Unit;
use super::grid::{Grid, RESOLUTIONS, System};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregation {
    /// What it is called in a request and in the answer.
    pub name: &'static str,
    pub(super) of: Of,
}

/// What it tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Of {
    /// How many items there are.
    Total,
    /// The least `datetime`.
    First,
    /// The greatest.
    Last,
    /// How many there are in each collection.
    Collections,
    /// How many there are in each part of time.
    Times(Unit),
    /// How many have each text as that property.
    Terms(&'static str),
    /// How many have that property between numbers.
    Numbers(&'static str, Bins),
    /// How many have their middle in each cell.
    Middles(Grid),
    /// How many are in each cell, with some part of them.
    Shapes(Grid),
    /// How many have their middle in each cell of H3 of that resolution.
    Hexagons(u8),
}

/// Between which numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bins {
    /// Below the first of them, from each to the next, and from the last on.
    Limits(&'static [f64]),
    /// Each of that width, from zero in both directions.
    Steps(f64),
}

const fn one(name: &'static str, of: Of) -> Aggregation {
    Aggregation { name, of }
}

const fn numbers(name: &'static str, property: &'static str) -> Aggregation {
    one(name, Of::Numbers(property, Bins::Steps(5.0)))
}

const HASH: Grid = Grid { system: System::Geohash, precision: 1 };
const TILE: Grid = Grid { system: System::Geotile, precision: 0 };

/// All of them. Names, limits and what is meant where a request does not say more are those of other servers.
pub const AGGREGATIONS: &[Aggregation] = &[
    one("total_count", Of::Total),
    one("datetime_min", Of::First),
    one("datetime_max", Of::Last),
    one("datetime_frequency", Of::Times(Unit::Month)),
    one("collection_frequency", Of::Collections),
    one("cloud_cover_frequency", Of::Numbers("eo:cloud_cover", Bins::Limits(&[5.0, 15.0, 40.0]))),
    one("platform_frequency", Of::Terms("platform")),
    one("grid_code_frequency", Of::Terms("grid:code")),
    numbers("sun_elevation_frequency", "view:sun_elevation"),
    numbers("sun_azimuth_frequency", "view:sun_azimuth"),
    numbers("off_nadir_frequency", "view:off_nadir"),
    one("grid_geohash_frequency", Of::Middles(HASH)),
    one("grid_geotile_frequency", Of::Middles(TILE)),
    one("centroid_geohash_grid_frequency", Of::Middles(HASH)),
    one("centroid_geotile_grid_frequency", Of::Middles(TILE)),
    one("geometry_geohash_grid_frequency", Of::Shapes(HASH)),
    one("geometry_geotile_grid_frequency", Of::Shapes(TILE)),
    one("grid_geohex_frequency", Of::Hexagons(0)),
    one("centroid_geohex_grid_frequency", Of::Hexagons(0)),
];

impl Of {
    /// How fine its cells are, with the least and the greatest that may be, if it counts by cells.
    pub(super) fn precision(&mut self) -> Option<(&mut u8, (u8, u8))> {
        match self {
            Self::Middles(grid) | Self::Shapes(grid) => {
                let ends = grid.system.precisions();
                Some((&mut grid.precision, ends))
            }
            Self::Hexagons(resolution) => Some((resolution, RESOLUTIONS)),
            _ => None,
        }
    }

    /// What kind of keys its buckets have. `None`: it is one value.
    pub(super) fn keys(&self) -> Option<&'static str> {
        match self {
            Self::Total | Self::First | Self::Last => None,
            Self::Times(_) => Some("datetime"),
            Self::Numbers(..) => Some("numeric"),
            Self::Collections
            | Self::Terms(_)
            | Self::Middles(_)
            | Self::Shapes(_)
            | Self::Hexagons(_) => Some("string"),
        }
    }

    /// What kind of answer it is.
    pub(super) fn data_type(&self) -> &'static str {
        match self {
            Self::Total => "integer",
            Self::First | Self::Last => "datetime",
            _ => "frequency_distribution",
        }
    }
}

/// What is told of all aggregations before one is asked for.
pub fn definitions() -> Vec<Value> {
    let defined = |known: &Aggregation| {
        let (name, data_type) = (known.name, known.of.data_type());
        match known.of.keys() {
            None => json!({"name": name, "data_type": data_type}),
            Some(keys) => json!({
                "name": name, "data_type": data_type, "frequency_distribution_data_type": keys,
            }),
        }
    };
    AGGREGATIONS.iter().map(defined).collect()
}
