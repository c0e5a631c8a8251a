//! Geometries of GeoJSON as well-known binary (ISO, little-endian).

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::json::Raw;

/// What the code of a type with heights is greater by.
const HEIGHTS: u32 = 1_000;

/// A geometry.
#[derive(Debug)]
pub(crate) struct Wkb {
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// As GeoParquet calls its type: `Polygon`, `Point Z`.
    pub(crate) kind: String,
    /// West, south, east, north of its positions, if it has any.
    pub(crate) bounds: Option<[f64; 4]>,
    /// Whether the bytes say all of it: it had no members beside GeoJSON's own, and no position has more than a height.
    pub(crate) whole: bool,
}

/// A geometry as GeoJSON has it.
#[derive(Deserialize)]
struct Shape {
    r#type: String,
    #[serde(default)]
    coordinates: Value,
    #[serde(default)]
    geometries: Vec<Shape>,
    #[serde(flatten)]
    #[expect(clippy::zero_sized_map_values, reason = "serde flattens into nothing but maps")]
    others: HashMap<String, IgnoredAny>,
}

/// Reads a geometry.
pub(crate) fn read(raw: Raw<'_>) -> Option<Wkb> {
    let shape: Shape = serde_json::from_str(raw.get()).ok()?;
    let mut writer = Writer::new(shape.heights());
    writer.shape(&shape)?;
    let whole = shape.is_whole() && !writer.cut;
    let kind = if writer.heights { format!("{} Z", shape.r#type) } else { shape.r#type };
    Some(Wkb { bytes: writer.bytes, kind, bounds: writer.bounds, whole })
}

impl Shape {
    /// Whether one of its positions has a height.
    fn heights(&self) -> bool {
        has_heights(&self.coordinates) || self.geometries.iter().any(Self::heights)
    }

    fn is_whole(&self) -> bool {
        self.others.is_empty() && self.geometries.iter().all(Self::is_whole)
    }
}

fn has_heights(coordinates: &Value) -> bool {
    let Value::Array(values) = coordinates else { return false };
    let numbers = values.iter().filter(|value| value.is_number()).count();
    numbers > 2 || values.iter().any(has_heights)
}

/// Bytes as they grow.
struct Writer {
    heights: bool,
    bytes: Vec<u8>,
    bounds: Option<[f64; 4]>,
    /// Whether a position had more numbers than are written.
    cut: bool,
}

impl Writer {
    fn new(heights: bool) -> Self {
        Self { heights, bytes: Vec::new(), bounds: None, cut: false }
    }

    fn shape(&mut self, shape: &Shape) -> Option<()> {
        let inside = &shape.coordinates;
        match shape.r#type.as_str() {
            "Point" => self.point(inside),
            "LineString" => self.line(2, inside),
            "Polygon" => self.polygon(inside),
            "MultiPoint" => self.all(4, inside, Self::point),
            "MultiLineString" => self.all(5, inside, |writer, line| writer.line(2, line)),
            "MultiPolygon" => self.all(6, inside, Self::polygon),
            "GeometryCollection" if inside.is_null() => {
                self.head(7);
                self.count(shape.geometries.len())?;
                shape.geometries.iter().try_for_each(|one| self.shape(one))
            }
            _ => None,
        }
    }

    fn head(&mut self, code: u32) {
        let code = if self.heights { code.saturating_add(HEIGHTS) } else { code };
        self.bytes.push(1);
        self.bytes.extend(code.to_le_bytes());
    }

    fn count(&mut self, count: usize) -> Option<()> {
        self.bytes.extend(u32::try_from(count).ok()?.to_le_bytes());
        Some(())
    }

    fn all(
        &mut self,
        code: u32,
        values: &Value,
        each: impl Fn(&mut Self, &Value) -> Option<()>,
    ) -> Option<()> {
        let values = values.as_array()?;
        self.head(code);
        self.count(values.len())?;
        values.iter().try_for_each(|value| each(self, value))
    }

    fn point(&mut self, position: &Value) -> Option<()> {
        self.head(1);
        // A point without a position is written as one that is nowhere.
        if position.as_array()?.is_empty() {
            let numbers = if self.heights { 3 } else { 2 };
            self.bytes.extend([f64::NAN.to_le_bytes()].repeat(numbers).into_flattened());
            return Some(());
        }
        self.position(position)
    }

    fn line(&mut self, code: u32, positions: &Value) -> Option<()> {
        self.head(code);
        self.positions(positions)
    }

    fn polygon(&mut self, rings: &Value) -> Option<()> {
        let rings = rings.as_array()?;
        self.head(3);
        self.count(rings.len())?;
        rings.iter().try_for_each(|ring| self.positions(ring))
    }

    fn positions(&mut self, positions: &Value) -> Option<()> {
        let positions = positions.as_array()?;
        self.count(positions.len())?;
        positions.iter().try_for_each(|position| self.position(position))
    }

    fn position(&mut self, position: &Value) -> Option<()> {
        let numbers: Option<Vec<f64>> = position.as_array()?.iter().map(Value::as_f64).collect();
        let (x, y, z, more) = match numbers?.as_slice() {
            [x, y] => (*x, *y, f64::NAN, false),
            [x, y, z, more @ ..] => (*x, *y, *z, !more.is_empty()),
            _ => return None,
        };
        self.cut |= more;
        self.bytes.extend(x.to_le_bytes());
        self.bytes.extend(y.to_le_bytes());
        if self.heights {
            self.bytes.extend(z.to_le_bytes());
        }
        let [west, south, east, north] = self.bounds.unwrap_or([x, y, x, y]);
        self.bounds = Some([west.min(x), south.min(y), east.max(x), north.max(y)]);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn of(json: &str) -> Option<Wkb> {
        read(&RawValue::from_string(json.to_owned()).unwrap())
    }

    fn doubles(bytes: &[u8]) -> Vec<f64> {
        bytes.chunks_exact(8).map(|it| f64::from_le_bytes(it.try_into().unwrap())).collect()
    }

    #[test]
    fn points_are_their_numbers() {
        let point = of(r#"{"type":"Point","coordinates":[1.5,-2]}"#).unwrap();
        assert_eq!(point.bytes[..5], [1, 1, 0, 0, 0]);
        assert_eq!(doubles(&point.bytes[5..]), [1.5, -2.0]);
        assert_eq!((point.kind.as_str(), point.bounds), ("Point", Some([1.5, -2.0, 1.5, -2.0])));
        let high = of(r#"{"coordinates":[1,2,3],"type":"Point"}"#).unwrap();
        assert_eq!(high.bytes[..5], [1, 233, 3, 0, 0]);
        assert_eq!(
            (doubles(&high.bytes[5..]), high.kind.as_str()),
            (vec![1.0, 2.0, 3.0], "Point Z")
        );
        let nowhere = of(r#"{"type":"Point","coordinates":[]}"#).unwrap();
        assert!(doubles(&nowhere.bytes[5..]).iter().all(|number| number.is_nan()));
        assert_eq!((nowhere.bytes.len(), nowhere.bounds), (21, None));
    }

    #[test]
    fn collections_have_parts() {
        let text = r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},
            {"type":"MultiPolygon","coordinates":[[[[0,0],[4,0,9],[0,4],[0,0]]],[]]}]}"#;
        let all = of(text).unwrap();
        assert_eq!(
            (all.kind.as_str(), all.bounds),
            ("GeometryCollection Z", Some([0.0, 0.0, 4.0, 4.0]))
        );
        // Head and count; a point; head and count; a polygon of one ring of four positions; one of none.
        let expected = (5 + 4) + (5 + 24) + (5 + 4) + (5 + 4 + 4 + 4 * 24) + (5 + 4);
        assert_eq!(all.bytes.len(), expected);
    }

    #[test]
    fn what_is_no_geometry_is_none() {
        for text in [
            "null",
            "1",
            "{}",
            r#"{"type":"Point"}"#,
            r#"{"type":"Circle","coordinates":[1,2]}"#,
            r#"{"type":"Point","coordinates":[1]}"#,
            r#"{"type":"Point","coordinates":["1","2"]}"#,
            r#"{"type":"Point","coordinates":[1e999,2]}"#,
            r#"{"type":"Polygon","coordinates":[[1,2]]}"#,
            r#"{"type":"LineString","coordinates":{}}"#,
            r#"{"type":"GeometryCollection","coordinates":[]}"#,
        ] {
            assert!(of(text).is_none(), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(of(&format!(r#"{{"type":"Polygon","coordinates":{deep}}}"#)).is_none());
    }

    #[test]
    fn what_the_bytes_do_not_say_is_told() {
        let is_whole = |text: &str| of(text).unwrap().whole;
        assert!(is_whole(r#"{"type":"Point","coordinates":[1,2]}"#));
        assert!(!is_whole(r#"{"type":"Point","coordinates":[1,2],"crs":null}"#));
        assert!(is_whole(r#"{"type":"LineString","coordinates":[[1,2],[3,4,5]]}"#));
        assert!(!is_whole(r#"{"type":"LineString","coordinates":[[1,2],[3,4,5,6]]}"#));
    }
}
