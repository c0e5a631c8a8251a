//! How fast directory objects tell what they name: entries a second on one core, by `references`, and by
//! the strict `Directory::decode` that it stands on. Run with
//! `cargo run --release -p flisthub-flist --example references_rate`.

use std::hint::black_box;
use std::time::Instant;

use flisthub_flist::{
    Directory, Entry, EntryName, FileBuilder, Metadata, Piece, build_directory, references,
};
use flisthub_storage::{Chunk, Kind};

type Failure = Box<dyn std::error::Error>;

/// Entries of the directory.
const ENTRIES: u32 = 1000;
/// How often it is read.
const ROUNDS: u32 = 5000;

fn main() -> Result<(), Failure> {
    let object = directory()?;
    println!("one directory object: {ENTRIES} files of one chunk, {} bytes", object.bytes().len());
    measure("references", || Ok(references(&object)?.len()))?;
    measure("Directory::decode", || match Directory::decode(object.bytes())? {
        Directory::Leaf(entries) => Ok(entries.len()),
        Directory::Node(_) => Err("the directory is in parts".into()),
    })
}

fn directory() -> Result<Chunk, Failure> {
    let mut entries = Vec::new();
    for index in 0..ENTRIES {
        let id = Kind::Content.id_of(&index.to_le_bytes());
        let mut file = FileBuilder::new();
        file.push(Piece::Chunk { id, length: 10_000 + index }, &mut |_| Ok(()))?;
        let mtime = 1_700_000_000 + i64::from(index);
        let metadata = Metadata { mode: 0o644, uid: 1000, gid: 1000, mtime, ..Metadata::default() };
        let name = EntryName::new(format!("file-{index:08}.txt").as_bytes())?;
        entries.push(Entry { name, metadata, content: file.finish(&mut |_| Ok(()))? });
    }
    let mut last = None;
    build_directory(&entries, &mut |object| {
        last = Some(object);
        Ok(())
    })?;
    last.ok_or_else(|| "no object was made".into())
}

fn measure(what: &str, read: impl Fn() -> Result<usize, Failure>) -> Result<(), Failure> {
    let start = Instant::now();
    let mut found = 0_u64;
    for _ in 0..ROUNDS {
        found += u64::try_from(black_box(read()?))?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = f64::from(ENTRIES) * f64::from(ROUNDS) / seconds / 1e6;
    println!("{what}: {rate:.2} million entries a second ({found} found)");
    Ok(())
}
