//! From values to colours, and to PNG: what is a picture already stays as it is, all else is stretched so that two of
//! a hundred pixels are black and two are white. Pixels without values are transparent.

use crate::error::GeodataError;

use super::grid::Grid;
use super::layout::{Colours, Layout};

/// The parts of all values below which they are black, and above which they are bright.
const STRETCHED: [f64; 2] = [0.02, 0.98];

pub(super) fn png(layout: &Layout, grid: &Grid) -> Result<Vec<u8>, GeodataError> {
    let pixels: Vec<Option<[f64; 3]>> = grid.pixels().collect();
    let is_picture = layout.bits == 8
        && layout.format == 1
        && matches!(layout.colours, Colours::Rgb | Colours::YCbCr);
    let ranges = if is_picture || layout.colours == Colours::Palette {
        vec![[0.0, 255.0]; usize::from(layout.shown())]
    } else {
        (0..usize::from(layout.shown())).map(|sample| range(&pixels, sample)).collect()
    };
    let mut bytes = Vec::with_capacity(pixels.len().saturating_mul(4));
    for pixel in &pixels {
        let colour = pixel.as_ref().map(|values| colour(layout, values, &ranges));
        let [red, green, blue] = colour.unwrap_or_default();
        bytes.extend([red, green, blue, if colour.is_some() { 255 } else { 0 }]);
    }
    encoded(grid, &bytes).map_err(|error| GeodataError::broken(format!("no picture: {error}")))
}

/// The least and the greatest value that are told apart.
fn range(pixels: &[Option<[f64; 3]>], sample: usize) -> [f64; 2] {
    let mut values: Vec<f64> =
        pixels.iter().flatten().filter_map(|pixel| pixel.get(sample).copied()).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a thumbnail has few pixels"
    )]
    STRETCHED.map(|part| values.get((last as f64 * part).round() as usize).copied().unwrap_or(0.0))
}

fn colour(layout: &Layout, values: &[f64], ranges: &[[f64; 2]]) -> [u8; 3] {
    let byte = |(value, [low, high]): (&f64, &[f64; 2])| {
        let width = high - low;
        to_byte(if width > 0.0 { (value - low) / width * 255.0 } else { 127.0 })
    };
    let mut bytes = values.iter().zip(ranges).map(byte);
    let one = bytes.next().unwrap_or(0);
    match layout.colours {
        Colours::Palette => of_palette(layout, values.first().copied().unwrap_or(0.0)),
        Colours::YCbCr => of_ycbcr(values),
        Colours::Rgb => [one, bytes.next().unwrap_or(one), bytes.next().unwrap_or(one)],
        Colours::Values { inverted } => {
            let three = [one, bytes.next().unwrap_or(one), bytes.next().unwrap_or(one)];
            three.map(|byte| if inverted { 255 - byte } else { byte })
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between 0 and 255"
)]
fn to_byte(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is too large is not there"
)]
fn of_palette(layout: &Layout, value: f64) -> [u8; 3] {
    let colours = layout.palette.len() / 3;
    let at = value.max(0.0) as usize;
    // All reds, all greens, all blues, of 16 bits.
    [0, 1, 2].map(|part: usize| {
        let found = layout.palette.get(part.saturating_mul(colours).saturating_add(at));
        let found = found.filter(|_| at < colours).copied().unwrap_or(0);
        u8::try_from(found >> 8).unwrap_or(255)
    })
}

/// As JPEG has them.
fn of_ycbcr(values: &[f64]) -> [u8; 3] {
    let [y, cb, cr, ..] = values else { return [0; 3] };
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(to_byte)
}

fn encoded(grid: &Grid, bytes: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let size = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size(grid.columns), size(grid.rows));
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bytes)?;
    writer.finish()?;
    Ok(file)
}
