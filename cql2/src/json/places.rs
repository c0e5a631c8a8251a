//! Geometries in JSON, which are GeoJSON's, and boxes.

use serde_json::{Map, Value};

use super::reader::{Reader, Step};
use crate::error::ReadError;
use crate::geometry::{BBox, Geometry, Line, Position};
use crate::tree::Expr;

/// Reads a geometry that a property has.
pub(crate) fn read_geometry(members: &Map<String, Value>) -> Result<Geometry, ReadError> {
    Reader::of_property().geometry(members)
}

impl Reader {
    pub(super) fn geometry(&mut self, members: &Map<String, Value>) -> Result<Geometry, ReadError> {
        let name = members.get("type").and_then(Value::as_str).unwrap_or_default();
        let read: fn(&mut Self, &Value) -> Result<Geometry, ReadError> = match name {
            "Point" => |reader, value| reader.position(value).map(Geometry::Point),
            "LineString" => |reader, value| reader.line(value).map(Geometry::LineString),
            "Polygon" => |reader, value| reader.polygon(value).map(Geometry::Polygon),
            "MultiPoint" => |reader, value| reader.line(value).map(Geometry::MultiPoint),
            "MultiLineString" => {
                |reader, value| reader.polygon(value).map(Geometry::MultiLineString)
            }
            "MultiPolygon" => {
                |reader, value| reader.list(value, Self::polygon).map(Geometry::MultiPolygon)
            }
            "GeometryCollection" => {
                |reader, value| reader.list(value, Self::part).map(Geometry::Collection)
            }
            _ => {
                let found = members.get("type").unwrap_or(&Value::Null);
                return self.within(Step::Name("type"), |reader| {
                    Err(reader.unexpected("the type of a geometry", found))
                });
            }
        };
        let within = if name == "GeometryCollection" { "geometries" } else { "coordinates" };
        let parts = members.get(within).unwrap_or(&Value::Null);
        let geometry = self.within(Step::Name(within), |reader| read(reader, parts))?;
        match geometry.fault() {
            Some(fault) => Err(self.wrong(fault)),
            None => Ok(geometry),
        }
    }

    fn part(&mut self, value: &Value) -> Result<Geometry, ReadError> {
        let Value::Object(members) = value else {
            return Err(self.unexpected("a geometry", value));
        };
        self.deeper(|reader| reader.geometry(members))
    }

    fn list<T>(
        &mut self,
        value: &Value,
        read: fn(&mut Self, &Value) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let Value::Array(parts) = value else { return Err(self.unexpected("an array", value)) };
        let each = parts.iter().enumerate();
        each.map(|(index, part)| self.within(Step::Index(index), |reader| read(reader, part)))
            .collect()
    }

    fn line(&mut self, value: &Value) -> Result<Line, ReadError> {
        self.list(value, Self::position)
    }

    fn polygon(&mut self, value: &Value) -> Result<Vec<Line>, ReadError> {
        self.list(value, Self::line)
    }

    fn position(&mut self, value: &Value) -> Result<Position, ReadError> {
        let numbers = self.numbers(value)?;
        let (x, y) = match numbers.as_slice() {
            [x, y, ..] => (*x, *y),
            _ => return Err(self.unexpected("two numbers or three", value)),
        };
        self.degrees(x, y)?;
        self.position_used()?;
        Ok(Position { x, y, z: numbers.get(2).copied() })
    }

    /// Numbers of a position or a box, of which there are at most six.
    fn numbers(&mut self, value: &Value) -> Result<Vec<f64>, ReadError> {
        let Value::Array(numbers) = value else {
            return Err(self.unexpected("an array of numbers", value));
        };
        let each = numbers.iter().take(7).enumerate();
        each.map(|(index, number)| {
            self.within(Step::Index(index), |reader| {
                number.as_f64().ok_or_else(|| reader.unexpected("a number", number))
            })
        })
        .collect()
    }

    pub(super) fn bbox(&mut self, value: &Value) -> Result<Expr, ReadError> {
        let numbers = self.numbers(value)?;
        let bbox = BBox::from_numbers(&numbers).map_err(|fault| self.wrong(fault))?;
        Ok(Expr::BBox(Box::new(bbox)))
    }
}
