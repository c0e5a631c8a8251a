//! Input that arrives in pieces of every size.

use std::io::{self, Read};

/// Sizes of pieces, again and again; around the sizes that the readers are made of.
const SIZES: [usize; 8] = [1, 3, 41, 5, 512, 7, 4096, 2];

/// Cuts bytes into pieces.
pub(crate) fn cut(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut sizes = SIZES.iter().cycle();
    std::iter::from_fn(move || {
        let size = (*sizes.next()?).min(bytes.len());
        let (piece, rest) = bytes.split_at(size);
        bytes = rest;
        (size > 0).then_some(piece)
    })
}

/// Reads bytes a piece at a time.
pub(crate) struct Pieces<'a> {
    bytes: &'a [u8],
    turn: usize,
}

impl<'a> Pieces<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, turn: 0 }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = SIZES[self.turn % SIZES.len()].min(buffer.len());
        self.turn += 1;
        self.bytes.read(&mut buffer[..size])
    }
}
