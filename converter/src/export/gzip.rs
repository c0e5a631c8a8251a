//! gzip by several threads: one member whose blocks of 1 MiB are each compressed by itself, as
//! `pigz -i` does. Its bytes depend on the input alone, not on the number of threads.

use std::collections::VecDeque;
use std::io::{self, Write};

use crossbeam_channel::{Receiver, Sender, bounded};
use flate2::{Compress, Compression, Crc, FlushCompress};

use super::error::ExportError;

/// Input bytes of one block.
const BLOCK: usize = 1 << 20;
/// deflate's level: gzip's own default.
const LEVEL: u32 = 6;
/// No name, no time, no extra; written on no particular system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty block that is the last.
const LAST: [u8; 2] = [3, 0];

struct Job {
    block: Vec<u8>,
    answer: Sender<io::Result<Done>>,
}

struct Done {
    deflated: Vec<u8>,
    crc: Crc,
}

/// Compresses what `produce` writes, into `out`.
pub(super) fn gzip<T>(
    out: &mut dyn Write,
    workers: usize,
    produce: impl FnOnce(&mut dyn Write) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    std::thread::scope(|scope| {
        let (sender, jobs) = bounded::<Job>(1);
        for _ in 0..workers.max(1) {
            let jobs = jobs.clone();
            scope.spawn(move || {
                for Job { block, answer } in jobs {
                    // Whoever waited may have given up.
                    let _ = answer.send(deflate(&block));
                }
            });
        }
        drop(jobs);
        out.write_all(&HEAD)?;
        let (block, waiting) = (Vec::with_capacity(BLOCK), VecDeque::new());
        let mut writer = Blocks { out, sender, most: workers + 1, block, waiting, crc: Crc::new() };
        let value = produce(&mut writer)?;
        writer.finish()?;
        Ok(value)
    })
}

struct Blocks<'a> {
    out: &'a mut dyn Write,
    sender: Sender<Job>,
    /// Blocks that may be under way.
    most: usize,
    block: Vec<u8>,
    waiting: VecDeque<Receiver<io::Result<Done>>>,
    crc: Crc,
}

impl Blocks<'_> {
    fn send(&mut self) -> io::Result<()> {
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
        let (answer, place) = bounded(1);
        let gone = |_| io::Error::other("the compressor's threads have ended");
        self.sender.send(Job { block, answer }).map_err(gone)?;
        self.waiting.push_back(place);
        while self.waiting.len() > self.most {
            self.write_one()?;
        }
        Ok(())
    }

    fn write_one(&mut self) -> io::Result<()> {
        let Some(place) = self.waiting.pop_front() else { return Ok(()) };
        let gone = |_| io::Error::other("a thread of the compressor failed");
        let Done { deflated, crc } = place.recv().map_err(gone)??;
        self.crc.combine(&crc);
        self.out.write_all(&deflated)
    }

    fn finish(mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.send()?;
        }
        while !self.waiting.is_empty() {
            self.write_one()?;
        }
        self.out.write_all(&LAST)?;
        self.out.write_all(&self.crc.sum().to_le_bytes())?;
        // The length modulo 2^32, as the format has it.
        self.out.write_all(&self.crc.amount().to_le_bytes())
    }
}

impl Write for Blocks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(BLOCK - self.block.len());
        let (taken, _) = bytes.split_at(length);
        self.block.extend_from_slice(taken);
        if self.block.len() == BLOCK {
            self.send()?;
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Deflates a block so that another can follow it.
fn deflate(block: &[u8]) -> io::Result<Done> {
    let mut crc = Crc::new();
    crc.update(block);
    let mut compress = Compress::new(Compression::new(LEVEL), false);
    let mut deflated = Vec::with_capacity(block.len() / 2 + 1024);
    loop {
        let read = usize::try_from(compress.total_in()).unwrap_or(block.len());
        let rest = block.get(read..).unwrap_or_default();
        compress.compress_vec(rest, &mut deflated, FlushCompress::Sync)?;
        let all_read = compress.total_in() == block.len() as u64;
        // Room that is left says that nothing more was to be written.
        if all_read && deflated.len() < deflated.capacity() {
            return Ok(Done { deflated, crc });
        }
        deflated.reserve(block.len() / 4 + 1024);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn packed(parts: &[&[u8]], workers: usize) -> Vec<u8> {
        let mut out = Vec::new();
        gzip(&mut out, workers, |writer| {
            for part in parts {
                writer.write_all(part)?;
            }
            Ok(())
        })
        .unwrap();
        out
    }

    #[test]
    fn any_number_of_threads_gives_the_same_member() {
        let text: Vec<u8> = (0..800_000u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, text.len()] {
            let text = &text[..length];
            let one = packed(&[text], 1);
            let (head, tail) = text.split_at(length / 3);
            assert_eq!(packed(&[head, tail], 4), one, "{length}");
            let mut read = Vec::new();
            // One member: this reader stops at the end of the first.
            let mut decoder = flate2::bufread::GzDecoder::new(&one[..]);
            decoder.read_to_end(&mut read).unwrap();
            assert!(read == text, "{length}");
            assert!(decoder.into_inner().is_empty(), "{length}");
        }
    }
}
