//! Thumbnails that were made lately, within a bound in bytes. They are known by the content of the file that they are
//! of, which never changes: whoever asks must be allowed to read a file with that content.

use bytes::Bytes;
use flisthub_storage::ChunkId;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::objects::CacheFigures;

/// Bytes of all of them.
const BYTES: u64 = 32 << 20;

/// How large one is thought to be on average, to size the tables.
const TYPICAL: usize = 128 << 10;

/// Parts of the cache that are locked for themselves: what is larger than a part is not kept.
const SHARDS: usize = 4;

/// Bytes that an entry takes beside the picture.
const OVERHEAD: u64 = 128;

/// The content of a file, and how many pixels the longer side of its thumbnail may have.
type Key = (ChunkId, u32);

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Key, Bytes> for ByBytes {
    fn weight(&self, _: &Key, picture: &Bytes) -> u64 {
        OVERHEAD + picture.len() as u64
    }
}

/// What is kept.
#[derive(Debug)]
pub struct Thumbnails(Cache<Key, Bytes, ByBytes>);

impl Default for Thumbnails {
    fn default() -> Self {
        let items = usize::try_from(BYTES).unwrap_or(usize::MAX) / TYPICAL;
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(items)
            .weight_capacity(BYTES)
            .build();
        Self(match options {
            Ok(options) => Cache::with_options(
                options,
                ByBytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            // Says only that something is not given.
            Err(_) => Cache::with_weighter(items, BYTES, ByBytes),
        })
    }
}

impl Thumbnails {
    /// What the cache tells of itself.
    pub(crate) fn figures(&self) -> CacheFigures {
        CacheFigures::of(&self.0)
    }

    /// The thumbnail of a content, if it was made lately.
    pub(crate) fn get(&self, content: ChunkId, side: u32) -> Option<Bytes> {
        self.0.get(&(content, side))
    }

    /// Keeps one.
    pub(crate) fn keep(&self, content: ChunkId, side: u32, picture: Bytes) {
        self.0.insert((content, side), picture);
    }
}

#[cfg(test)]
mod tests {
    use flisthub_storage::Kind;

    use super::*;

    #[test]
    fn they_are_kept_within_a_bound() {
        let kept = Thumbnails::default();
        let id = |at: u32| Kind::Content.id_of(&at.to_le_bytes());
        for at in 0..100 {
            kept.keep(id(at), 512, Bytes::from(vec![0; 1 << 20]));
        }
        assert!(kept.figures().holds <= BYTES, "{:?}", kept.figures());
        let held = (0..100).filter(|&at| kept.get(id(at), 512).is_some()).count();
        assert!((1..=32).contains(&held), "{held}");
        kept.keep(id(0), 64, Bytes::from_static(b"small"));
        assert_eq!(kept.get(id(0), 64).unwrap(), "small");
        assert_eq!(kept.get(id(0), 65), None);
    }
}
