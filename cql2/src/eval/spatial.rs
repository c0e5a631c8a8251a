//! How geometries lie to one another: planar, in longitudes and latitudes, without heights.

use std::panic::catch_unwind;

use geo::{Coord, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, Relate};
use serde_json::Value;

use super::{EvaluateError, Evaluation, Outcome, Properties, Truth};
use crate::error::ReadError;
use crate::geometry::{BBox, Geometry, Position};
use crate::json;
use crate::operators::Spatial;
use crate::tree::Expr;

impl<'a, P: Properties + ?Sized> Evaluation<'a, P> {
    pub(super) fn spatial(&self, operator: Spatial, pair: &'a (Expr, Expr)) -> Outcome<Truth> {
        let (first, second) = (self.shape(&pair.0)?, self.shape(&pair.1)?);
        // Rings that cross themselves or one another can make the library panic; then nothing is known.
        Ok(first
            .zip(second)
            .and_then(|(first, second)| catch_unwind(|| relate(operator, &first, &second)).ok()))
    }

    /// The geometry that an expression is; nothing where there is none.
    fn shape(&self, expression: &'a Expr) -> Outcome<Option<geo::Geometry>> {
        match expression {
            Expr::Geometry(geometry) => Ok(Some(planar(geometry))),
            Expr::BBox(bbox) => Ok(Some(of_box(bbox))),
            Expr::Property(name) => {
                let value = self.0.property(name);
                let Some(Value::Object(members)) = value.as_deref() else { return Ok(None) };
                match json::read_geometry(members) {
                    Ok(geometry) => Ok(Some(planar(&geometry))),
                    Err(ReadError::TooMuch { .. }) => {
                        Err(EvaluateError::LargeGeometry(name.clone()))
                    }
                    Err(_) => Ok(None),
                }
            }
            other => self.value(other).map(|_| None),
        }
    }
}

fn relate(operator: Spatial, first: &geo::Geometry, second: &geo::Geometry) -> bool {
    match operator {
        Spatial::Intersects => meet(first, second),
        Spatial::Disjoint => !meet(first, second),
        _ => {
            let matrix = first.relate(second);
            match operator {
                Spatial::Contains => matrix.is_contains(),
                Spatial::Crosses => matrix.is_crosses(),
                Spatial::Equals => matrix.is_equal_topo(),
                Spatial::Overlaps => matrix.is_overlaps(),
                Spatial::Touches => matrix.is_touches(),
                Spatial::Within => matrix.is_within(),
                Spatial::Intersects => matrix.is_intersects(),
                Spatial::Disjoint => matrix.is_disjoint(),
            }
        }
    }
}

/// Whether they share a point: the parts of collections one by one, since these may overlap one another.
fn meet(first: &geo::Geometry, second: &geo::Geometry) -> bool {
    match (first, second) {
        (geo::Geometry::GeometryCollection(parts), other) => {
            parts.iter().any(|part| meet(part, other))
        }
        (other, geo::Geometry::GeometryCollection(parts)) => {
            parts.iter().any(|part| meet(other, part))
        }
        _ => first.relate(second).is_intersects(),
    }
}

fn planar(geometry: &Geometry) -> geo::Geometry {
    match geometry {
        Geometry::Point(at) => Point(coordinate(at)).into(),
        Geometry::LineString(positions) => line(positions).into(),
        Geometry::Polygon(rings) => polygon(rings).into(),
        Geometry::MultiPoint(points) => {
            MultiPoint::new(points.iter().map(|at| Point(coordinate(at))).collect()).into()
        }
        Geometry::MultiLineString(lines) => {
            MultiLineString::new(lines.iter().map(|each| line(each)).collect()).into()
        }
        Geometry::MultiPolygon(polygons) => {
            MultiPolygon::new(polygons.iter().map(|rings| polygon(rings)).collect()).into()
        }
        Geometry::Collection(parts) => {
            geo::Geometry::GeometryCollection(parts.iter().map(planar).collect())
        }
    }
}

fn coordinate(at: &Position) -> Coord {
    Coord { x: at.x, y: at.y }
}

fn line(positions: &[Position]) -> LineString {
    positions.iter().map(coordinate).collect()
}

fn polygon(rings: &[Vec<Position>]) -> Polygon {
    let mut rings = rings.iter().map(|ring| line(ring));
    let outer = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
    Polygon::new(outer, rings.collect())
}

/// The points of a box. Over the antimeridian it is two boxes; one without width or height is a line or a point.
fn of_box(bbox: &BBox) -> geo::Geometry {
    if bbox.west <= bbox.east {
        return rectangle(bbox.west, bbox.east, bbox);
    }
    match (rectangle(bbox.west, 180.0, bbox), rectangle(-180.0, bbox.east, bbox)) {
        (geo::Geometry::Polygon(west), geo::Geometry::Polygon(east)) => {
            MultiPolygon::new(vec![west, east]).into()
        }
        (west, east) => geo::Geometry::GeometryCollection([west, east].into_iter().collect()),
    }
}

#[expect(clippy::float_cmp, reason = "edges that are the same are written the same")]
fn rectangle(west: f64, east: f64, bbox: &BBox) -> geo::Geometry {
    let (south, north) = (bbox.south, bbox.north);
    let corners = [(west, south), (east, south), (east, north), (west, north), (west, south)];
    match (west == east, south == north) {
        (true, true) => Point::new(west, south).into(),
        (false, false) => Polygon::new(corners.into_iter().collect(), Vec::new()).into(),
        _ => LineString::from(vec![(west, south), (east, north)]).into(),
    }
}
