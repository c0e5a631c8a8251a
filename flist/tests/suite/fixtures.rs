//! Frozen files of format version 1. If one of these tests fails, the format has changed: that takes
//! a new version, never a new fixture.

use flisthub_flist::{FlistWriter, Manifest, Tree, read_flist};
use flisthub_storage::{Kind, MemoryStore, Profile};

use crate::support::{every_kind, keep, listing, publish};

const EVERY_KIND: &[u8] = include_bytes!("../fixtures/v1-every-kind.flist");
const EVERY_KIND_ID: &str = "301cc3704ebebf799bb9934c6ce9524c234567fd901a499155fbefb86b83c593";

fn written() -> (String, Vec<u8>) {
    let store = MemoryStore::new();
    let built = every_kind(&mut keep(&store));
    let id = publish(&store, &built);
    let bytes = FlistWriter::new(&store, id).flat_map(|record| record.unwrap().to_vec()).collect();
    (id.to_string(), bytes)
}

#[test]
fn the_same_tree_is_written_as_it_always_was() {
    let (id, bytes) = written();
    assert_eq!(id, EVERY_KIND_ID);
    assert!(bytes == EVERY_KIND, "the bytes of the .flist file have changed");
}

#[test]
fn an_old_file_is_read() {
    let store = MemoryStore::new();
    let (id, manifest) = read_flist(EVERY_KIND, None, 1 << 20, &mut keep(&store)).unwrap();
    assert_eq!(id.to_string(), EVERY_KIND_ID);
    let fresh = MemoryStore::new();
    let built = every_kind(&mut keep(&fresh));
    assert_eq!(
        listing(&store, &Tree::of(&manifest)),
        listing(&fresh, &Tree::of(&Manifest::of(&built, Profile::default())))
    );
}

/// A manifest with everything that is optional in it.
#[test]
fn a_full_manifest_is_frozen() {
    let store = MemoryStore::new();
    let built = every_kind(&mut keep(&store));
    let mut manifest = Manifest::of(&built, Profile::default());
    manifest.image_config = Some(b"{\"Cmd\":[\"sh\"]}".to_vec());
    manifest.values.insert("readme".into(), "R\u{e9}sum\u{e9}".into());
    manifest.values.insert("entrypoint".into(), "[]".into());
    let chunk = manifest.to_chunk().unwrap();
    assert_eq!(chunk.kind(), Kind::Manifest);
    assert_eq!(
        chunk.id().to_string(),
        "9e42cf797f799538e216fafd970dce81dbcb036f5074cb95a8bd3bfc23fd548a"
    );
    assert_eq!(Manifest::decode(chunk.bytes()).unwrap(), manifest);
}

#[test]
fn each_way_to_damage_a_file_is_noticed() {
    let read = |bytes: &[u8]| read_flist(bytes, None, 1 << 20, &mut |_| Ok(()));
    assert!(read(EVERY_KIND).is_ok());
    for end in 0..EVERY_KIND.len() {
        // Every length up to the middle of the first objects, then every 97th.
        if end < 3000 || end % 97 == 0 {
            assert!(read(&EVERY_KIND[..end]).is_err(), "cut to {end} bytes");
        }
    }
    assert!(read(&[EVERY_KIND, b"x"].concat()).is_err(), "a byte too many");
    let mut changed = EVERY_KIND.to_vec();
    for at in (0..changed.len()).step_by(53) {
        changed[at] ^= 1;
        // Only the manifest can change unnoticed when nobody says which one is expected: its id does.
        if let Ok((id, _)) = read(&changed) {
            assert_ne!(id.to_string(), EVERY_KIND_ID, "changed at {at}");
        }
        let expected = Some(EVERY_KIND_ID.parse().unwrap());
        assert!(read_flist(&changed[..], expected, 1 << 20, &mut |_| Ok(())).is_err(), "at {at}");
        changed[at] ^= 1;
    }
    assert!(read_flist(EVERY_KIND, None, 1000, &mut |_| Ok(())).is_err(), "over the limit");
}
