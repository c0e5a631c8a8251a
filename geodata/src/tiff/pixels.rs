//! How many bytes pixels take that are not compressed, so that an image that says to be larger than it is is found out.

use crate::error::GeodataError;
use crate::source::Source;

use super::{Image, tags};

/// The compression of pixels that are as they are.
const NONE: u64 = 1;

/// Colours of which pixels beside one another share two.
const YCBCR: u64 = 6;

/// How pixels lie in a file that are not compressed.
#[derive(Debug)]
pub(super) struct Pixels {
    /// Bits of the samples; those that are not listed have as many as the first.
    bits: Vec<u64>,
    samples: u64,
    /// How many columns and rows have their colours in common.
    shared: [u64; 2],
}

/// What tags say of the pixels; `None` where they are compressed.
pub(super) fn read<S: Source + ?Sized>(
    image: &Image<'_, '_, S>,
) -> Result<Option<Pixels>, GeodataError> {
    let Image { source, directory, .. } = image;
    let number =
        |tag, name| Ok::<_, GeodataError>(directory.number(source, tag, name)?.unwrap_or(1));
    if number(tags::COMPRESSION, "Compression")? != NONE {
        return Ok(None);
    }
    let samples = number(tags::SAMPLES, "SamplesPerPixel")?;
    let has_common =
        samples == 3 && number(tags::PHOTOMETRIC, "PhotometricInterpretation")? == YCBCR;
    let shared = if has_common {
        directory.numbers(source, tags::SUBSAMPLING, "YCbCrSubSampling", 2)?
    } else {
        Some(vec![1, 1])
    };
    let shared = match shared.as_deref() {
        Some([wide, high]) => [(*wide).max(1), (*high).max(1)],
        _ => [2, 2],
    };
    let listed = samples.min(source.limits.bands as u64);
    let bits = directory.numbers(source, tags::BITS, "BitsPerSample", listed)?;
    Ok(Some(Pixels { bits: bits.unwrap_or_default(), samples, shared }))
}

impl Pixels {
    /// How many bits a pixel has, whose colours are its own.
    pub(super) fn bits(&self) -> u64 {
        let listed = self.bits.iter().fold(0, |all: u64, one| all.saturating_add(*one));
        let others = self.samples.saturating_sub(self.bits.len() as u64);
        listed.saturating_add(others.saturating_mul(self.of_sample(0)))
    }

    fn of_sample(&self, at: u64) -> u64 {
        let one = usize::try_from(at).ok().and_then(|at| self.bits.get(at));
        one.or(self.bits.first()).copied().unwrap_or(1)
    }

    /// How many bytes so many columns and rows take at least: of all samples, or of the one whose plane it is. Each row
    /// begins with a byte of its own.
    pub(super) fn bytes(&self, columns: u64, rows: u64, plane: Option<u64>) -> u64 {
        let [wide, high] = self.shared;
        // Those that share their colours have each a brightness, the first sample. Of a plane, the least is taken.
        let others = wide.saturating_mul(high).saturating_sub(1);
        let bits = match plane {
            Some(at) => self.of_sample(at),
            None => self.bits().saturating_add(others.saturating_mul(self.of_sample(0))),
        };
        let row = columns.div_ceil(wide).saturating_mul(bits).div_ceil(8);
        row.saturating_mul(rows.div_ceil(high))
    }
}
