//! Thumbnails.
use crate::{GeodataError, Limits, Source};
/// Not yet.
pub fn thumbnail<S: Source + ?Sized>(_: &S, _: &Limits) -> Result<Vec<u8>, GeodataError> {
    Err(GeodataError::unsupported("no thumbnails yet"))
}
