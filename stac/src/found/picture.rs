//! The thumbnail of an item that has a raster and no picture: which raster it is made of, and making it when somebody
//! asks. Nothing of it is stored: the asset is an address of the hub.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flisthub_flist::{File, LoadError, TreePath};
use flisthub_geodata::{GeodataError, LARGEST, Limits, can_thumbnail};
use flisthub_storage::ChunkStore;

use super::bytes::FileBytes;
use super::{Findings, ends};

/// How many pixels the longer side of a thumbnail has, where nothing else is asked for.
pub const SIDE: u32 = 512;

/// The fewest and the most that may be asked for.
pub const SIDES: [u32; 2] = [64, LARGEST];

/// Of how many rasters is looked whether a thumbnail can be made of them.
const MAX_TRIED: usize = 10;

/// The most bytes that are loaded from the store to make one.
const MAX_LOADED: u64 = 64 << 20;

/// How much making one may take.
const LIMITS: Limits = Limits {
    bytes_read: 32 << 20,
    value_bytes: 4 << 20,
    positions: 0,
    bands: 0,
    decoded_bytes: 64 << 20,
};

/// Endings of rasters.
const RASTERS: &[&str] = &["tif", "tiff", "gtiff", "geotiff"];

/// Why there is no thumbnail of a file.
#[derive(Debug, thiserror::Error)]
pub enum ThumbnailError {
    /// Objects of the file cannot be had.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It is no raster that is read, it is broken, or it takes too much.
    #[error("no thumbnail can be made of it: {0}")]
    Unreadable(GeodataError),
    /// The reader fails. What it met is a stranger's.
    #[error("no thumbnail can be made of it: the hub fails to read it")]
    Failed,
}

/// Makes a thumbnail of a raster, as PNG, with at most so many pixels on its longer side.
pub fn thumbnail(
    store: &dyn ChunkStore,
    file: &File,
    side: u32,
) -> Result<Vec<u8>, ThumbnailError> {
    made(store, file, |source| flisthub_geodata::thumbnail(source, side, &LIMITS))
}

fn made(
    store: &dyn ChunkStore,
    file: &File,
    read: impl FnOnce(&FileBytes<'_>) -> Result<Vec<u8>, GeodataError>,
) -> Result<Vec<u8>, ThumbnailError> {
    let left = Cell::new(MAX_LOADED);
    let source = FileBytes::new(store, file, MAX_LOADED, &left);
    let read = catch_unwind(AssertUnwindSafe(|| read(&source)));
    if let Ok(Ok(picture)) = read {
        return Ok(picture);
    }
    if let Some(error) = source.into_error() {
        return Err(error.into());
    }
    read.map_err(|_| ThumbnailError::Failed)?.map_err(ThumbnailError::Unreadable)
}

/// The raster of which the thumbnail is made.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// Whether one is sought at all.
    is_sought: bool,
    tried: usize,
    found: Option<TreePath>,
}

impl Picture {
    pub(super) fn new(is_sought: bool) -> Self {
        Self { is_sought, ..Self::default() }
    }

    /// Takes a file for the one of which the thumbnail is made, if one is sought and can be made of it as far as its
    /// tags say it.
    pub(super) fn show(&mut self, source: &FileBytes<'_>, path: &TreePath, name: &str) {
        if !self.tries(name) {
            return;
        }
        let can = AssertUnwindSafe(|| can_thumbnail(source, SIDE, &LIMITS).is_ok());
        if catch_unwind(can).unwrap_or(false) {
            self.found = Some(path.clone());
        }
    }

    /// Whether a file may be the one: then it is one of those that are tried.
    fn tries(&mut self, name: &str) -> bool {
        let tries =
            self.is_sought && self.found.is_none() && self.tried < MAX_TRIED && ends(name, RASTERS);
        self.tried = self.tried.saturating_add(usize::from(tries));
        tries
    }
}

impl Findings {
    /// The file of which a thumbnail can be made.
    pub(crate) fn picture(&self) -> Option<&TreePath> {
        self.picture.found.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use flisthub_flist::{Content, FileBuilder, Piece};
    use flisthub_storage::{Chunk, Compressor, Kind, MemoryStore};

    use super::*;

    const A: &[u8] = include_bytes!("../../tests/fixtures/geodata/a.tif");

    /// A file in chunks of a hundred bytes, without one of them if that is said.
    fn file(store: &MemoryStore, content: &[u8], without: Option<usize>) -> File {
        let put = |chunk: Chunk| {
            let frame = Compressor::new(1).unwrap().compress(&chunk).unwrap();
            store.put(&[frame]).map(drop)
        };
        let mut builder = FileBuilder::new();
        for (at, bytes) in content.chunks(100).enumerate() {
            let chunk = Chunk::new(Kind::Content, bytes.to_vec()).unwrap();
            let piece = Piece::Chunk { id: chunk.id(), length: chunk.length() };
            if without != Some(at) {
                put(chunk).unwrap();
            }
            builder.push(piece, &mut { put }).unwrap();
        }
        let Content::File { size, pieces } = builder.finish(&mut { put }).unwrap() else {
            panic!("it is a file")
        };
        File { size, pieces }
    }

    #[test]
    fn a_raster_has_a_picture() {
        let store = MemoryStore::default();
        let file = file(&store, A, None);
        let picture = thumbnail(&store, &file, 30).unwrap();
        assert_eq!(picture[..8], *b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (30, 20));
    }

    #[test]
    fn why_there_is_none_is_told() {
        let store = MemoryStore::default();
        let text = file(&store, b"hello", None);
        let told = thumbnail(&store, &text, SIDE).unwrap_err();
        assert!(matches!(&told, ThumbnailError::Unreadable(_)), "{told}");
        let damaged = file(&store, A, Some(0));
        let told = thumbnail(&store, &damaged, SIDE).unwrap_err();
        assert!(matches!(&told, ThumbnailError::Load(LoadError::Missing(_))), "{told}");
    }

    #[test]
    fn a_reader_that_fails_is_stopped() {
        let store = MemoryStore::default();
        let file = file(&store, A, None);
        let told = made(&store, &file, |_| panic!("what nobody thought of")).unwrap_err();
        assert!(matches!(told, ThumbnailError::Failed));
        assert!(!told.to_string().contains("nobody"), "{told}");
    }
}
