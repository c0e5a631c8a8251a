//! The least that an ingest can cost: inflate, cut and hash all bytes, and compress those that are new,
//! each measured alone on one thread, with no tar to read, no tree to build and nothing to write.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::time::Instant;

use anyhow::Context as _;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use flisthub_storage::{Chunk, ChunkId, Compressor, Cut, DEFAULT_LEVEL, Kind, Profile};

use crate::inputs::Image;

/// Seconds of one thread for each kind of work on one image.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Floor {
    pub(crate) inflate: f64,
    pub(crate) cut: f64,
    pub(crate) hash: f64,
    pub(crate) compress: f64,
    /// Bytes that inflate gives.
    pub(crate) inflated: u64,
    /// Bytes that are cut.
    pub(crate) content: u64,
    /// Bytes that are hashed: the same without holes.
    pub(crate) hashed: u64,
    /// Bytes that are compressed: those of chunks not seen before.
    pub(crate) unique: u64,
}

impl Floor {
    /// The work spread over two cores, in seconds; with inflate when the archive is gzipped.
    pub(crate) fn over_two_cores(&self, gzipped: bool) -> f64 {
        let inflate = if gzipped { self.inflate } else { 0.0 };
        (inflate + self.cut + self.hash + self.compress) / 2.0
    }
}

/// Does the work on one image; `known` are the chunks that the images before it had.
pub(crate) fn measure(image: &Image, known: &mut HashSet<ChunkId>) -> anyhow::Result<Floor> {
    let mut floor = Floor::default();
    inflate(image, &mut floor)?;
    let files = contents(image)?;

    let began = Instant::now();
    let cuts: Vec<Vec<Cut>> = files.iter().map(|file| Profile::default().cut(file)).collect();
    floor.cut = began.elapsed().as_secs_f64();
    floor.content = files.iter().map(|file| file.len() as u64).sum();

    let data: Vec<Bytes> = cuts
        .into_iter()
        .flatten()
        .filter_map(|cut| match cut {
            Cut::Data(bytes) => Some(bytes),
            Cut::Hole(_) => None,
        })
        .collect();
    floor.hashed = data.iter().map(|bytes| bytes.len() as u64).sum();
    let began = Instant::now();
    let chunks: Vec<Chunk> =
        data.into_iter().map(|bytes| Chunk::new(Kind::Content, bytes)).collect::<Result<_, _>>()?;
    floor.hash = began.elapsed().as_secs_f64();

    let new: Vec<Chunk> = chunks.into_iter().filter(|chunk| known.insert(chunk.id())).collect();
    floor.unique = new.iter().map(|chunk| u64::from(chunk.length())).sum();
    let mut compressor = Compressor::new(DEFAULT_LEVEL)?;
    let began = Instant::now();
    for chunk in &new {
        std::hint::black_box(compressor.compress(chunk)?);
    }
    floor.compress = began.elapsed().as_secs_f64();
    Ok(floor)
}

/// Inflates the gzipped form, and forgets what comes out.
fn inflate(image: &Image, floor: &mut Floor) -> anyhow::Result<()> {
    let packed = fs::read(&image.gz).with_context(|| image.gz.display().to_string())?;
    let mut decoder = MultiGzDecoder::new(packed.as_slice());
    let mut buffer = vec![0; 256 << 10];
    let began = Instant::now();
    loop {
        let length = decoder.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        floor.inflated += length as u64;
    }
    floor.inflate = began.elapsed().as_secs_f64();
    Ok(())
}

/// The contents of all regular files, as parts of one buffer that holds the whole tar.
fn contents(image: &Image) -> anyhow::Result<Vec<Bytes>> {
    let whole = Bytes::from(fs::read(&image.tar)?);
    let mut files = Vec::new();
    let mut archive = tar::Archive::new(File::open(&image.tar)?);
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        if entry.header().entry_type().is_file() {
            let start = usize::try_from(entry.raw_file_position())?;
            let end = start + usize::try_from(entry.size())?;
            anyhow::ensure!(end <= whole.len(), "{} is cut short", image.tar.display());
            files.push(whole.slice(start..end));
        }
    }
    Ok(files)
}
