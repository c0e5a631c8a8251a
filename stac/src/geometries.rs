//! Geometries: from GeoJSON and WKT, and into GeoJSON. They are bounded here; what they mean on the Earth is for
//! `places`.
//!
//! The crate `geojson` panics on a position of fewer than two numbers when it makes geometries of its own model, so
//! positions are read here.

use geo::{
    Coord, CoordsIter, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon,
};
use serde_json::{Value, json};
use wkt::TryFromWkt;

/// The most points of a geometry: checks and searches take time for each.
pub(super) const MAX_POINTS: usize = 10_000;

/// The most bytes of a geometry as WKT.
const MAX_WKT: usize = 512 << 10;

/// What is no geometry of an item, and may be nested without end.
const COLLECTION: &str = "GeometryCollection";

/// The geometry that GeoJSON says.
pub(super) fn of_geojson(value: &Value) -> Result<Geometry<f64>, String> {
    let mut left = MAX_POINTS;
    geometry(value, &mut left)
}

/// The geometry that well-known text says.
pub(super) fn of_wkt(text: &str) -> Result<Geometry<f64>, String> {
    let text = text.trim();
    if text.len() > MAX_WKT {
        return Err(format!("it is WKT of more than {} KiB", MAX_WKT >> 10));
    }
    // How PostGIS writes it. Only longitude and latitude have a meaning here.
    let text = match text.split_once(';') {
        Some((system, rest)) if system.trim().eq_ignore_ascii_case("SRID=4326") => rest,
        _ => text,
    };
    let words = text.to_ascii_uppercase();
    if words.contains(&COLLECTION.to_ascii_uppercase()) {
        return Err(no_collections());
    }
    if text.bytes().filter(|byte| *byte == b',').count() >= MAX_POINTS {
        return Err(too_many());
    }
    Geometry::try_from_wkt_str(text).map_err(|error| format!("it is no WKT: {error}"))
}

fn too_many() -> String {
    format!("it has more than {MAX_POINTS} points")
}

fn no_collections() -> String {
    format!("STAC has no {COLLECTION} as an item's geometry: write a geometry of several parts")
}

fn geometry(value: &Value, left: &mut usize) -> Result<Geometry<f64>, String> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    let coordinates = value.get("coordinates");
    Ok(match kind {
        "Point" => Point(position(coordinates.unwrap_or(&Value::Null), left)?).into(),
        "MultiPoint" => {
            let line = line(coordinates, left)?;
            MultiPoint(line.into_iter().map(Point).collect()).into()
        }
        "LineString" => long(LineString(line(coordinates, left)?))?.into(),
        "MultiLineString" => {
            let lines = lines(coordinates, left)?.into_iter().map(long);
            MultiLineString(lines.collect::<Result<_, _>>()?).into()
        }
        "Polygon" => polygon(coordinates, left)?.into(),
        "MultiPolygon" => {
            let parts = list(coordinates)?.iter();
            let parts: Result<_, _> = parts.map(|part| polygon(Some(part), left)).collect();
            MultiPolygon(parts?).into()
        }
        COLLECTION => return Err(no_collections()),
        _ => return Err("it is no geometry: its `type` is none of GeoJSON's".to_owned()),
    })
}

fn list(value: Option<&Value>) -> Result<&Vec<Value>, String> {
    let list = value.and_then(Value::as_array);
    list.ok_or_else(|| "it is no GeoJSON: a list is missing in it".to_owned())
}

fn position(value: &Value, left: &mut usize) -> Result<Coord<f64>, String> {
    *left = left.checked_sub(1).ok_or_else(too_many)?;
    let numbers = value.as_array().map(Vec::as_slice).unwrap_or_default();
    match numbers.iter().map(Value::as_f64).collect::<Option<Vec<_>>>().as_deref() {
        Some([x, y] | [x, y, _] | [x, y, _, _]) => Ok(Coord { x: *x, y: *y }),
        _ => Err("it is no GeoJSON: a position is not two or three numbers".to_owned()),
    }
}

fn line(value: Option<&Value>, left: &mut usize) -> Result<Vec<Coord<f64>>, String> {
    list(value)?.iter().map(|value| position(value, left)).collect()
}

fn lines(value: Option<&Value>, left: &mut usize) -> Result<Vec<LineString<f64>>, String> {
    list(value)?.iter().map(|value| Ok(LineString(line(Some(value), left)?))).collect()
}

/// A line with two points.
fn long(line: LineString<f64>) -> Result<LineString<f64>, String> {
    if line.0.len() < 2 { Err("a line of it has too few points".to_owned()) } else { Ok(line) }
}

