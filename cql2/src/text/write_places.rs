//! Geometries and boxes as text.

use std::fmt::{Display, Formatter, Result};

use crate::geometry::{BBox, Geometry, Line, Position};

/// A geometry as Well-Known Text.
pub(super) struct Wkt<'a>(pub(super) &'a Geometry);

impl Display for Wkt<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let (name, heights) = match self.0 {
            Geometry::Point(at) => ("POINT", at.z.is_some()),
            Geometry::LineString(line) => ("LINESTRING", has_heights(line)),
            Geometry::Polygon(rings) => ("POLYGON", rings.iter().any(|ring| has_heights(ring))),
            Geometry::MultiPoint(points) => ("MULTIPOINT", has_heights(points)),
            Geometry::MultiLineString(lines) => {
                ("MULTILINESTRING", lines.iter().any(|line| has_heights(line)))
            }
            Geometry::MultiPolygon(polygons) => {
                ("MULTIPOLYGON", polygons.iter().flatten().any(|ring| has_heights(ring)))
            }
            // Each part says it for itself.
            Geometry::Collection(_) => ("GEOMETRYCOLLECTION", false),
        };
        write!(out, "{name}{}", if heights { " Z" } else { "" })?;
        match self.0 {
            Geometry::Point(at) => bracketed(at, out),
            Geometry::LineString(line) => list(line, position, out),
            Geometry::Polygon(rings) => list(rings, ring, out),
            Geometry::MultiPoint(points) => list(points, bracketed, out),
            Geometry::MultiLineString(lines) => list(lines, ring, out),
            Geometry::MultiPolygon(polygons) => {
                list(polygons, |rings, out| list(rings, ring, out), out)
            }
            Geometry::Collection(parts) => {
                list(parts, |part, out| write!(out, "{}", Wkt(part)), out)
            }
        }
    }
}

fn has_heights(line: &[Position]) -> bool {
    line.iter().any(|at| at.z.is_some())
}

fn list<T>(
    parts: &[T],
    write: fn(&T, &mut Formatter<'_>) -> Result,
    out: &mut Formatter<'_>,
) -> Result {
    write!(out, "(")?;
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            write!(out, ", ")?;
        }
        write(part, out)?;
    }
    write!(out, ")")
}

fn ring(line: &Line, out: &mut Formatter<'_>) -> Result {
    list(line, position, out)
}

fn bracketed(at: &Position, out: &mut Formatter<'_>) -> Result {
    write!(out, "(")?;
    position(at, out)?;
    write!(out, ")")
}

fn position(at: &Position, out: &mut Formatter<'_>) -> Result {
    number(at.x, out)?;
    write!(out, " ")?;
    number(at.y, out)?;
    if let Some(z) = at.z {
        write!(out, " ")?;
        number(z, out)?;
    }
    Ok(())
}

pub(super) fn bbox(bbox: &BBox, out: &mut Formatter<'_>) -> Result {
    write!(out, "BBOX")?;
    list(&bbox.numbers(), |value, out| number(*value, out), out)
}

/// The shortest form that is read as the same number: with an exponent where the digits would be many.
fn number(value: f64, out: &mut Formatter<'_>) -> Result {
    let exact = format!("{value:?}");
    write!(out, "{}", exact.strip_suffix(".0").unwrap_or(&exact))
}
