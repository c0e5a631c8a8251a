//! Frames as they come from a client or from the disk.

use bytes::Bytes;
use flisthub_storage::{Chunk, ChunkId, Frame, Kind, MAX_CHUNK};

use crate::Outcome;

/// What may not stand beside a frame, although zstd itself passes over it: an empty frame, a skippable
/// one; and a byte that is no frame.
const OTHERS: [&[u8]; 3] =
    [b"\x28\xb5\x2f\xfd\x20\0\x01\0\0", b"\x50\x2a\x4d\x18\x01\0\0\0x", b"\0"];

/// The first byte chooses the kind, the rest is the frame. The id is that of whatever zstd makes of the
/// frame, so that the check of the hash is passed and all the other rules are reached.
pub(crate) fn frame(bytes: &[u8]) -> Outcome {
    let Some((first, bytes)) = bytes.split_first() else { return Outcome::Refused };
    let kind = Kind::ALL[usize::from(*first) % Kind::ALL.len()];
    let Some(content) = decoded(bytes) else {
        let id = kind.id_of(b"");
        assert!(Frame::verify(kind, id, 0, Bytes::copy_from_slice(bytes)).is_err(), "not a frame");
        return Outcome::Refused;
    };
    let id = kind.id_of(&content);
    let Ok(length) = u32::try_from(content.len()) else { return Outcome::Refused };
    let verify = |kind, id, length| Frame::verify(kind, id, length, Bytes::copy_from_slice(bytes));
    let Ok((frame, chunk)) = verify(kind, id, length) else { return Outcome::Refused };
    assert!(content.len() <= MAX_CHUNK && bytes.len() <= MAX_CHUNK + (64 << 10));
    assert_eq!(chunk.bytes(), &content, "the content that zstd gives");
    assert_eq!((frame.kind(), frame.id(), frame.length()), (kind, id, length));
    assert_eq!(frame.bytes(), bytes, "kept as it came");
    assert_eq!(frame.decode().expect("decodes again"), chunk);
    assert!(verify(kind, another(id), length).is_err(), "another id is refused");
    assert!(verify(kind, id, length + 1).is_err(), "another length is refused");
    let other = Kind::ALL[(usize::from(*first) + 1) % Kind::ALL.len()];
    assert!(verify(other, id, length).is_err(), "another kind is refused");
    for other in OTHERS {
        for both in [[bytes, other].concat(), [other, bytes].concat()] {
            assert!(Frame::verify(kind, id, length, both).is_err(), "exactly one frame");
        }
    }
    assert_eq!(Chunk::new(kind, content).expect("not too long").id(), id);
    Outcome::Accepted
}

/// What zstd itself makes of the bytes, unless that is far more than a chunk can be.
fn decoded(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::decompress(bytes, MAX_CHUNK + 1).ok()
}

fn another(id: ChunkId) -> ChunkId {
    let mut bytes = *id.as_bytes();
    bytes[31] ^= 1;
    ChunkId::from_bytes(bytes)
}
