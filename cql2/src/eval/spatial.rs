//! How geometries lie to one another: planar, in longitudes and latitudes, without heights.

use std::panic::catch_unwind;

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::relate::IntersectionMatrix;
use geo::{
    BoundingRect, CoordsIter, HasDimensions, Intersects, LineString, MultiLineString, MultiPoint,
    MultiPolygon, Polygon, Rect, Relate,
};
use serde_json::Value;

use super::steps::Steps;
use super::{Evaluation, Outcome, Properties, Truth};
use crate::json;
use crate::limits::CROSSINGS;
use crate::operators::Spatial;
use crate::planar::{of_box, planar};
use crate::tree::Expr;

impl<'a, P: Properties + ?Sized> Evaluation<'a, P> {
    pub(super) fn spatial(&self, operator: Spatial, pair: &'a (Expr, Expr)) -> Outcome<Truth> {
        let (first, second) = (self.shape(&pair.0)?, self.shape(&pair.1)?);
        let Some((first, second)) = first.zip(second) else { return Ok(None) };
        self.steps.take_pairs(first.coords_count() / 4 + 1, second.coords_count() + 1)?;
        let meets = matches!(operator, Spatial::Intersects | Spatial::Disjoint);
        if !meets && crossings(&first, &second, &self.steps)? > CROSSINGS {
            return Ok(None);
        }
        // Rings that cross themselves or one another can make the library panic; then nothing is known.
        Ok(catch_unwind(|| relate(operator, &first, &second)).ok())
    }

    /// The geometry that an expression is; nothing where there is none, or where it has too many positions.
    fn shape(&self, expression: &'a Expr) -> Outcome<Option<geo::Geometry>> {
        Ok(match expression {
            Expr::Geometry(geometry) => Some(planar(geometry)),
            Expr::BBox(bbox) => Some(of_box(bbox)),
            Expr::Property(name) => {
                let value = self.properties.property(name);
                let Some(Value::Object(members)) = value.as_deref() else { return Ok(None) };
                json::read_geometry(members).ok().map(|geometry| planar(&geometry))
            }
            other => self.value(other).map(|_| None)?,
        })
    }
}

/// How many pairs of edges may meet, of both or of one of them: those whose boxes do. Counted from west to east, as
/// far as it matters.
fn crossings(first: &geo::Geometry, second: &geo::Geometry, steps: &Steps) -> Outcome<usize> {
    let mut edges: Vec<Rect> = [first, second].into_iter().flat_map(edges).collect();
    edges.sort_by(|left, right| left.min().x.total_cmp(&right.min().x));
    let mut met = 0_usize;
    for (at, edge) in edges.iter().enumerate() {
        let east = edge.max().x;
        let others = edges.iter().skip(at + 1).take_while(|other| other.min().x <= east);
        for other in others {
            steps.take(1)?;
            met += usize::from(edge.min().y <= other.max().y && other.min().y <= edge.max().y);
            if met > CROSSINGS {
                return Ok(met);
            }
        }
    }
    Ok(met)
}

/// The boxes around its edges.
fn edges(geometry: &geo::Geometry) -> Vec<Rect> {
    let of_line = |line: &LineString| -> Vec<Rect> {
        line.lines().map(|edge| edge.bounding_rect()).collect()
    };
    let of_polygon = |polygon: &Polygon| -> Vec<Rect> {
        let rings = [polygon.exterior()].into_iter().chain(polygon.interiors());
        rings.flat_map(of_line).collect()
    };
    match geometry {
        geo::Geometry::LineString(line) => of_line(line),
        geo::Geometry::MultiLineString(lines) => lines.iter().flat_map(of_line).collect(),
        geo::Geometry::Polygon(polygon) => of_polygon(polygon),
        geo::Geometry::MultiPolygon(polygons) => polygons.iter().flat_map(of_polygon).collect(),
        geo::Geometry::GeometryCollection(parts) => parts.iter().flat_map(edges).collect(),
        _ => Vec::new(),
    }
}

fn relate(operator: Spatial, first: &geo::Geometry, second: &geo::Geometry) -> bool {
    match operator {
        Spatial::Intersects => meet(first, second),
        Spatial::Disjoint => !meet(first, second),
        _ => {
            let matrix = first.relate(second);
            let common = common_inside(first, second, &matrix);
            let inside = common != Dimensions::Empty;
            match operator {
                Spatial::Contains => inside && matrix.is_contains(),
                Spatial::Crosses => inside && matrix.is_crosses(),
                Spatial::Equals => matrix.is_equal_topo(),
                // The dimension says something of collections alone: of a line in an area the matrix says no.
                Spatial::Overlaps => common == first.dimensions() && matrix.is_overlaps(),
                Spatial::Touches => !inside && meet(first, second),
                Spatial::Within => inside && matrix.is_within(),
                Spatial::Intersects => matrix.is_intersects(),
                Spatial::Disjoint => matrix.is_disjoint(),
            }
        }
    }
}

/// What the insides of both have in common. The matrix of collections may be wrong in that where the border of a part of
/// one kind meets a part of another kind, so these are asked of each kind.
fn common_inside(
    first: &geo::Geometry,
    second: &geo::Geometry,
    matrix: &IntersectionMatrix,
) -> Dimensions {
    let inside = |matrix: &IntersectionMatrix| matrix.get(CoordPos::Inside, CoordPos::Inside);
    let is_collection = |geometry| matches!(geometry, &geo::Geometry::GeometryCollection(_));
    if !is_collection(first) && !is_collection(second) {
        return inside(matrix);
    }
    let others = by_kind(second);
    let each = by_kind(first)
        .into_iter()
        .flat_map(|one| others.iter().map(|other| inside(&one.relate(other))).collect::<Vec<_>>());
    each.max().unwrap_or(Dimensions::Empty)
}

/// The parts of a collection: all points, all lines, and all areas.
fn by_kind(geometry: &geo::Geometry) -> Vec<geo::Geometry> {
    let (mut points, mut lines, mut areas) = (Vec::new(), Vec::new(), Vec::new());
    let mut open = vec![geometry];
    while let Some(part) = open.pop() {
        match part {
            geo::Geometry::GeometryCollection(parts) => open.extend(parts),
            geo::Geometry::Point(point) => points.push(*point),
            geo::Geometry::MultiPoint(more) => points.extend(more),
            geo::Geometry::LineString(line) => lines.push(line.clone()),
            geo::Geometry::MultiLineString(more) => lines.extend(more.clone()),
            geo::Geometry::Polygon(area) => areas.push(area.clone()),
            geo::Geometry::MultiPolygon(more) => areas.extend(more.clone()),
            // A filter has no others.
            _ => {}
        }
    }
    let kinds = [
        (points.is_empty(), MultiPoint::new(points).into()),
        (lines.is_empty(), MultiLineString::new(lines).into()),
        (areas.is_empty(), MultiPolygon::new(areas).into()),
    ];
    kinds.into_iter().filter(|(empty, _)| !empty).map(|(_, kind)| kind).collect()
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
        _ => first.intersects(second),
    }
}
