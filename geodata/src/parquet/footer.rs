//! The end of a Parquet file: how many rows it has, and the text called `geo`. All else is passed over, in whatever
//! order it comes.

use crate::error::GeodataError;
use crate::source::{Bounded, Source};

use super::thrift::{Kind, Reader};

/// The key of the metadata of `GeoParquet`.
const GEO: &[u8] = b"geo";

/// The most pairs of keys and values that are looked at.
const MAX_PAIRS: u64 = 10_000;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Footer {
    pub(super) rows: i64,
    pub(super) geo: Option<Vec<u8>>,
}

pub(super) fn read<S: Source + ?Sized>(source: &Bounded<'_, S>) -> Result<Footer, GeodataError> {
    let start: [u8; 4] = source.array("the first bytes", 0)?;
    let end_at = source.size().saturating_sub(8);
    let [a, b, c, d, magic @ ..]: [u8; 8] = source.array("the last bytes", end_at)?;
    match (&start, &magic) {
        (b"PAR1", b"PAR1") => {}
        (_, b"PARE") => return Err(GeodataError::unsupported("its footer is encrypted")),
        _ => return Err(GeodataError::broken("it does not begin and end as Parquet does")),
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    // Between the first four bytes and the last eight.
    let from = end_at.checked_sub(length).filter(|from| *from >= 4).ok_or_else(|| {
        GeodataError::broken(format!("its footer says {length} bytes, and is not in the file"))
    })?;
    let mut reader = Reader::new(source, from, end_at);
    let mut footer = Footer::default();
    let mut rows = None;
    reader.structure(|reader, field, kind| match (field, kind) {
        (3, Kind::Integer) => {
            rows = Some(reader.integer()?);
            Ok(true)
        }
        (5, Kind::List) => {
            let found = pairs(reader)?;
            footer.geo = found.or(footer.geo.take());
            Ok(true)
        }
        _ => Ok(false),
    })?;
    footer.rows =
        rows.ok_or_else(|| GeodataError::broken("its footer does not say how many rows it has"))?;
    Ok(footer)
}

/// The value of the key `geo` in a list of keys and values.
fn pairs<S: Source + ?Sized>(
    reader: &mut Reader<'_, '_, S>,
) -> Result<Option<Vec<u8>>, GeodataError> {
    let (kind, count) = reader.list()?;
    if kind != Kind::Structure || count > MAX_PAIRS {
        return Err(GeodataError::broken("its keys and values are no list of pairs"));
    }
    let mut geo = None;
    for _ in 0..count {
        let mut is_geo = false;
        reader.structure(|reader, field, kind| match (field, kind) {
            (1, Kind::Bytes) => {
                is_geo = reader.is_bytes(GEO)?;
                Ok(true)
            }
            // Writers put the key first; a value before its key is passed over.
            (2, Kind::Bytes) if is_geo => {
                geo = Some(reader.bytes()?);
                Ok(true)
            }
            _ => Ok(false),
        })?;
    }
    Ok(geo)
}
