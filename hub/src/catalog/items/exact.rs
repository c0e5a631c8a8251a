//! What an index cannot tell: whether a geometry meets what is asked for, and not only the box around it.

use std::str::FromStr as _;
use std::sync::Arc;

use geo::{Geometry, Intersects as _, Rect};

use super::pieces::{bounds, of_bounds, of_geometry};
use super::query::ItemQuery;
use super::sql::Bound;
use crate::catalog::error::CatalogError;

/// Where items are looked for.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    /// In a box: its rectangles.
    Box(Arc<[Rect<f64>]>),
    /// In a geometry.
    Geometry(Arc<Geometry<f64>>),
}

/// Where an item is, as far as the index knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Where {
    /// West, south, east and north.
    pub(super) columns: [f64; 4],
    /// Whether the box is all of it.
    pub(super) boxed: bool,
}

impl Asked {
    /// What a search asks for; `None`: it does not matter where items are.
    pub(super) fn of(query: &ItemQuery) -> Option<Self> {
        if let Some(geometry) = &query.intersects {
            return Some(Self::Geometry(Arc::new(geometry.clone())));
        }
        query.bbox.as_ref().map(|bounds| Self::Box(of_bounds(bounds).into()))
    }

    /// The rectangles that an item's box must meet.
    pub(super) fn pieces(&self) -> Vec<Rect<f64>> {
        match self {
            Self::Box(pieces) => pieces.to_vec(),
            Self::Geometry(geometry) => of_geometry(geometry),
        }
    }

    /// Whether an item whose box meets a rectangle needs no closer look.
    pub(super) fn is_sure(&self, place: &Where) -> bool {
        let Self::Box(pieces) = self else { return false };
        let [west, south, east, north] = place.columns;
        place.boxed
            || pieces.iter().any(|piece| {
                let (min, max) = (piece.min(), piece.max());
                min.x <= west && east <= max.x && min.y <= south && north <= max.y
            })
    }

    /// The same in SQL. `None`: nothing is sure.
    pub(super) fn sure(&self, bound: &mut Bound) -> Option<String> {
        let Self::Box(pieces) = self else { return None };
        let within = pieces.iter().map(|piece| {
            let (min, max) = (piece.min(), piece.max());
            let (west, east) = (bound.real(min.x), bound.real(max.x));
            let (south, north) = (bound.real(min.y), bound.real(max.y));
            format!(
                " or (i.west >= {west} and i.east <= {east}
                      and i.south >= {south} and i.north <= {north})"
            )
        });
        Some(format!("(i.boxed = 1{})", within.collect::<String>()))
    }

    /// Looks closer. `geometry` is GeoJSON; of an item without one the box is all.
    pub(super) fn meets(&self, place: &Where, geometry: Option<&str>) -> bool {
        match geometry {
            None => of_bounds(&bounds(place.columns)).iter().any(|piece| self.meets_box(piece)),
            Some(text) => {
                let read = geojson::Geometry::from_str(text);
                let read = read.ok().and_then(|read| Geometry::<f64>::try_from(read).ok());
                read.is_some_and(|geometry| self.meets_geometry(&geometry))
            }
        }
    }

    fn meets_box(&self, piece: &Rect<f64>) -> bool {
        match self {
            Self::Box(pieces) => pieces.iter().any(|asked| asked.intersects(piece)),
            Self::Geometry(asked) => asked.intersects(piece),
        }
    }

    fn meets_geometry(&self, geometry: &Geometry<f64>) -> bool {
        match self {
            Self::Box(pieces) => pieces.iter().any(|asked| asked.intersects(geometry)),
            Self::Geometry(asked) => asked.intersects(geometry),
        }
    }
}

/// Looking closer ended without a word.
pub(super) fn gone(error: tokio::task::JoinError) -> CatalogError {
    CatalogError::Database(sqlx::Error::Io(std::io::Error::other(error)))
}
