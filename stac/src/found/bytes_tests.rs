//! The bytes of a file: any of them, within bounds, and of a store that lacks some.

use flisthub_flist::{Content, FileBuilder, Pieces};
use flisthub_storage::{Chunk, Compressor, Kind, MemoryStore};

use super::*;

/// A file of many pieces, some of them holes, and what is in it.
fn file(store: &MemoryStore, without: Option<usize>) -> (File, Vec<u8>) {
    let put = |chunk: Chunk| {
        let frame = Compressor::new(1).unwrap().compress(&chunk).unwrap();
        store.put(&[frame]).map(drop)
    };
    let (mut builder, mut all) = (FileBuilder::new(), Vec::new());
    // More than are written into the entry: they are in lists.
    for at in 0..1_100_usize {
        let is_hole = at % 100 == 3;
        let length = if is_hole { 64 << 10 } else { 200 + at % 50 * 7 };
        let piece = if is_hole {
            all.resize(all.len() + length, 0);
            Piece::Hole { length: length as u64 }
        } else {
            let bytes: Vec<u8> = (0..length).map(|byte| (byte * at).to_le_bytes()[0]).collect();
            all.extend_from_slice(&bytes);
            let chunk = Chunk::new(Kind::Content, bytes).unwrap();
            let piece = Piece::Chunk { id: chunk.id(), length: chunk.length() };
            if without != Some(at) {
                put(chunk).unwrap();
            }
            piece
        };
        builder.push(piece, &mut { put }).unwrap();
    }
    let Content::File { size, pieces } = builder.finish(&mut { put }).unwrap() else {
        panic!("it is a file")
    };
    (File { size, pieces }, all)
}

#[test]
fn any_bytes_are_those_of_the_file() {
    let store = MemoryStore::default();
    let (file, all) = file(&store, None);
    let left = Cell::new(u64::MAX);
    let bytes = FileBytes::new(&store, &file, u64::MAX, &left);
    assert_eq!(bytes.size(), all.len() as u64);
    for length in [1, 100, 1_000, 20_000] {
        for from in (0..all.len() - length).step_by(4_777) {
            let mut read = vec![1; length];
            bytes.read_at(from as u64, &mut read).unwrap();
            assert!(read == all[from..from + length], "{from} {length}");
        }
    }
    assert_eq!(bytes.head(10_000_000).unwrap(), all);
    assert!(bytes.read_at(all.len() as u64 - 1, &mut [0; 2]).is_err());
    assert!(bytes.read_at(u64::MAX - 1, &mut [0; 1]).is_err());
}

#[test]
fn what_is_loaded_is_bounded_for_one_and_for_all() {
    let store = MemoryStore::default();
    let (file, all) = file(&store, None);
    let loaded = |most, left: &Cell<u64>| {
        let bytes = FileBytes::new(&store, &file, most, left);
        let read = (0..all.len()).step_by(3_000);
        read.take_while(|&at| bytes.read_at(at as u64, &mut [0; 1]).is_ok()).count()
    };
    let left = Cell::new(4 << 20);
    assert_eq!(loaded(4 << 20, &left), all.len().div_ceil(3_000));
    let taken = (4 << 20) - left.get();
    assert!(taken > LIST && taken < 2 << 20, "{taken}");
    assert!(loaded(taken / 2, &Cell::new(u64::MAX)) < all.len().div_ceil(3_000));
    assert!(loaded(u64::MAX, &Cell::new(taken / 2)) < all.len().div_ceil(3_000));
    assert!(loaded(taken, &Cell::new(taken)) == all.len().div_ceil(3_000));
}

/// Pieces of a byte are as much work as large ones.
#[test]
fn small_pieces_count_more_than_their_bytes_and_are_read_in_turn() {
    let store = MemoryStore::default();
    let chunk = Chunk::new(Kind::Content, b"a".to_vec()).unwrap();
    store.put(&[Compressor::new(1).unwrap().compress(&chunk).unwrap()]).unwrap();
    let byte = Piece::Chunk { id: chunk.id(), length: 1 };
    for (piece, is) in [(byte, b'a'), (Piece::Hole { length: 1 }, 0)] {
        let pieces = Pieces::Inline(vec![piece; 500]);
        let (file, left) = (File { size: 500, pieces }, Cell::new(u64::MAX));
        let bytes = FileBytes::new(&store, &file, 100 * PIECE, &left);
        assert_eq!(bytes.head(100).unwrap(), [is; 100]);
        assert!(bytes.in_turn(99).is_none());
        assert!(bytes.read_at(100, &mut [0; 1]).is_err());
        let bytes = FileBytes::new(&store, &file, u64::MAX, &left);
        bytes.head(100).unwrap();
        assert!(bytes.in_turn(100).is_some());
    }
}

/// A damaged store: what is there can be read, and the rest is an error, not zeros.
#[test]
fn what_is_missing_is_no_failure_of_the_store() {
    let store = MemoryStore::default();
    let (file, all) = file(&store, Some(100));
    let left = Cell::new(u64::MAX);
    let bytes = FileBytes::new(&store, &file, u64::MAX, &left);
    assert_eq!(bytes.head(60_000).unwrap(), all[..60_000]);
    assert!(bytes.head(200_000).is_err());
    assert!(bytes.into_failure().is_none());
}
