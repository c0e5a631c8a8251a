//! The keys of `GeoTIFF` (OGC 19-008r4): which reference system, and whether pixels are areas.

use crate::error::GeodataError;
use crate::source::Source;

use super::{Image, tags};

const MODEL_TYPE: u64 = 1024;
const RASTER_TYPE: u64 = 1025;
const GEOGRAPHIC: u64 = 2048;
const ANGULAR_UNIT: u64 = 2054;
const PROJECTED: u64 = 3072;
const LINEAR_UNIT: u64 = 3076;

/// Units of length by their codes, in metres.
const METRES: [(u64, f64); 7] = [
    (9001, 1.0),
    (9002, 0.3048),
    (9003, 1200.0 / 3937.0),
    (9005, 0.304_797_265_4),
    (9031, 1.000_013_596_5),
    (9036, 1000.0),
    (9037, 0.914_391_796_2),
];

/// What the keys say.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Keys {
    pub(super) system: System,
    pub(super) is_point: Option<bool>,
    /// The unit of lengths, where they say one.
    pub(super) unit: Option<Unit>,
}

/// A unit of length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    /// So many metres.
    Metres(f64),
    /// One whose length is not known here: its code.
    Unknown(u64),
}

impl Unit {
    fn of(code: u64) -> Self {
        let known = METRES.iter().find(|known| known.0 == code);
        known.map_or(Self::Unknown(code), |known| Self::Metres(known.1))
    }
}

/// Which reference system.
#[derive(Debug, Default, PartialEq)]
pub(super) enum System {
    /// The code that EPSG gave it.
    Epsg(u32),
    /// None that is read here, and why.
    Other(&'static str),
    #[default]
    None,
}

/// Reads them; none where there are no keys.
pub(super) fn read<S: Source + ?Sized>(
    image: &Image<'_, '_, S>,
) -> Result<Option<Keys>, GeodataError> {
    let name = "GeoTIFF keys";
    let Some(numbers) = image.directory.numbers(image.source, tags::KEYS, name, u64::MAX)? else {
        return Ok(None);
    };
    let (head, rest) = numbers.split_at_checked(4).unwrap_or_default();
    let [1, _, _, count] = head else {
        return Err(GeodataError::broken("it has keys of no version of GeoTIFF"));
    };
    let count = usize::try_from(*count).unwrap_or(usize::MAX);
    // Those of one number stand in the list itself.
    let find = |wanted: u64| {
        rest.chunks_exact(4).take(count).find_map(|key| match key {
            [id, 0, _, value] if *id == wanted => Some(*value),
            _ => None,
        })
    };
    Ok(Some(Keys {
        system: system(find),
        is_point: find(RASTER_TYPE).map(|kind| kind == 2),
        unit: find(LINEAR_UNIT).filter(|code| *code != 0).map(Unit::of),
    }))
}

fn system(find: impl Fn(u64) -> Option<u64>) -> System {
    let projected = find(PROJECTED).filter(|code| *code != 0);
    let geographic = find(GEOGRAPHIC).filter(|code| *code != 0);
    let code = match find(MODEL_TYPE) {
        Some(1) => projected,
        Some(2) => geographic,
        Some(3) => return System::Other("its positions are geocentric"),
        _ => projected.or(geographic),
    };
    match code {
        // Codes above are for systems of which only the makers of the file know.
        Some(code @ 1024..=32766) => {
            let degrees = find(ANGULAR_UNIT).is_none_or(|unit| [0, 9102, 9122].contains(&unit));
            let is_projected = Some(code) == projected && find(MODEL_TYPE) != Some(2);
            match u32::try_from(code) {
                Ok(code) if degrees || is_projected => System::Epsg(code),
                _ => System::Other("its positions are not in degrees"),
            }
        }
        Some(_) => System::Other("its reference system is its own, without a code of EPSG"),
        None if find(MODEL_TYPE).is_some() => System::Other("it says no reference system"),
        None => System::None,
    }
}
