//! Bodies of requests: chunk records and lists of ids.

use bytes::BytesMut;
use flisthub_storage::wire::{RecordReader, WireError, read_ids, write_ids, write_record};
use flisthub_storage::{Chunk, ChunkId, Frame};

use crate::Outcome;
use crate::pieces::cut;

type Read = (Vec<(Frame, Chunk)>, Option<String>);

/// The bytes are a body of records.
pub(crate) fn records(bytes: &[u8]) -> Outcome {
    let (records, error) = read(std::iter::once(bytes));
    let (in_pieces, error_in_pieces) = read(cut(bytes));
    assert_eq!(records, in_pieces, "the same records in pieces");
    assert_eq!(error, error_in_pieces, "the same error in pieces");
    let mut written = BytesMut::new();
    for (frame, chunk) in &records {
        assert_eq!(frame.kind().id_of(chunk.bytes()), frame.id());
        write_record(frame, &mut written);
    }
    assert!(bytes.starts_with(&written), "what was accepted is written as it was read");
    if error.is_some() {
        return Outcome::Refused;
    }
    assert_eq!(written.len(), bytes.len(), "nothing is passed over");
    Outcome::Accepted
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let mut reader = RecordReader::default();
    let mut records = Vec::new();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next_record() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => break,
                Err(error) => return (records, Some(said(&error))),
            }
        }
    }
    let end = reader.finish();
    (records, end.err().map(|error| said(&error)))
}

fn said(error: &WireError) -> String {
    format!("{error:?}")
}

/// The bytes are a list of ids, and the text of one.
pub(crate) fn ids(bytes: &[u8]) -> Outcome {
    let text = std::str::from_utf8(bytes).ok().and_then(|text| Some((text, text.parse().ok()?)));
    if let Some((text, id)) = text {
        let id: ChunkId = id;
        assert_eq!(id.to_string(), text, "one text for each id");
    }
    let Ok(ids) = read_ids(bytes) else { return Outcome::Refused };
    assert_eq!(write_ids(&ids), bytes, "one list for each body");
    for id in ids {
        assert_eq!(id.to_string().parse::<ChunkId>().unwrap(), id);
    }
    Outcome::Accepted
}
