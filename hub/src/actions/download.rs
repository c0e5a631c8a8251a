//! A flist as a `.flist` file, or a part of one.

use std::ops::Range;

use bytes::Bytes;
use flisthub_flist::{FlistWriter, LoadError};
use flisthub_storage::ChunkId;

use super::error::ActionError;
use super::stream::{Items, produce};
use crate::state::Hub;

/// The bytes `range` of the `.flist` file of a manifest. The file is written anew each time, from
/// objects alone; what stands before the range is written and dropped.
pub async fn flist_file(
    hub: &Hub,
    manifest: ChunkId,
    range: Range<u64>,
) -> Result<Items<Bytes>, ActionError> {
    produce(hub, move |hub, sink| {
        let mut at = 0;
        for record in FlistWriter::new(&*hub.store, manifest) {
            match record {
                Ok(record) => {
                    let part = overlap(&record, at, &range);
                    at = at.saturating_add(record.len() as u64);
                    if !part.is_empty() {
                        sink.send(Ok(part))?;
                    }
                }
                Err(LoadError::Store(error)) => return sink.send(Err(error.into())),
                Err(error) => return sink.send(Err(ActionError::internal(error))),
            }
            if at >= range.end {
                break;
            }
        }
        Ok(())
    })
    .await
}

/// What of a record that starts at `at` lies in `range`.
fn overlap(record: &Bytes, at: u64, range: &Range<u64>) -> Bytes {
    let length = record.len();
    let clamp = |position: u64| {
        usize::try_from(position.saturating_sub(at)).map_or(length, |offset| offset.min(length))
    };
    record.slice(clamp(range.start)..clamp(range.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps() {
        let record = Bytes::from_static(b"0123456789");
        for (at, range, part) in [
            (0, 0..10, "0123456789"),
            (0, 0..1, "0"),
            (100, 0..1000, "0123456789"),
            (100, 105..107, "56"),
            (100, 0..100, ""),
            (100, 110..120, ""),
            (100, 95..103, "012"),
            (100, 108..u64::MAX, "89"),
        ] {
            assert_eq!(overlap(&record, at, &range), part, "{at} {range:?}");
        }
    }
}
