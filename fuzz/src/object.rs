//! The objects that describe a tree.

use flisthub_flist::{
    Directory, List, LoadError, Manifest, build_directory, build_links, links as read_links,
    references,
};
use flisthub_storage::{Chunk, ChunkStore as _, Compressor, Kind, MemoryStore};

use crate::{Outcome, encode};

/// The object of these bytes, if it is not too long.
fn object(kind: Kind, bytes: &[u8]) -> Chunk {
    Chunk::new(kind, bytes.to_vec()).expect("shorter than an object may be")
}

/// What an object names is told exactly when it decodes.
fn named(kind: Kind, bytes: &[u8], decodes: bool) -> usize {
    let found = references(&object(kind, bytes));
    assert_eq!(found.is_ok(), decodes, "references and decoder disagree: {found:?}");
    found.map_or(0, |found| found.len())
}

pub(crate) fn manifest(bytes: &[u8]) -> Outcome {
    let manifest = Manifest::decode(bytes);
    let named = named(Kind::Manifest, bytes, manifest.is_ok());
    let Ok(manifest) = manifest else { return Outcome::Refused };
    assert_eq!(manifest.to_chunk().unwrap().bytes(), bytes, "one encoding");
    assert_eq!(named, 1 + usize::from(manifest.links.is_some()));
    Outcome::Accepted
}

pub(crate) fn directory(bytes: &[u8]) -> Outcome {
    let directory = Directory::decode(bytes);
    let named = named(Kind::Directory, bytes, directory.is_ok());
    let Ok(directory) = directory else { return Outcome::Refused };
    match &directory {
        Directory::Leaf(entries) => {
            assert!(entries.is_sorted_by(|one, next| one.name < next.name), "each name once");
            let mut made = Vec::new();
            let built = build_directory(entries, &mut |chunk| {
                made.push(chunk);
                Ok(())
            });
            assert_eq!(built.is_ok(), directory.totals().is_some(), "refused for its totals alone");
            if let Ok((id, totals)) = built {
                assert_eq!(made.len(), 1);
                assert_eq!(made[0].bytes(), bytes, "one encoding");
                assert_eq!((id, Some(totals)), (made[0].id(), directory.totals()));
            }
        }
        Directory::Node(parts) => {
            assert_eq!(encode::directory_node(parts), bytes, "one encoding");
            assert!(parts.is_sorted_by(|one, next| one.last < next.last), "parts in order");
            assert_eq!(named, parts.len());
            assert!(parts.len() >= 2);
        }
    }
    Outcome::Accepted
}

pub(crate) fn list(bytes: &[u8]) -> Outcome {
    let list = List::decode(bytes);
    let named = named(Kind::List, bytes, list.is_ok());
    let Ok(list) = list else { return Outcome::Refused };
    assert_eq!(encode::list(&list), bytes, "one encoding");
    let sum = list.sum();
    match &list {
        List::Leaf(pieces) => {
            let size = pieces.iter().try_fold(0_u64, |sum, piece| sum.checked_add(piece.length()));
            assert_eq!(sum, size.map(|size| (pieces.len() as u64, size)));
        }
        List::Node(parts) => assert_eq!(named, parts.len()),
    }
    Outcome::Accepted
}

/// Leaves of a node are other objects, so a node by itself can only be told apart from a leaf.
pub(crate) fn links(bytes: &[u8]) -> Outcome {
    let chunk = object(Kind::Links, bytes);
    let store = MemoryStore::new();
    let frame = Compressor::new(1).unwrap().compress(&chunk).unwrap();
    store.put(&[frame]).unwrap();
    let read = read_links(&store, chunk.id(), 1000);
    let named = references(&chunk);
    match read {
        Ok(groups) => {
            assert_eq!(encode::links_leaf(&groups), bytes, "one encoding");
            assert_eq!(named.unwrap(), []);
            let records: usize = groups.iter().map(Vec::len).sum();
            assert!((1..=1000).contains(&records), "no more links than entries");
            if groups.iter().all(|group| group.len() > 1) {
                let built = build_links(groups, &mut |_| Ok(())).unwrap();
                assert_eq!(built, Some(chunk.id()), "its own encoder gives the same");
            }
            Outcome::Accepted
        }
        Err(LoadError::Missing(_)) => {
            let ids: Vec<_> = named.unwrap().into_iter().map(|reference| reference.id).collect();
            assert_eq!(encode::links_node(&ids), bytes, "one encoding");
            assert!(ids.len() >= 2);
            Outcome::Accepted
        }
        Err(_) => Outcome::Refused,
    }
}
