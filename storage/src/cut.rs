//! Where a file is cut: holes first, then FastCDC over the data between them.
//!
//! The cut depends on the content alone, never on how it arrived: a hole is found from its zeros,
//! whatever a source says of its own holes. How long chunks are is the profile's (`profile`); golden
//! vectors freeze the cut points of each, because a moved cut point ends deduplication with all that
//! is stored.

use bytes::{Bytes, BytesMut};
use fastcdc::v2020::FastCDC;

use crate::profile::{Profile, Sizes};

/// Holes start and end on this border (but for the one that ends the file).
const BLOCK: usize = 4 << 10;
/// A shorter run of zeros is data.
const MIN_HOLE: usize = 64 << 10;

static ZEROS: [u8; BLOCK] = [0; BLOCK];

/// A piece of a file, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// The bytes of one chunk, never empty.
    Data(Bytes),
    /// So many zero bytes, which are not stored.
    Hole(u64),
}

impl Profile {
    /// Cuts a file whose content is all at hand, without copying it. Makes the same cuts as a
    /// [`Cutter`].
    pub fn cut(self, content: &Bytes) -> Vec<Cut> {
        let sizes = self.sizes();
        let mut cuts = Vec::new();
        let mut data_start = 0;
        let mut zeros_start = None;
        for (index, block) in content.chunks(BLOCK).enumerate() {
            let offset = index * BLOCK;
            if is_zero(block) {
                zeros_start.get_or_insert(offset);
            } else if let Some(start) = zeros_start.take()
                && offset - start >= MIN_HOLE
            {
                sizes.cut_data(&content.slice(data_start..start), &mut cuts);
                cuts.push(Cut::Hole((offset - start) as u64));
                data_start = offset;
            }
        }
        let end = content.len();
        if let Some(start) = zeros_start
            && end - start >= MIN_HOLE
        {
            sizes.cut_data(&content.slice(data_start..start), &mut cuts);
            cuts.push(Cut::Hole((end - start) as u64));
            data_start = end;
        }
        sizes.cut_data(&content.slice(data_start..end), &mut cuts);
        cuts
    }

    /// Cuts a file that arrives in parts.
    pub fn cutter(self) -> Cutter {
        Cutter {
            sizes: self.sizes(),
            block: Vec::with_capacity(BLOCK),
            zeros: 0,
            data: BytesMut::new(),
            cut_once: false,
        }
    }
}

fn is_zero(block: &[u8]) -> bool {
    ZEROS.get(..block.len()).is_some_and(|zeros| zeros == block)
}

impl Sizes {
    fn chunker(self, data: &[u8]) -> FastCDC<'_> {
        FastCDC::new(data, self.min, self.average, self.max)
    }

    /// Cuts one run of data that is all at hand.
    fn cut_data(self, data: &Bytes, cuts: &mut Vec<Cut>) {
        if data.len() <= self.whole {
            if !data.is_empty() {
                cuts.push(Cut::Data(data.clone()));
            }
            return;
        }
        cuts.extend(
            self.chunker(data)
                .map(|chunk| Cut::Data(data.slice(chunk.offset..chunk.offset + chunk.length))),
        );
    }
}

/// Cuts a file that arrives in parts of any size. Holds at most a little over 1 MiB.
#[derive(Debug)]
pub struct Cutter {
    sizes: Sizes,
    /// The part of a block that has arrived; shorter than [`BLOCK`].
    block: Vec<u8>,
    /// Whole zero blocks that stand between `data` and `block`, in bytes.
    zeros: u64,
    /// The run of data that is not yet cut.
    data: BytesMut,
    /// Whether a chunk of this run has been cut, so that the rest of it is FastCDC's too.
    cut_once: bool,
}

impl Cutter {
    /// Takes the next bytes; hands on what can be cut.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut impl FnMut(Cut)) {
        if !self.block.is_empty() {
            let (head, rest) = bytes.split_at(bytes.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(head);
            bytes = rest;
            if self.block.len() < BLOCK {
                return;
            }
            let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
            self.blocks(&block, out);
        }
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % BLOCK);
        // In steps, so that the run of data never grows far past what one cut needs.
        for step in whole.chunks(16 * BLOCK) {
            self.blocks(step, out);
        }
        self.block.extend_from_slice(rest);
    }

    /// Takes `length` zero bytes that the source knows to be a hole, without reading them.
    pub fn push_zeros(&mut self, mut length: u64, out: &mut impl FnMut(Cut)) {
        while length > 0 {
            if self.block.is_empty() && length >= BLOCK as u64 {
                let whole = length - length % BLOCK as u64;
                self.zeros += whole;
                length -= whole;
            } else {
                let room = (BLOCK - self.block.len()) as u64;
                let step = usize::try_from(length.min(room)).unwrap_or(BLOCK);
                self.push(ZEROS.get(..step).unwrap_or(&ZEROS), out);
                length -= step as u64;
            }
        }
    }

    /// Ends the file; hands on the rest.
    pub fn finish(mut self, out: &mut impl FnMut(Cut)) {
        let tail = std::mem::take(&mut self.block);
        if !is_zero(&tail) {
            self.end_zeros(out);
            self.data.extend_from_slice(&tail);
        } else if self.zeros + tail.len() as u64 >= MIN_HOLE as u64 {
            self.zeros += tail.len() as u64;
            self.end_zeros(out);
        } else {
            self.end_zeros(out);
            self.data.extend_from_slice(&tail);
        }
        self.end_data(out);
    }

    /// Takes whole blocks.
    fn blocks(&mut self, blocks: &[u8], out: &mut impl FnMut(Cut)) {
        for block in blocks.chunks(BLOCK) {
            if is_zero(block) {
                self.zeros += BLOCK as u64;
            } else {
                self.end_zeros(out);
                self.data.extend_from_slice(block);
            }
        }
        while self.data.len() >= self.sizes.max {
            self.cut_one(out);
        }
    }

    /// Ends a run of zero blocks: a hole if it is long enough, data otherwise.
    fn end_zeros(&mut self, out: &mut impl FnMut(Cut)) {
        let zeros = std::mem::take(&mut self.zeros);
        if zeros >= MIN_HOLE as u64 {
            self.end_data(out);
            out(Cut::Hole(zeros));
        } else {
            let length = usize::try_from(zeros).unwrap_or(0);
            self.data.resize(self.data.len() + length, 0);
        }
    }

    fn end_data(&mut self, out: &mut impl FnMut(Cut)) {
        if self.data.len() <= self.sizes.whole && !self.cut_once {
            if !self.data.is_empty() {
                out(Cut::Data(self.data.split().freeze()));
            }
        } else {
            while !self.data.is_empty() {
                self.cut_one(out);
            }
        }
        self.cut_once = false;
    }

    /// Cuts the first chunk off the run. What FastCDC decides needs no more than the longest chunk.
    fn cut_one(&mut self, out: &mut impl FnMut(Cut)) {
        let (_, end) = self.sizes.chunker(&self.data).cut(0, self.data.len());
        // A cut of nothing would loop for ever; FastCDC makes none, and this makes sure of it.
        let end = if end == 0 { self.data.len() } else { end };
        out(Cut::Data(self.data.split_to(end).freeze()));
        self.cut_once = true;
    }
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
