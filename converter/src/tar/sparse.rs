//! Maps of sparse files: which runs of bytes an archive holds and where they stand in the file.
//!
//! The map only saves reading: which holes a tree records is found from the content, so that the same
//! file has the same chunks however it was packed.

use super::number;
use crate::error::{ConvertError, Problem};
use crate::limits::Limit;
use crate::source::{BLOCK, Source};

/// Offset and length of one run of data.
pub(super) type Run = (u64, u64);

/// A sparse file's runs of data, in order, none overlapping.
#[derive(Debug)]
pub(super) struct Map {
    /// Offset and length of each run.
    pub(super) pieces: Vec<Run>,
    /// Length of the file.
    pub(super) real_size: u64,
}

impl Map {
    /// Checks a map against the file's length and the bytes that the archive holds for it.
    pub(super) fn new(pieces: Vec<Run>, real_size: u64, stored: u64) -> Result<Self, Problem> {
        let (mut end, mut sum) = (0u64, 0u64);
        for (offset, length) in &pieces {
            if *offset < end {
                return Err(Problem::Sparse("its runs overlap or are out of order"));
            }
            end = offset.checked_add(*length).ok_or(Problem::Sparse("a run is too long"))?;
            sum = sum.checked_add(*length).ok_or(Problem::Sparse("a run is too long"))?;
        }
        if end > real_size {
            return Err(Problem::Sparse("a run goes past the end of the file"));
        }
        if sum != stored {
            return Err(Problem::Sparse("its runs do not add up to the stored bytes"));
        }
        Ok(Self { pieces, real_size })
    }
}

/// Reads the map that version 1.0 puts at the start of the data: decimal numbers, each ended by a
/// newline, filled up to a block. Gives the pieces and how many bytes the map took.
pub(super) fn read_1_0<I>(
    source: &mut Source<I>,
    name: &str,
    most: usize,
) -> Result<(Vec<Run>, u64), ConvertError>
where
    I: Iterator<Item = Result<bytes::Bytes, ConvertError>>,
{
    let bad = |what| ConvertError::Entry { entry: name.to_owned(), problem: Problem::Sparse(what) };
    let mut numbers = Numbers { block: [0; BLOCK], position: BLOCK, taken: 0 };
    let not_a_number = || bad("a number of it is malformed");
    let count = numbers.next(source)?.ok_or_else(not_a_number)?;
    if count > most as u64 {
        let entry = Some(name.to_owned());
        return Err(ConvertError::Limit { limit: Limit::SparsePieces(most), entry });
    }
    let mut pieces = Vec::new();
    for _ in 0..count {
        let offset = numbers.next(source)?.ok_or_else(not_a_number)?;
        let length = numbers.next(source)?.ok_or_else(not_a_number)?;
        pieces.push((offset, length));
    }
    Ok((pieces, numbers.taken))
}

struct Numbers {
    block: [u8; BLOCK],
    position: usize,
    taken: u64,
}

impl Numbers {
    /// The next number; `None` if what stands there is none.
    fn next<I>(&mut self, source: &mut Source<I>) -> Result<Option<u64>, ConvertError>
    where
        I: Iterator<Item = Result<bytes::Bytes, ConvertError>>,
    {
        let mut digits = Vec::new();
        loop {
            let Some(byte) = self.block.get(self.position) else {
                self.block = source.block()?.ok_or_else(|| source.truncated())?;
                self.position = 0;
                self.taken += BLOCK as u64;
                continue;
            };
            self.position += 1;
            match byte {
                b'\n' => return Ok(number::decimal(&digits)),
                // More digits than any number of 64 bits has: stop before holding much.
                _ if digits.len() > 20 => return Ok(None),
                digit => digits.push(*digit),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_that_lie_are_refused() {
        assert!(Map::new(vec![(0, 10), (20, 5), (30, 0)], 30, 15).is_ok());
        for (pieces, real_size, stored) in [
            (vec![(5, 10), (10, 5)], 30, 15),
            (vec![(0, 10), (25, 10)], 30, 20),
            (vec![(0, 10)], 30, 11),
            (vec![(u64::MAX, 2)], 30, 2),
            (vec![(0, u64::MAX), (u64::MAX, 1)], u64::MAX, 0),
        ] {
            assert!(Map::new(pieces.clone(), real_size, stored).is_err(), "{pieces:?}");
        }
    }
}
