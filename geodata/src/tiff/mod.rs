//! `GeoTIFF`: the tags of the first image of full size. Pixels are for `thumbnail`.

mod affine;
mod bands;
pub(crate) mod chain;
pub(crate) mod directory;
mod gdal;
mod keys;
mod moment;
mod pixels;
mod place;
mod whole;

use crate::error::GeodataError;
use crate::facts::{Facts, Found};
use crate::source::{Bounded, Source};

use directory::Directory;
use gdal::Items;

pub(crate) mod tags {
    //! The tags that are read.
    pub(crate) const SUBFILE: u16 = 254;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const LENGTH: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_SIZES: u16 = 279;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const DATE_TIME: u16 = 306;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_LENGTH: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_SIZES: u16 = 325;
    pub(crate) const FORMAT: u16 = 339;
    pub(crate) const SUBSAMPLING: u16 = 530;
    pub(crate) const PIXEL_SCALE: u16 = 33550;
    pub(crate) const TIEPOINT: u16 = 33922;
    pub(crate) const TRANSFORMATION: u16 = 34264;
    pub(crate) const KEYS: u16 = 34735;
    pub(crate) const GDAL_METADATA: u16 = 42112;
    pub(crate) const GDAL_NODATA: u16 = 42113;
}

/// A file whose tags are read.
pub(crate) struct Image<'a, 'b, S: ?Sized> {
    pub(crate) source: &'a Bounded<'b, S>,
    pub(crate) directory: &'a Directory,
    pub(crate) rows: u64,
    pub(crate) columns: u64,
}

pub(crate) fn read<S: Source + ?Sized>(source: &Bounded<'_, S>) -> Result<Facts, GeodataError> {
    let (directory, mut chain) = chain::full_size(source)?;
    chain.follow(source);
    let size = |tag, name| {
        let value = directory.number(source, tag, name)?;
        value
            .filter(|value| *value > 0)
            .ok_or_else(|| GeodataError::broken(format!("it has no {name}")))
    };
    let (columns, rows) = (size(tags::WIDTH, "width")?, size(tags::LENGTH, "height")?);
    let image = Image { source, directory: &directory, rows, columns };
    // Before the lists of strips or tiles: these tags lie beside those that were read.
    let pixels = pixels::read(&image);
    let pieces = whole::check(&image)?;
    let mut facts =
        Facts { shape: Found::new([rows, columns], "TIFF size of the image"), ..Facts::default() };
    let pixels = facts.warnings.hear("size of pixels", pixels).flatten();
    if let Some(what) = pixels.and_then(|pixels| pieces.lacking(&image, &pixels)) {
        facts.warnings.add(what);
    }
    let items = items(&image, &mut facts);
    place::read(&image, &mut facts);
    bands::read(&image, &items, &mut facts);
    time(&image, &items, &mut facts);
    // At the end: whatever it loads is not missing for what is read.
    if chain.is_circle(source, pieces.first_byte().unwrap_or(u64::MAX)) {
        facts.warnings.add("its directories of tags go in a circle");
    }
    Ok(facts)
}

/// What GDAL says besides.
fn items<S: Source + ?Sized>(image: &Image<'_, '_, S>, facts: &mut Facts) -> Items {
    let text = image.directory.text(image.source, tags::GDAL_METADATA, "tag GDAL_METADATA");
    let text = facts.warnings.hear("GDAL_METADATA", text).flatten();
    gdal::items(&text.unwrap_or_default())
}

fn time<S: Source + ?Sized>(image: &Image<'_, '_, S>, items: &Items, facts: &mut Facts) {
    let origin = "GDAL_METADATA, time of acquisition";
    let taken = gdal::TAKEN.iter().find_map(|name| moment::read(items.of_image(name)?));
    facts.datetime = taken.and_then(|moment| Found::new(moment, origin));
    if facts.datetime.is_some() {
        return;
    }
    let text = image.directory.text(image.source, tags::DATE_TIME, "tag DateTime");
    let Some(text) = facts.warnings.hear("TIFF tag DateTime", text).flatten() else { return };
    match moment::read(&text) {
        Some(moment) => {
            facts.datetime = Found::new(moment, "TIFF tag DateTime, taken as UTC");
        }
        None => facts.warnings.add(format!("TIFF tag DateTime is no time: {text}")),
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod whole_tests;
