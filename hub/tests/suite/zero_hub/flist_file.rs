//! `.flist` files for tests: as they are, or forged.

use flisthub_flist::{MAGIC, Manifest};

/// Bytes of a record before its object.
const HEADER: usize = 5;

/// The same file with another manifest.
pub(super) fn with_manifest(file: &[u8], change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let (header, rest) = file[MAGIC.len()..].split_at(HEADER);
    let length = u32::from_be_bytes(header[1..].try_into().unwrap()) as usize;
    let mut manifest = Manifest::decode(&rest[..length]).unwrap();
    change(&mut manifest);
    let object = manifest.to_chunk().unwrap();
    let mut out = MAGIC.to_vec();
    out.push(header[0]);
    out.extend(object.length().to_be_bytes());
    out.extend(object.bytes());
    out.extend(&rest[length..]);
    out
}
