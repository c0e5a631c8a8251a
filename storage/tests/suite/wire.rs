//! The chunk wire format: frozen bytes, any split of the body, and each way to break it.

use bytes::BytesMut;
use flisthub_storage::wire::{RecordReader, WireError, read_ids, write_ids, write_record};
use flisthub_storage::{Chunk, ChunkId, Frame};

use crate::support::{chunk, frame, frames};

fn body(frames: &[Frame]) -> Vec<u8> {
    let mut body = BytesMut::new();
    for frame in frames {
        write_record(frame, &mut body);
    }
    body.to_vec()
}

fn read(body: &[u8], step: usize) -> Result<Vec<(Frame, Chunk)>, WireError> {
    let mut reader = RecordReader::default();
    let mut found = Vec::new();
    for part in body.chunks(step) {
        reader.push(part);
        while let Some(record) = reader.next_record()? {
            found.push(record);
        }
    }
    reader.finish()?;
    Ok(found)
}

/// Frozen: header and a raw-block frame of "hi".
#[test]
fn a_record_is_frozen() {
    let chunk = chunk("hi");
    let mut expected = vec![0];
    expected.extend(chunk.id().as_bytes());
    expected.extend([0, 0, 0, 2, 0, 0, 0, 11]);
    expected.extend([0x28, 0xB5, 0x2F, 0xFD, 0x20, 2, 0x11, 0, 0, b'h', b'i']);
    assert_eq!(body(&[frame(&chunk)]), expected);
}

#[test]
fn a_body_may_arrive_in_parts_of_any_size() {
    let frames = frames(12);
    let body = body(&frames);
    for step in [1, 40, 41, 42, 1000, body.len()] {
        let found: Vec<Frame> = read(&body, step).unwrap().into_iter().map(|(f, _)| f).collect();
        assert_eq!(found, frames, "in steps of {step}");
    }
}

#[test]
fn a_broken_record_is_named() {
    let frames = frames(3);
    let good = body(&frames);
    let second = body(&frames[..1]).len();

    let mut kind = good.clone();
    kind[second] = 5;
    assert!(matches!(read(&kind, 999), Err(WireError::Kind { index: 1, code: 5 })));

    let mut id = good.clone();
    id[second + 1] ^= 1;
    assert!(matches!(read(&id, 999), Err(WireError::Frame { index: 1, .. })));

    let mut length = good.clone();
    length[second + 33] = 1;
    assert!(matches!(read(&length, 999), Err(WireError::TooLong { index: 1, .. })));

    // Refused from the header alone: nothing is gathered up for a frame that cannot be.
    let mut frame_length = good[..second + 41].to_vec();
    frame_length[second + 37] = 0xFF;
    assert!(matches!(read(&frame_length, 999), Err(WireError::TooLong { index: 1, .. })));

    for end in [second + 1, second + 41, good.len() - 1] {
        assert!(matches!(read(&good[..end], 999), Err(WireError::Truncated { .. })), "{end}");
    }
}

#[test]
fn ids_are_a_multiple_of_32_bytes() {
    let ids: Vec<ChunkId> = frames(5).iter().map(Frame::id).collect();
    assert_eq!(read_ids(&write_ids(&ids)).unwrap(), ids);
    assert_eq!(read_ids(b"").unwrap(), []);
    assert!(matches!(read_ids(&[0; 33]), Err(WireError::Ids { length: 33 })));
}