fn polygon(value: Option<&Value>, left: &mut usize) -> Result<Polygon<f64>, String> {
    let rings = lines(value, left)?;
    if rings.iter().any(|ring| !ring.is_closed()) {
        return Err("a ring of it does not end where it begins".to_owned());
    }
    if rings.iter().any(|ring| ring.0.len() < 4) {
        return Err("a ring of it has too few points".to_owned());
    }
    let mut rings = rings.into_iter();
    let outer = rings.next().ok_or("a polygon of it has no rings")?;
    Ok(Polygon::new(outer, rings.collect()))
}

/// How many points it has.
pub(super) fn points(geometry: &Geometry<f64>) -> usize {
    geometry.coords_count()
}

/// The geometry as GeoJSON.
pub(super) fn geojson(geometry: &Geometry<f64>) -> Value {
    let of_line = |line: &LineString<f64>| json!(line.0.iter().map(pair).collect::<Vec<_>>());
    let of_polygon = |polygon: &Polygon<f64>| {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        json!(rings.map(of_line).collect::<Vec<_>>())
    };
    let (kind, coordinates) = match geometry {
        Geometry::Point(point) => ("Point", pair(&point.0)),
        Geometry::Line(line) => ("LineString", json!([pair(&line.start), pair(&line.end)])),
        Geometry::LineString(line) => ("LineString", of_line(line)),
        Geometry::Polygon(polygon) => ("Polygon", of_polygon(polygon)),
        Geometry::MultiPoint(points) => {
            ("MultiPoint", points.iter().map(|point| pair(&point.0)).collect())
        }
        Geometry::MultiLineString(lines) => {
            ("MultiLineString", lines.iter().map(of_line).collect())
        }
        Geometry::MultiPolygon(parts) => ("MultiPolygon", parts.iter().map(of_polygon).collect()),
        Geometry::Rect(rect) => ("Polygon", of_polygon(&rect.to_polygon())),
        Geometry::Triangle(triangle) => ("Polygon", of_polygon(&triangle.to_polygon())),
        Geometry::GeometryCollection(parts) => {
            let parts: Vec<Value> = parts.iter().map(geojson).collect();
            return json!({ "type": COLLECTION, "geometries": parts });
        }
    };
    json!({ "type": kind, "coordinates": coordinates })
}

fn pair(coord: &Coord<f64>) -> Value {
    json!([coord.x, coord.y])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometries_go_there_and_back() {
        for text in [
            "POINT(1 2)",
            "LINESTRING(0 0,1 1)",
            "POLYGON((0 0,4 0,4 4,0 0),(2 1,3 1,3 2,2 1))",
            "MULTIPOINT(1 2,3 4)",
            "MULTILINESTRING((0 0,1 1),(2 2,3 3))",
            "MULTIPOLYGON(((0 0,4 0,4 4,0 0)))",
        ] {
            let geometry = of_wkt(text).unwrap();
            assert_eq!(of_geojson(&geojson(&geometry)).unwrap(), geometry, "{text}");
        }
        assert_eq!(of_wkt(" srid=4326;POINT(1 2) ").unwrap(), Point::new(1.0, 2.0).into());
        assert!(of_wkt("SRID=3857;POINT(1 2)").is_err());
        assert!(of_wkt("GeometryCollection(POINT(1 2))").unwrap_err().contains("several parts"));
    }

    #[test]
    fn what_is_no_geojson_is_refused() {
        for bad in [
            json!(null),
            json!({}),
            json!({ "type": "Feature", "geometry": null }),
            json!({ "type": "Point", "coordinates": [1] }),
            json!({ "type": "Point", "coordinates": [] }),
            json!({ "type": "Point", "coordinates": [1, "2"] }),
            json!({ "type": "Polygon", "coordinates": [] }),
            json!({ "type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]] }),
            json!({ "type": "LineString", "coordinates": [[0, 0], [1]] }),
            json!({ "type": "LineString", "coordinates": [[0, 0]] }),
            json!({ "type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], []] }),
            json!({ "type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]], []] }),
            json!({ "type": "GeometryCollection",
                "geometries": [{ "type": "Point", "coordinates": [1, 2] }] }),
        ] {
            assert!(of_geojson(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let million = format!("LINESTRING({})", vec!["1 2"; 1_000_000].join(","));
        assert!(of_wkt(&million).unwrap_err().contains("KiB"));
        let many = format!("MULTIPOINT({})", vec!["1 2"; MAX_POINTS + 1].join(","));
        assert!(of_wkt(&many).unwrap_err().contains("10000 points"));
        let many = json!({ "type": "MultiPoint", "coordinates": vec![[1, 2]; MAX_POINTS + 1] });
        assert!(of_geojson(&many).unwrap_err().contains("10000 points"));
        let deep = "GEOMETRYCOLLECTION(".repeat(10_000) + "POINT(1 2)" + &")".repeat(10_000);
        assert!(of_wkt(&deep).is_err());
    }
}
