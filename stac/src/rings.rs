//! Whether the rings of a geometry are such as an item may have: none crosses itself or winds round a pole. What it
//! takes to find out is bounded. Where the geometry is on the Earth is for `places` and `antimeridian`.

use geo::{BoundingRect, Geometry, Intersects, Line, LineString, Rect, Validation};

use super::geometries;

/// The most rings of which each two are compared.
const MAX_RINGS: usize = 32;

/// The most lines that are held against one another, of all rings: where lines are short it is few for each.
const MAX_PAIRS: usize = 5_000_000;

/// The most points of which each two are compared, or that are cut at the antimeridian: it takes time for each pair.
pub(super) const MAX_COMPARED: usize = 2_000;

/// Whether it is what a geometry may be: rings neither cross nor wind round a pole.
pub(super) fn check(geometry: &Geometry<f64>) -> Result<(), String> {
    let mut parts = Vec::new();
    polygons(geometry, &mut parts);
    let rings =
        || parts.iter().flat_map(|one| std::iter::once(one.exterior()).chain(one.interiors()));
    if rings().any(|ring| winds(&ring.0)) {
        return Err(
            "it goes round a pole: draw it along the antimeridian to the pole and back".to_owned()
        );
    }
    if rings().count() <= MAX_RINGS && geometries::points(geometry) <= MAX_COMPARED {
        return geometry.check_validation().map_err(|error| error.to_string());
    }
    if rings().any(|ring| ring.0.len() < 4) {
        return Err("a ring of it has too few points".to_owned());
    }
    let mut pairs = MAX_PAIRS;
    for ring in rings() {
        match crosses(ring, &mut pairs) {
            Some(false) => {}
            Some(true) => return Err("a ring of it has a self-intersection".to_owned()),
            None => return Err("its lines are too many and too long to be checked".to_owned()),
        }
    }
    Ok(())
}

/// Whether a ring crosses or touches itself. Only lines that lie over one another from west to east are compared.
/// `None`: that are too many pairs.
fn crosses(ring: &LineString<f64>, pairs: &mut usize) -> Option<bool> {
    let mut lines: Vec<(Rect<f64>, Line<f64>)> =
        ring.lines().map(|line| (line.bounding_rect(), line)).collect();
    lines.sort_by(|a, b| a.0.min().x.total_cmp(&b.0.min().x));
    for (at, (rect, line)) in lines.iter().enumerate() {
        let later = lines.iter().skip(at.saturating_add(1));
        for (beside, other) in later.take_while(|(other, _)| other.min().x <= rect.max().x) {
            *pairs = pairs.checked_sub(1)?;
            let over = beside.min().y <= rect.max().y && rect.min().y <= beside.max().y;
            let next = line.start == other.end || line.end == other.start;
            if over && !next && line.intersects(other) {
                return Some(true);
            }
        }
    }
    Some(false)
}

fn polygons<'a>(geometry: &'a Geometry<f64>, found: &mut Vec<&'a geo::Polygon<f64>>) {
    match geometry {
        Geometry::Polygon(polygon) => found.push(polygon),
        Geometry::MultiPolygon(parts) => found.extend(&parts.0),
        Geometry::GeometryCollection(parts) => {
            parts.iter().for_each(|part| polygons(part, found));
        }
        _ => {}
    }
}

/// Whether a ring goes once round the Earth, taking the short way between its points. Along the whole of a parallel it
/// goes the long way, as the box of the world does.
fn winds(ring: &[geo::Coord<f64>]) -> bool {
    let steps = ring.windows(2).filter_map(|pair| match pair {
        [from, to] => Some(to.x - from.x),
        _ => None,
    });
    let turned = |step: f64| {
        if step.abs() >= 360.0 {
            step
        } else if step > 180.0 {
            step - 360.0
        } else if step < -180.0 {
            step + 360.0
        } else {
            step
        }
    };
    steps.map(turned).sum::<f64>().abs() > 359.0
}
