//! Where something is on the Earth: outlines in longitude and latitude, cut at the antimeridian. How an outline gets
//! there is for `outline`, what goes round a pole for `globe`, and the cut for `cut`.

mod cut;
mod globe;
mod outline;

use serde_json::{Value, json};

pub(crate) use globe::turn;

use crate::crs::Crs;

/// A ring: its last position is its first one again.
pub(crate) type Ring = Vec<[f64; 2]>;

/// Differences in degrees that are nothing: less than a millimetre.
pub(crate) const NOTHING: f64 = 1e-9;

/// How many degrees there and back an outline has whose sides are long.
const WIDE: f64 = 40.0;

/// The area that something covers, or the box around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// Outer rings, counterclockwise, between -180 and 180. There is more than one where the antimeridian cuts it.
    rings: Vec<Ring>,
    /// West, south, east and north; west is more than east over the antimeridian.
    bbox: [f64; 4],
}

impl Footprint {
    /// That of a parallelogram by its corners, one after the other. `slack` is by how much latitudes may be beyond the
    /// poles: grids whose cells have their middle there are.
    pub(crate) fn of_corners(
        corners: &[[f64; 2]; 4],
        crs: &Crs,
        slack: f64,
    ) -> Result<Self, String> {
        let side = outline::Sides::of(corners)?;
        let points = side.on_earth(crs, slack, outline::PIECES)?;
        // Long sides bend more.
        let wide = !crs.is_cylindrical() && outline::way(&points) > WIDE;
        let points = if wide { side.on_earth(crs, slack, outline::MANY_PIECES)? } else { points };
        globe::footprint(&points, &side, crs)
    }

    /// That of a box: lowest x and y, greatest x and y.
    pub(crate) fn of_box([west, south, east, north]: [f64; 4], crs: &Crs) -> Result<Self, String> {
        if crs.runs_on() && west > east && west - east < 360.0 {
            return Self::of_box([west, south, east + 360.0, north], crs);
        }
        if !(west <= east && south <= north) {
            return Err("its bounds are none: the greatest is less than the lowest".to_owned());
        }
        // A single point or a line has bounds, too; the outline needs some width. It is ten centimetres.
        let least = if crs.is_geographic() { 1e-6 } else { 0.1 };
        // In degrees, what is nearly a line is drawn as it is: some width more may be beyond a pole or the antimeridian.
        let is_flat = east <= west || north <= south;
        let nearly = east - west < least || north - south < least;
        if crs.runs_on() && (is_flat || nearly && west >= -180.0 && east <= 180.0) {
            let level = |from: f64, to: f64| if to - from < NOTHING { from } else { to };
            return Self::flat([west, south, level(west, east), level(south, north)]);
        }
        let (east, north) = (east.max(west + least), north.max(south + least));
        let corners = [[west, north], [west, south], [east, south], [east, north]];
        Self::of_corners(&corners, crs, 0.0)
    }

    /// A box in degrees that is a line or a point.
    fn flat(bbox: [f64; 4]) -> Result<Self, String> {
        let [west, south, east, north] = bbox;
        if west < -180.0 || east > 180.0 || south < -90.0 || north > 90.0 {
            return Err("its bounds are not on the Earth".to_owned());
        }
        let ring = vec![[west, south], [east, south], [east, north], [west, north], [west, south]];
        Ok(Self { rings: vec![ring], bbox })
    }

    pub(crate) fn new(rings: Vec<Ring>, bbox: [f64; 4]) -> Self {
        Self { rings, bbox }
    }

    /// West, south, east, north. West is more than east where it goes over the antimeridian.
    pub fn bbox(&self) -> [f64; 4] {
        self.bbox
    }

    /// The rings, one for each polygon.
    pub fn rings(&self) -> &[Vec<[f64; 2]>] {
        &self.rings
    }

    /// Whether it has an area. A single point, or points in a line from west to east, have none.
    pub fn has_area(&self) -> bool {
        self.rings.iter().any(|ring| area(ring).abs() > 0.0)
    }

    /// As a geometry of GeoJSON: a Polygon, or a `MultiPolygon` where it is cut.
    pub fn geometry(&self) -> Value {
        match self.rings.as_slice() {
            [ring] => json!({"type": "Polygon", "coordinates": [ring]}),
            rings => {
                let parts: Vec<[&Ring; 1]> = rings.iter().map(|ring| [ring]).collect();
                json!({"type": "MultiPolygon", "coordinates": parts})
            }
        }
    }
}

/// The area of a closed ring in square degrees: more than nothing where it is counterclockwise.
pub(crate) fn area(ring: &[[f64; 2]]) -> f64 {
    let twice: f64 = ring
        .windows(2)
        .map(|pair| match pair {
            [[x, y], [to_x, to_y]] => x * to_y - to_x * y,
            _ => 0.0,
        })
        .sum();
    twice / 2.0
}

#[cfg(test)]
mod tests;
