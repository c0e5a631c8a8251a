//! `.flist` files.

use flisthub_flist::{FlistWriter, read_flist};
use flisthub_storage::{Chunk, ChunkId, ChunkStore as _, Compressor, MemoryStore};

use crate::Outcome;
use crate::pieces::Pieces;

/// More than any input has.
const LIMIT: u64 = 1 << 20;

pub(crate) fn flist(bytes: &[u8]) -> Outcome {
    let (id, objects) = read(bytes);
    let mut in_pieces = Vec::new();
    let result = read_flist(Pieces::of(bytes), None, LIMIT, &mut |object| {
        in_pieces.push(object);
        Ok(())
    });
    assert_eq!(id, result.map(|(id, _)| id).map_err(|error| error.to_string()), "in pieces");
    assert_eq!(objects, in_pieces, "the same objects in pieces");
    let held: usize = objects.iter().map(|object| object.bytes().len()).sum();
    assert!(held <= bytes.len(), "no more memory than the file has bytes");
    let Ok(id) = id else { return Outcome::Refused };
    assert!(read_flist(bytes, Some(id), LIMIT, &mut |_| Ok(())).is_ok(), "by its id");
    let length = bytes.len() as u64;
    let shorter = read_flist(bytes, Some(id), length - 9, &mut |_| Ok(()));
    assert!(shorter.is_err(), "over the limit is refused");
    assert!(written(id, &objects) == bytes, "one file for each flist");
    Outcome::Accepted
}

fn read(bytes: &[u8]) -> (Result<ChunkId, String>, Vec<Chunk>) {
    let mut objects = Vec::new();
    let result = read_flist(bytes, None, LIMIT, &mut |object| {
        objects.push(object);
        Ok(())
    });
    (result.map(|(id, _)| id).map_err(|error| error.to_string()), objects)
}

/// The file of that flist, of these objects.
pub(crate) fn written(id: ChunkId, objects: &[Chunk]) -> Vec<u8> {
    let store = MemoryStore::new();
    let mut compressor = Compressor::new(1).unwrap();
    for object in objects {
        store.put(&[compressor.compress(object).unwrap()]).unwrap();
    }
    FlistWriter::new(&store, id).flat_map(|record| record.unwrap().to_vec()).collect()
}
