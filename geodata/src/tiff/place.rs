//! Where a raster is: from pixels to its reference system, from there to the Earth, and how large its pixels are.

use crate::crs::Crs;
use crate::facts::{Facts, Found};
use crate::footprint::{Footprint, turn};
use crate::source::Source;

use super::affine::{Affine, around};
use super::keys::{self, Keys, System, Unit};
use super::{Image, tags};

const CODE: &str = "GeoTIFF keys";
const MATRIX: &str = "GeoTIFF tag ModelTransformation";
const SCALE: &str = "GeoTIFF tags ModelPixelScale and ModelTiepoint";

/// The mean radius of the Earth in metres.
const RADIUS: f64 = 6_371_008.8;

pub(super) fn read<S: Source + ?Sized>(image: &Image<'_, '_, S>, facts: &mut Facts) {
    let keys = facts.warnings.hear("GeoTIFF keys", keys::read(image)).flatten();
    let has_keys = keys.is_some();
    let keys = keys.unwrap_or_default();
    let sampling = keys.is_point.map(|is_point| if is_point { "point" } else { "area" });
    facts.sampling = sampling.and_then(|word| Found::new(word, "GeoTIFF key GTRasterType"));
    let system = system(&keys, has_keys, facts);
    let transform = facts.warnings.hear("no footprint", transform(image));
    let Some((transform, origin)) = transform.flatten() else {
        if has_keys {
            facts.warnings.add("no footprint: it does not say where its pixels are");
        }
        return;
    };
    // Where values are of points, the tags place the middle of a pixel, and STAC its corner.
    let transform = if keys.is_point == Some(true) { transform.moved(-0.5) } else { transform };
    let (columns, rows) = size(image);
    let corners = transform.corners(columns, rows);
    let placed = match system {
        Ok(Some(crs)) => on_earth(&transform, image, &corners, (&crs, origin), facts),
        // Its system cannot be transformed: whether they are numbers is all that is known of them.
        Ok(None) => transform.pixel() > 0.0 && corners.iter().flatten().all(|one| one.is_finite()),
        Err(OtherUnit) => false,
    };
    // Numbers that are nowhere on the Earth in the system it names are none of that system.
    if placed {
        facts.transform = Found::new(transform.0, origin);
        facts.projected_bbox = Found::new(around(&corners), origin);
    }
}

/// Finds the footprint and the size of pixels; answers whether there is one.
fn on_earth<S: ?Sized>(
    transform: &Affine,
    image: &Image<'_, '_, S>,
    corners: &[[f64; 2]; 4],
    (crs, origin): (&Crs, &'static str),
    facts: &mut Facts,
) -> bool {
    let slack = if crs.is_geographic() { transform.row() } else { 0.0 };
    let footprint = Footprint::of_corners(corners, crs, slack);
    let footprint = facts.warnings.hear("no footprint", footprint);
    facts.footprint = footprint.and_then(|value| Found::new(value, origin));
    if facts.footprint.is_some() {
        facts.gsd = gsd(transform, image, crs);
    }
    facts.footprint.is_some()
}

/// Numbers are in another unit than the system that is named.
struct OtherUnit;

/// The system, where it can be transformed.
fn system(keys: &Keys, has_keys: bool, facts: &mut Facts) -> Result<Option<Crs>, OtherUnit> {
    match keys.system {
        System::Epsg(code) => {
            let Some(crs) = facts.system(code, CODE) else { return Ok(None) };
            let why = keys.unit.zip(crs.metres()).and_then(|(unit, own)| other_unit(unit, own));
            match why {
                None => Ok(Some(crs)),
                Some(why) => {
                    facts.warnings.add(format!("no footprint: {why}"));
                    Err(OtherUnit)
                }
            }
        }
        System::Other(why) => {
            facts.warnings.add(format!("no footprint: {why}"));
            Ok(None)
        }
        System::None => {
            if has_keys {
                facts.warnings.add("no footprint: it says no reference system");
            }
            Ok(None)
        }
    }
}

/// Why a unit may not be that of the reference system, which is so many metres.
fn other_unit(unit: Unit, own: f64) -> Option<String> {
    match unit {
        Unit::Metres(metres) if (own / metres - 1.0).abs() <= 1e-9 => None,
        Unit::Metres(_) => Some("its unit is not that of its reference system".to_owned()),
        Unit::Unknown(code) => Some(format!("its unit of length is not known: {code}")),
    }
}

/// From pixels to positions, and where that comes from.
#[expect(clippy::many_single_char_names, reason = "so the numbers of a matrix are called")]
fn transform<S: Source + ?Sized>(
    image: &Image<'_, '_, S>,
) -> Result<Option<(Affine, &'static str)>, String> {
    let doubles = |tag, name, most| {
        let found = image.directory.doubles(image.source, tag, name, most);
        found.map_err(|error| error.to_string()).map(Option::unwrap_or_default)
    };
    let matrix = doubles(tags::TRANSFORMATION, "tag ModelTransformation", 16)?;
    let scale = doubles(tags::PIXEL_SCALE, "tag ModelPixelScale", 3)?;
    let ties = doubles(tags::TIEPOINT, "tag ModelTiepoint", 24)?;
    let found = match (scale.as_slice(), ties.as_slice(), matrix.as_slice()) {
        ([wide, high, ..], [i, j, _, x, y, ..], _) if *wide != 0.0 && *high != 0.0 => {
            (Affine::by_scale([*i, *j], [*x, *y], [*wide, *high]), SCALE)
        }
        (_, _, [a, b, _, c, d, e, _, f, ..]) => (Affine([*a, *b, *c, *d, *e, *f]), MATRIX),
        (_, [], _) => return Ok(None),
        _ => return Err("it is placed by single positions only".to_owned()),
    };
    if found.0.is_finite() {
        Ok(Some(found))
    } else {
        Err("where its pixels are is said by what are no numbers".to_owned())
    }
}

/// Columns and rows are counted in the millions: a float has them exactly.
#[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53")]
fn size<S: ?Sized>(image: &Image<'_, '_, S>) -> (f64, f64) {
    (image.columns as f64, image.rows as f64)
}

/// How large a pixel is on the ground: the root of its area. Where a unit of the map is not its length on the ground,
/// it is that of the pixel in the middle.
fn gsd<S: ?Sized>(transform: &Affine, image: &Image<'_, '_, S>, crs: &Crs) -> Option<Found<f64>> {
    if crs.keeps_lengths() {
        let pixel = transform.pixel() * crs.metres()?;
        return Found::new(to_micrometres(pixel)?, "size of a pixel");
    }
    let (columns, rows) = size(image);
    let (column, row) = (columns / 2.0, rows / 2.0);
    let at = |column, row| crs.to_lonlat(transform.position(column, row));
    let (here, right, below) = (at(column, row)?, at(column + 1.0, row)?, at(column, row + 1.0)?);
    // Pixels are small: the Earth is flat there.
    let metres = |to: [f64; 2]| {
        let east = turn(to[0] - here[0]).to_radians() * here[1].to_radians().cos();
        [east * RADIUS, (to[1] - here[1]).to_radians() * RADIUS]
    };
    let (u, v) = (metres(right), metres(below));
    let pixel = (u[0] * v[1] - u[1] * v[0]).abs().sqrt();
    Found::new(to_micrometres(pixel)?, "size of the pixel in the middle of the image")
}

/// So short that what rounding adds is not shown.
fn to_micrometres(metres: f64) -> Option<f64> {
    let metres = (metres * 1e6).round() / 1e6;
    (metres > 0.0 && metres < 1e7).then_some(metres)
}
