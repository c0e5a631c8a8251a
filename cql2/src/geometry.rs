//! Geometries and boxes of a filter, and which of them can be. How they are written is `text`'s and `json`'s.

/// A position: longitude and latitude in degrees, and a height, which is kept and means nothing to predicates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Degrees east.
    pub x: f64,
    /// Degrees north.
    pub y: f64,
    /// The height.
    pub z: Option<f64>,
}

/// The positions of a line or a ring.
pub type Line = Vec<Position>;

/// A geometry of WKT and GeoJSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// One position.
    Point(Position),
    /// Two positions or more.
    LineString(Line),
    /// An outer ring and its holes. A ring has four positions or more, and ends where it begins.
    Polygon(Vec<Line>),
    /// Points.
    MultiPoint(Vec<Position>),
    /// Lines.
    MultiLineString(Vec<Line>),
    /// Polygons.
    MultiPolygon(Vec<Vec<Line>>),
    /// Geometries of any kind.
    Collection(Vec<Geometry>),
}

/// A box of longitudes and latitudes in degrees. With `west` greater than `east` it goes over the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BBox {
    /// The western edge.
    pub west: f64,
    /// The southern edge.
    pub south: f64,
    /// The eastern edge.
    pub east: f64,
    /// The northern edge.
    pub north: f64,
    /// The least and the greatest height, which are kept and mean nothing to predicates.
    pub heights: Option<(f64, f64)>,
}

impl Geometry {
    /// How many positions it has.
    pub(crate) fn positions(&self) -> usize {
        let of_lines = |lines: &[Line]| lines.iter().map(Vec::len).sum::<usize>();
        match self {
            Self::Point(_) => 1,
            Self::LineString(positions) | Self::MultiPoint(positions) => positions.len(),
            Self::Polygon(lines) | Self::MultiLineString(lines) => of_lines(lines),
            Self::MultiPolygon(polygons) => polygons.iter().map(|lines| of_lines(lines)).sum(),
            Self::Collection(parts) => parts.iter().map(Self::positions).sum(),
        }
    }

    /// How many rings its polygons have.
    pub(crate) fn rings(&self) -> usize {
        match self {
            Self::Polygon(rings) => rings.len(),
            Self::MultiPolygon(polygons) => polygons.iter().map(Vec::len).sum(),
            Self::Collection(parts) => parts.iter().map(Self::rings).sum(),
            _ => 0,
        }
    }

    /// How deep collections are nested: 1 for a geometry that is none.
    pub(crate) fn height(&self) -> usize {
        match self {
            Self::Collection(parts) => 1 + parts.iter().map(Self::height).max().unwrap_or(0),
            _ => 1,
        }
    }

    /// Why it is none, if it is none: parts that are missing, rings that are open.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Point(_) => None,
            Self::LineString(line) => line_fault(line),
            Self::Polygon(rings) => polygon_fault(rings),
            Self::MultiPoint(points) => empty_fault(points),
            Self::MultiLineString(lines) => {
                empty_fault(lines).or_else(|| lines.iter().find_map(|line| line_fault(line)))
            }
            Self::MultiPolygon(polygons) => empty_fault(polygons)
                .or_else(|| polygons.iter().find_map(|rings| polygon_fault(rings))),
            Self::Collection(parts) => {
                empty_fault(parts).or_else(|| parts.iter().find_map(Self::fault))
            }
        }
    }
}

fn empty_fault<T>(parts: &[T]) -> Option<&'static str> {
    parts.is_empty().then_some("a geometry has one part or more")
}

fn line_fault(line: &[Position]) -> Option<&'static str> {
    (line.len() < 2).then_some("a line has two positions or more")
}

fn polygon_fault(rings: &[Line]) -> Option<&'static str> {
    empty_fault(rings).or_else(|| {
        let open = rings.iter().any(|ring| match (ring.first(), ring.last()) {
            (Some(first), Some(last)) => ring.len() < 4 || (first.x, first.y) != (last.x, last.y),
            _ => true,
        });
        open.then_some("a ring has four positions or more, and ends where it begins")
    })
}

/// Why these are no degrees, if they are none.
pub(crate) fn degrees_fault(x: f64, y: f64) -> Option<&'static str> {
    if !(-180.0..=180.0).contains(&x) {
        Some("a longitude is from -180 to 180 degrees")
    } else if !(-90.0..=90.0).contains(&y) {
        Some("a latitude is from -90 to 90 degrees")
    } else {
        None
    }
}

impl BBox {
    /// From west, south, (lowest,) east, north (, highest); why it cannot be otherwise.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Result<Self, &'static str> {
        let bbox = match *numbers {
            [west, south, east, north] => Self { west, south, east, north, heights: None },
            [west, south, low, east, north, high] => {
                Self { west, south, east, north, heights: Some((low, high)) }
            }
            _ => return Err("a box has four or six numbers"),
        };
        let degrees = degrees_fault(bbox.west, bbox.south);
        if let Some(fault) = degrees.or_else(|| degrees_fault(bbox.east, bbox.north)) {
            return Err(fault);
        }
        if bbox.south > bbox.north {
            return Err("the south of a box is not north of its north");
        }
        if bbox.heights.is_some_and(|(low, high)| low > high) {
            return Err("the lowest height of a box is not above its highest");
        }
        Ok(bbox)
    }

    /// The numbers in the order of both encodings.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        match self.heights {
            None => vec![self.west, self.south, self.east, self.north],
            Some((low, high)) => vec![self.west, self.south, low, self.east, self.north, high],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_checked() {
        assert!(BBox::from_numbers(&[160.6, -55.95, -170.0, -25.89]).is_ok());
        let six = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(BBox::from_numbers(&six).unwrap().numbers(), six);
        for wrong in [
            &[0.0, 0.0, 1.0][..],
            &[0.0, 2.0, 1.0, 1.0],
            &[-181.0, 0.0, 1.0, 1.0],
            &[0.0, 0.0, 1.0, 90.5],
            &[0.0, 0.0, 5.0, 1.0, 1.0, 4.0],
        ] {
            assert!(BBox::from_numbers(wrong).is_err(), "{wrong:?}");
        }
    }
}
