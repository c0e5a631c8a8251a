//! Which frames are accepted: each rule of the chunk wire format, broken once.

use flisthub_storage::{Chunk, ChunkId, Frame, FrameError, Kind, MAX_CHUNK};
use proptest::prelude::*;
use zstd::zstd_safe::{CCtx, CParameter, compress_bound};

use crate::support::{chunk, frame, noise};

fn verify(chunk: &Chunk, bytes: impl Into<Vec<u8>>) -> Result<(Frame, Chunk), FrameError> {
    Frame::verify(chunk.kind(), chunk.id(), chunk.length(), bytes.into())
}

fn compress(content: &[u8], parameters: &[CParameter]) -> Vec<u8> {
    let mut zstd = CCtx::create();
    for parameter in parameters {
        zstd.set_parameter(*parameter).unwrap();
    }
    let mut out = Vec::with_capacity(compress_bound(content.len()));
    zstd.compress2(&mut out, content).unwrap();
    out
}

#[test]
fn our_own_frames_keep_every_rule() {
    for content in [vec![], vec![1], vec![0; MAX_CHUNK], noise(1, MAX_CHUNK), noise(2, 70_000)] {
        let chunk = chunk(content);
        let frame = frame(&chunk);
        let (again, decoded) = verify(&chunk, frame.bytes().to_vec()).unwrap();
        assert_eq!((again, decoded), (frame, chunk));
    }
}

#[test]
fn bytes_that_do_not_shrink_are_raw_blocks() {
    let frame = frame(&chunk(noise(3, 300_000)));
    let overhead = frame.bytes().len() - 300_000;
    assert!(overhead < 20, "{overhead} bytes beside the content");
}

#[test]
fn two_frames_are_refused() {
    let chunk = chunk(vec![5; 2000]);
    let half = compress(&[5; 1000], &[]);
    assert!(matches!(
        verify(&chunk, [half.clone(), half].concat()),
        Err(FrameError::Length { .. })
    ));
    let whole = compress(&[5; 2000], &[]);
    let twice = [whole.clone(), whole].concat();
    assert!(matches!(verify(&chunk, twice), Err(FrameError::NotOneFrame { .. })));
}

#[test]
fn padding_after_the_frame_is_refused() {
    let chunk = chunk("padded");
    let padded = [&frame(&chunk).bytes()[..], b"x"].concat();
    assert!(matches!(verify(&chunk, padded), Err(FrameError::NotOneFrame { .. })));
    let skippable = [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 0];
    let padded = [&frame(&chunk).bytes()[..], &skippable].concat();
    assert!(matches!(verify(&chunk, padded), Err(FrameError::NotOneFrame { .. })));
}

#[test]
fn a_skippable_frame_in_front_is_refused() {
    let chunk = chunk("hidden");
    let skippable = [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 0];
    let prefixed = [&skippable[..], frame(&chunk).bytes()].concat();
    assert!(matches!(verify(&chunk, prefixed), Err(FrameError::NotAFrame { .. })));
}

#[test]
fn a_frame_without_content_size_is_refused() {
    let chunk = chunk(vec![9; 1000]);
    let bytes = compress(&[9; 1000], &[CParameter::ContentSizeFlag(false)]);
    assert!(matches!(verify(&chunk, bytes), Err(FrameError::NotAFrame { .. })));
}

#[test]
fn a_long_window_is_refused() {
    let chunk = chunk(vec![9; 1000]);
    // A header as zstd --long=27 writes it: a window of 128 MiB, content size in four bytes.
    let mut bytes = vec![0x28, 0xB5, 0x2F, 0xFD, 0b1000_0000, 17 << 3];
    bytes.extend(1000_u32.to_le_bytes());
    bytes.extend([0x43, 0x1F, 0, 9]); // one run-length block, the last one, of 1000 times 9
    let error = verify(&chunk, bytes.clone()).unwrap_err();
    assert!(matches!(error, FrameError::Window { window, .. } if window == 128 << 20), "{error}");
    // With an 8 MiB window the very same frame is fine, so it was the window that was refused.
    bytes[5] = 13 << 3;
    assert_eq!(verify(&chunk, bytes.clone()).unwrap().1, chunk);
    bytes[5] = (13 << 3) | 1;
    assert!(matches!(verify(&chunk, bytes), Err(FrameError::Window { .. })));
}

#[test]
fn a_dictionary_is_refused() {
    let chunk = chunk(vec![9; 1000]);
    let mut bytes = vec![0x28, 0xB5, 0x2F, 0xFD, 0b1000_0001, 10 << 3, 77];
    bytes.extend(1000_u32.to_le_bytes());
    bytes.extend([0x43, 0x1F, 0, 9]);
    assert!(matches!(verify(&chunk, bytes), Err(FrameError::Dictionary { .. })));
}

#[test]
fn a_wrong_length_is_refused() {
    let chunk = chunk("four");
    let bytes = frame(&chunk).bytes().clone();
    for length in [0, 3, 5, u32::MAX] {
        let error = Frame::verify(chunk.kind(), chunk.id(), length, bytes.clone()).unwrap_err();
        assert!(matches!(error, FrameError::Length { .. }), "{length}: {error}");
    }
    let long = vec![1; MAX_CHUNK + 1];
    let bytes = compress(&long, &[]);
    let id = Kind::Content.id_of(&long);
    let length = u32::try_from(long.len()).unwrap();
    let error = Frame::verify(Kind::Content, id, length, bytes).unwrap_err();
    assert!(matches!(error, FrameError::Length { .. }), "{error}");
}

#[test]
fn a_frame_longer_than_it_ever_needs_to_be_is_refused() {
    // One byte of content in a hundred empty raw blocks.
    let mut bytes = vec![0x28, 0xB5, 0x2F, 0xFD, 0b0010_0000, 1];
    for _ in 0..100 {
        bytes.extend([0, 0, 0]);
    }
    bytes.extend([0x09, 0, 0, b'x']);
    let error = verify(&chunk("x"), bytes).unwrap_err();
    assert!(matches!(error, FrameError::Padded { .. }), "{error}");
}

#[test]
fn other_bytes_than_the_id_names_are_refused() {
    let (claimed, sent) = (chunk("claimed"), chunk("as sent"));
    let bytes = frame(&sent).bytes().clone();
    let error = Frame::verify(Kind::Content, claimed.id(), 7, bytes.clone()).unwrap_err();
    assert!(matches!(error, FrameError::Mismatch(_)), "{error}");
    assert!(error.to_string().contains(&claimed.id().to_string()));
    let error = Frame::verify(Kind::Directory, sent.id(), 7, bytes).unwrap_err();
    assert!(matches!(error, FrameError::Mismatch(_)), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    /// Whatever is changed in a frame, it is refused or still holds the same content. Nothing panics.
    #[test]
    fn a_changed_frame_never_gives_other_bytes(
        length in 1_usize..3000,
        seed in 0_u64..4,
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let content = if seed == 0 { vec![1; length] } else { noise(seed, length) };
        let chunk = chunk(content);
        let mut bytes = frame(&chunk).bytes().to_vec();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        if let Ok((_, decoded)) = verify(&chunk, bytes) {
            prop_assert_eq!(decoded, chunk);
        }
    }

    #[test]
    fn any_bytes_are_no_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Frame::verify(Kind::Content, ChunkId::from_bytes([0; 32]), 10, bytes);
    }
}
