//! The bands of a raster: their types by the tags of TIFF, all else by what GDAL writes beside them.

use std::collections::HashSet;

use crate::facts::{Band, Facts, Found, Statistics};
use crate::source::Source;

use super::gdal::Items;
use super::{Image, tags};

/// The longest name of a band.
const MAX_NAME: usize = 64;

/// The longest description of one.
const MAX_TEXT: usize = 500;

pub(super) fn read<S: Source + ?Sized>(image: &Image<'_, '_, S>, items: &Items, facts: &mut Facts) {
    let samples = image.directory.number(image.source, tags::SAMPLES, "SamplesPerPixel");
    let Some(samples) = facts.warnings.hear("no bands", samples) else { return };
    let samples = usize::try_from(samples.unwrap_or(1)).unwrap_or(usize::MAX);
    if samples == 0 || samples > image.source.limits.bands {
        facts.warnings.add(format!("no bands: there are {samples}"));
        return;
    }
    let mut numbers = |tag, name| {
        let found = image.directory.numbers(image.source, tag, name, samples as u64);
        facts.warnings.hear("bands", found).flatten().unwrap_or_default()
    };
    let (bits, formats) =
        (numbers(tags::BITS, "BitsPerSample"), numbers(tags::FORMAT, "SampleFormat"));
    let nodata = image.directory.text(image.source, tags::GDAL_NODATA, "tag GDAL_NODATA");
    let nodata = facts.warnings.hear("nodata", nodata).flatten().and_then(|text| value(&text));
    let of = |numbers: &[u64], at: usize| numbers.get(at).or(numbers.first()).copied().unwrap_or(1);
    let mut bands: Vec<Band> = (0..samples)
        .map(|at| {
            let (bits, format) = (of(&bits, at), of(&formats, at));
            let data_type = data_type(bits, format);
            let bits = u16::try_from(bits).ok().filter(|bits| !usual(*bits));
            Band { data_type: Some(data_type), bits_per_sample: bits, nodata, ..said(items, at) }
        })
        .collect();
    name(&mut bands);
    facts.bands = Found::new(bands, "TIFF tags and GDAL_METADATA");
}

fn usual(bits: u16) -> bool {
    [8, 16, 32, 64, 128].contains(&bits)
}

/// The word of STAC for a type.
fn data_type(bits: u64, format: u64) -> &'static str {
    match (format, bits) {
        (1, 1..=8) => "uint8",
        (1, 9..=16) => "uint16",
        (1, 17..=32) => "uint32",
        (1, 33..=64) => "uint64",
        (2, 1..=8) => "int8",
        (2, 9..=16) => "int16",
        (2, 17..=32) => "int32",
        (2, 33..=64) => "int64",
        (3, 16) => "float16",
        (3, 32) => "float32",
        (3, 64) => "float64",
        (5, 32) => "cint16",
        (5, 64) => "cint32",
        (6, 64) => "cfloat32",
        (6, 128) => "cfloat64",
        _ => "other",
    }
}

/// A number as GDAL writes it.
fn value(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

fn said(items: &Items, at: usize) -> Band {
    let number = |role: &str| items.of_band(at, role).and_then(value).filter(|one| one.is_finite());
    let text = |role: &str| {
        let text = items.of_band(at, role)?.trim();
        (!text.is_empty()).then(|| text.chars().take(MAX_TEXT).collect())
    };
    let statistics = Statistics {
        minimum: number("STATISTICS_MINIMUM"),
        maximum: number("STATISTICS_MAXIMUM"),
        mean: number("STATISTICS_MEAN"),
        stddev: number("STATISTICS_STDDEV").filter(|one| *one >= 0.0),
        valid_percent: number("STATISTICS_VALID_PERCENT").filter(|one| (0.0..=100.0).contains(one)),
    };
    // One and nothing are what values have anyway.
    Band {
        description: text("description"),
        unit: text("unittype"),
        scale: number("scale").filter(|scale| (scale - 1.0).abs() > 0.0),
        offset: number("offset").filter(|offset| *offset != 0.0),
        statistics: (statistics != Statistics::default()).then_some(statistics),
        ..Band::default()
    }
}

/// Descriptions that are words of their own are names; others are numbered.
fn name(bands: &mut [Band]) {
    let texts: Vec<&str> = bands.iter().filter_map(|band| band.description.as_deref()).collect();
    let is_name = |text: &&str| text.len() <= MAX_NAME && !text.contains(char::is_whitespace);
    let distinct: HashSet<&str> = texts.iter().copied().filter(is_name).collect();
    let all = distinct.len() == bands.len();
    for (at, band) in bands.iter_mut().enumerate() {
        let own = band.description.clone().filter(|_| all);
        band.name = own.unwrap_or_else(|| format!("b{}", at.saturating_add(1)));
    }
}
