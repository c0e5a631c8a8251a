//! Geometries and boxes of a filter in the plane of longitudes and latitudes, as they are computed with; and whether the
//! polygons of a filter are such that they can be. What is asked of them is `eval::spatial`'s.

use std::panic::catch_unwind;

use geo::{
    Coord, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, Validation as _,
};

use crate::geometry::{BBox, Geometry, Position};

/// Positions of rings of one filter whose edges are held against one another: each is with each, while the caller waits.
pub(crate) const COMPARED: usize = 500;

/// Positions and rings of a geometry with several rings that are held against one another: edges of two rings may all
/// cross, which takes more than finding that one ring crosses itself.
const COMPARED_TOGETHER: (usize, usize) = (120, 16);

/// What is wrong with the polygons of a geometry: rings that cross themselves or one another, holes outside, parts that
/// overlap. Nothing, too, where there is more than can be held against one another while somebody waits, of which `left`
/// is what is left.
pub(crate) fn broken(geometry: &Geometry, left: &mut usize) -> Option<String> {
    if let Geometry::Collection(parts) = geometry {
        return parts.iter().find_map(|part| broken(part, left));
    }
    let (positions, rings) = (geometry.positions(), geometry.rings());
    let (few, together) = COMPARED_TOGETHER;
    let is_asked = match rings {
        0 => false,
        1 => true,
        _ => positions <= few && rings <= together,
    };
    if !is_asked || positions > *left {
        return None;
    }
    *left = left.saturating_sub(positions);
    // What makes the library panic is not known to be broken; see `eval::spatial`.
    let checked = catch_unwind(|| planar(geometry).check_validation()).ok()?;
    checked.err().map(|error| error.to_string())
}

/// A geometry without its heights.
pub(crate) fn planar(geometry: &Geometry) -> geo::Geometry {
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
pub(crate) fn of_box(bbox: &BBox) -> geo::Geometry {
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

#[cfg(test)]
mod tests {
    use crate::Filter;

    fn told(wkt: &str) -> Option<String> {
        Filter::from_text(&format!("S_INTERSECTS(geometry, {wkt})")).unwrap().broken_geometry()
    }

    #[test]
    fn broken_polygons_are_told() {
        for (wkt, expected) in [
            ("POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))", "exterior ring has a self-intersection"),
            ("POLYGON((0 0, 1 1, 0 0, 0 0))", "exterior ring must have at least 3 distinct"),
            (
                "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (5 5, 6 5, 6 6, 5 5))",
                "interior ring at index 0 is not contained",
            ),
            (
                "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 3 3, 3 1, 1 3, 1 1))",
                "interior ring at index 0 has a self-intersection",
            ),
            ("MULTIPOLYGON(((0 0, 2 0, 2 2, 0 0)), ((1 0, 3 0, 3 2, 1 0)))", "overlap"),
            (
                "GEOMETRYCOLLECTION(POINT(1 1), POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))",
                "exterior ring has a self-intersection",
            ),
        ] {
            let told = told(wkt).unwrap_or_default();
            assert!(told.contains(expected), "{wkt}: {told}");
        }
    }

    #[test]
    fn sound_geometries_are_taken() {
        for wkt in [
            "BBOX(170, -10, -170, 10)",
            "LINESTRING(0 0, 1 1, 1 0, 0 1)",
            "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
            "POLYGON((0 0, 0 4, 4 4, 4 0, 0 0), (0 2, 1 1, 1 2, 0 2))",
            "MULTIPOLYGON(((0 0, 2 0, 2 2, 0 0)), ((2 2, 3 2, 3 3, 2 2)))",
        ] {
            assert_eq!(told(wkt), None, "{wkt}");
        }
    }

    /// A ring like a bow tie, of so many positions and five.
    fn tie(more: u32) -> String {
        let more = (1..=more)
            .map(|at| format!("{} 0, ", f64::from(at) / 1e6))
            .collect::<Vec<_>>()
            .concat();
        format!("(0 0, {more}1 1, 1 0, 0 1, 0 0)")
    }

    #[test]
    fn what_takes_long_to_find_out_is_not_asked() {
        assert!(told(&format!("POLYGON({})", tie(495))).is_some());
        assert!(told(&format!("POLYGON({})", tie(496))).is_none());
        let two = |more: u32| told(&format!("POLYGON({}, {})", tie(more), tie(0)));
        assert!(two(110).is_some());
        assert!(two(111).is_none());
        // Of all geometries of a filter together.
        let ring = |points: &str| format!("POLYGON((0 -80, {points}170 -80, 0 -80))");
        let both =
            |points| told(&format!("GEOMETRYCOLLECTION({}, POLYGON({}))", ring(points), tie(3)));
        let many = (0..490).map(|at| format!("{} {}, ", f64::from(at) / 3.0, at % 2));
        assert!(both("85 10, ").is_some() && both(&many.collect::<Vec<_>>().concat()).is_none());
        let many = vec![format!("({})", tie(0)); 17].join(", ");
        assert!(told(&format!("MULTIPOLYGON({many})")).is_none());
    }
}
