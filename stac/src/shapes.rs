//! A geometry of GeoJSON (RFC 7946) as one that can be computed with: counted while it is read, every position a
//! longitude and a latitude, rings closed. A plain ring that crosses itself is told; of more rings nobody asks whether they
//! lie well, since who searches needs no answer to that, and finding out takes long. What a geometry of an item is kept as
//! is in `places`.

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon, Validation as _,
};
use serde_json::Value;

/// Collections of geometries within one another.
const MOST_DEPTH: usize = 8;

/// Positions of a ring whose lines are compared with one another: each is with each, while the caller waits and others
/// with it.
const MOST_COMPARED: usize = 500;

/// Why it is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ShapeError {
    /// It is no geometry of GeoJSON.
    #[error("{0}")]
    Form(&'static str),
    /// It is larger than may be.
    #[error("it has more than {0} positions")]
    Large(usize),
    /// A position is not on the Earth.
    #[error("{0}, {1} is no longitude from -180 to 180 and latitude from -90 to 90")]
    Outside(String, String),
    /// It crosses itself, or the like.
    #[error("{0}")]
    Invalid(String),
}

/// Reads a geometry of at most so many positions.
pub(super) fn geometry(value: &Value, most: usize) -> Result<Geometry<f64>, ShapeError> {
    let mut reader = Reader { most, left: most, rings: 0 };
    let geometry = reader.geometry(value, MOST_DEPTH)?;
    if reader.rings <= 1 && most.saturating_sub(reader.left) <= MOST_COMPARED {
        geometry.check_validation().map_err(|error| ShapeError::Invalid(error.to_string()))?;
    }
    Ok(geometry)
}

struct Reader {
    most: usize,
    left: usize,
    /// Rings that were read.
    rings: usize,
}

type Read<T> = Result<T, ShapeError>;

fn list(value: &Value) -> Read<&[Value]> {
    value.as_array().map(Vec::as_slice).ok_or(ShapeError::Form("coordinates must be lists"))
}

impl Reader {
    fn geometry(&mut self, value: &Value, depth: usize) -> Read<Geometry<f64>> {
        let kind = value.get("type").and_then(Value::as_str);
        let kind = kind.ok_or(ShapeError::Form("a geometry is an object with a `type`"))?;
        if kind == "GeometryCollection" {
            return self.collection(value, depth);
        }
        let at = value.get("coordinates").ok_or(ShapeError::Form("it has no `coordinates`"))?;
        Ok(match kind {
            "Point" => Geometry::Point(Point(self.position(at)?)),
            "MultiPoint" => {
                let points = self.each(at, |this, at| Ok(Point(this.position(at)?)))?;
                Geometry::MultiPoint(MultiPoint(points))
            }
            "LineString" => Geometry::LineString(self.line(at)?),
            "MultiLineString" => {
                Geometry::MultiLineString(MultiLineString(self.each(at, Self::line)?))
            }
            "Polygon" => Geometry::Polygon(self.polygon(at)?),
            "MultiPolygon" => Geometry::MultiPolygon(MultiPolygon(self.each(at, Self::polygon)?)),
            _ => return Err(ShapeError::Form("its `type` is none of GeoJSON's geometries")),
        })
    }

    fn collection(&mut self, value: &Value, depth: usize) -> Read<Geometry<f64>> {
        let depth = depth.checked_sub(1).ok_or(ShapeError::Form("collections nest too deeply"))?;
        let inner = value.get("geometries").ok_or(ShapeError::Form("it has no `geometries`"))?;
        let inner = self.each(inner, |this, value| {
            this.take()?;
            this.geometry(value, depth)
        })?;
        Ok(Geometry::GeometryCollection(GeometryCollection(inner)))
    }

    fn each<T>(
        &mut self,
        value: &Value,
        mut read: impl FnMut(&mut Self, &Value) -> Read<T>,
    ) -> Read<Vec<T>> {
        let values = list(value)?;
        if values.is_empty() {
            return Err(ShapeError::Form("it is empty"));
        }
        values.iter().map(|value| read(self, value)).collect()
    }

    fn line(&mut self, value: &Value) -> Read<LineString<f64>> {
        let line = LineString(self.each(value, Self::position)?);
        if line.0.len() < 2 {
            return Err(ShapeError::Form("a line has two positions or more"));
        }
        Ok(line)
    }

    fn polygon(&mut self, value: &Value) -> Read<Polygon<f64>> {
        let mut rings = self.each(value, Self::ring)?.into_iter();
        let outer = rings.next().ok_or(ShapeError::Form("a polygon has a ring"))?;
        Ok(Polygon::new(outer, rings.collect()))
    }

