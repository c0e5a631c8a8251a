//! The objects of one flist, kept in an unnamed temporary file while it is pulled: a large tree's
//! directories are not held in memory, and each is fetched once.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use flisthub_storage::{Chunk, ChunkId, Kind, StoreError};

/// Objects by id, in a file that disappears with this value.
#[derive(Debug)]
pub(crate) struct ObjectFile {
    file: File,
    index: HashMap<ChunkId, Place>,
    end: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    kind: Kind,
    offset: u64,
    length: u32,
}

impl ObjectFile {
    /// An empty one.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, index: HashMap::new(), end: 0 })
    }

    /// Keeps an object.
    pub(crate) fn keep(&mut self, object: &Chunk) -> Result<(), StoreError> {
        self.file.write_all_at(object.bytes(), self.end).map_err(StoreError::backend)?;
        let (kind, offset, length) = (object.kind(), self.end, object.length());
        self.index.insert(object.id(), Place { kind, offset, length });
        self.end += u64::from(length);
        Ok(())
    }

    /// Bytes of all objects.
    pub(crate) fn bytes(&self) -> u64 {
        self.end
    }

    /// The object, verified; `None` if it is not kept here.
    pub(crate) fn get(&self, id: &ChunkId) -> Result<Option<Chunk>, StoreError> {
        let Some(place) = self.index.get(id) else { return Ok(None) };
        let mut bytes = vec![0; place.length as usize];
        self.file.read_exact_at(&mut bytes, place.offset).map_err(StoreError::backend)?;
        let object = Chunk::verify(place.kind, *id, bytes);
        object.map(Some).map_err(|_| StoreError::Corrupt { id: *id, source: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_damage_does_not() {
        let mut objects = ObjectFile::new().unwrap();
        let one = Chunk::new(Kind::Directory, "one").unwrap();
        let two = Chunk::new(Kind::List, "two").unwrap();
        objects.keep(&one).unwrap();
        objects.keep(&two).unwrap();
        assert_eq!(objects.get(&one.id()).unwrap(), Some(one));
        assert_eq!(objects.get(&Kind::Content.id_of(b"three")).unwrap(), None);
        objects.file.write_all_at(b"X", 4).unwrap();
        assert!(matches!(objects.get(&two.id()), Err(StoreError::Corrupt { .. })));
    }
}