    fn ring(&mut self, value: &Value) -> Read<LineString<f64>> {
        let ring = self.line(value)?;
        if ring.0.len() < 4 || ring.0.first() != ring.0.last() {
            let form = "a ring has four positions or more, and ends where it begins";
            return Err(ShapeError::Form(form));
        }
        self.rings += 1;
        Ok(ring)
    }

    fn position(&mut self, value: &Value) -> Read<Coord<f64>> {
        self.take()?;
        let form = || ShapeError::Form("a position is two numbers, or three");
        let ([x, y] | [x, y, _]) = list(value)? else { return Err(form()) };
        let coord = Coord { x: x.as_f64().ok_or_else(form)?, y: y.as_f64().ok_or_else(form)? };
        if coord.x.abs() > 180.0 || coord.y.abs() > 90.0 {
            return Err(ShapeError::Outside(coord.x.to_string(), coord.y.to_string()));
        }
        Ok(coord)
    }

    fn take(&mut self) -> Read<()> {
        self.left = self.left.checked_sub(1).ok_or(ShapeError::Large(self.most))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Geometry<f64>, ShapeError> {
        geometry(value, 20)
    }

    #[test]
    fn every_type_is_read() {
        let square = json!([[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]);
        for value in [
            json!({"type": "Point", "coordinates": [1, 2.5]}),
            json!({"type": "Point", "coordinates": [-180, 90, 1000]}),
            json!({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}),
            json!({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}),
            json!({"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]]]}),
            json!({"type": "Polygon", "coordinates": square}),
            json!({"type": "MultiPolygon", "coordinates": [square]}),
            json!({"type": "GeometryCollection", "geometries": [
                {"type": "Point", "coordinates": [1, 2]},
            ]}),
        ] {
            assert!(read(&value).is_ok(), "{value}");
        }
    }

    #[test]
    fn what_is_no_geometry_is_told() {
        let mut deep = json!({"type": "Point", "coordinates": [1, 2]});
        for _ in 0..10 {
            deep = json!({"type": "GeometryCollection", "geometries": [deep]});
        }
        let empty: Vec<Value> = vec![json!({"type": "GeometryCollection", "geometries": []}); 2];
        for value in [
            json!(null),
            json!([1, 2]),
            json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}),
            json!({"type": "Point"}),
            json!({"type": "Point", "coordinates": [1]}),
            json!({"type": "Point", "coordinates": []}),
            json!({"type": "Point", "coordinates": ["1", "2"]}),
            json!({"type": "Point", "coordinates": [1, 2, 3, 4]}),
            json!({"type": "Point", "coordinates": [181, 0]}),
            json!({"type": "Point", "coordinates": [0, -90.1]}),
            json!({"type": "LineString", "coordinates": [[1, 2]]}),
            json!({"type": "Polygon", "coordinates": []}),
            json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}),
            json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}),
            json!({"type": "GeometryCollection", "geometries": empty}),
            deep,
        ] {
            assert!(read(&value).is_err(), "{value}");
        }
    }

    /// Two bow ties would take each ring to be held against the other, a large one all of its lines against all others.
    #[test]
    fn what_takes_long_to_find_out_is_not_asked() {
        let tie = |count: u32| {
            let more = (0..count).map(|at| json!([f64::from(at) / 1e6, 0]));
            let rest = [json!([1, 1]), json!([1, 0]), json!([0, 1]), json!([0, 0])];
            more.chain(rest).collect::<Vec<Value>>()
        };
        let read =
            |rings: Value| geometry(&json!({"type": "Polygon", "coordinates": rings}), 2_000);
        assert!(matches!(read(json!([tie(1)])), Err(ShapeError::Invalid(_))));
        assert!(matches!(read(json!([tie(496)])), Err(ShapeError::Invalid(_))));
        assert!(read(json!([tie(497)])).is_ok());
        assert!(read(json!([tie(1), tie(1)])).is_ok());
        let many: Vec<Value> = (0..400).map(|_| json!([tie(1)])).collect();
        assert!(geometry(&json!({"type": "MultiPolygon", "coordinates": many}), 2_000).is_ok());
    }

    #[test]
    fn positions_are_counted() {
        let points = |count: usize| {
            let points: Vec<Value> = (0..count).map(|at| json!([at, 0])).collect();
            json!({"type": "MultiPoint", "coordinates": points})
        };
        assert!(read(&points(20)).is_ok());
        assert_eq!(read(&points(21)), Err(ShapeError::Large(20)));
    }
}
