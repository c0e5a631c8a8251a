//! An archive of any length that is made while it is read and never stored: files that compress, files
//! that do not, files with holes, and files that were there before, whole or shifted. The same seed
//! gives the same bytes on every machine.

use std::io::{self, Read};

/// Content is made in blocks of so many bytes.
const BLOCK: u64 = 64 << 10;
/// Tar's unit.
const RECORD: usize = 512;
/// How far back a repeated file may lie, in files: too far for any cache of recent content.
const FAR: u64 = 5_000;
/// What text is made of; common letters stand more often.
const LETTERS: &[u8; 32] = b"etaoinshrdlu etaoinshr cmfwypvb\n";

/// A reader of a tar archive of at least so many bytes.
pub(crate) struct Generator {
    seed: u64,
    total: u64,
    /// Bytes made so far.
    made: u64,
    /// Text to take parts of.
    text: Vec<u8>,
    /// How many files have begun.
    files: u64,
    /// The file that is being made, and how much of it is.
    current: Option<(File, u64)>,
    /// Bytes at hand, and how many of them have been read.
    piece: Vec<u8>,
    read: usize,
    ended: bool,
}

/// What a file holds; two of the same value hold the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct File {
    seed: u64,
    kind: Kind,
    size: u64,
    /// Bytes of something else in front, so that all that follows is shifted.
    shift: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Random,
    /// Text with long runs of zeros.
    Holes,
}

/// `SplitMix64`: the next of a sequence of numbers that look random.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A text of [`BLOCK`] letters to take parts of.
fn letters(state: &mut u64) -> Vec<u8> {
    let letter = |_| {
        let number = usize::try_from(random(state) % 32).unwrap_or(0);
        LETTERS.get(number).copied().unwrap_or(b' ')
    };
    (0..BLOCK).map(letter).collect()
}

/// Adds bytes that do not compress until `to` has `end`, or a few more.
fn add_random(to: &mut Vec<u8>, end: usize, state: &mut u64) {
    while to.len() < end {
        to.extend_from_slice(&random(state).to_le_bytes());
    }
}

/// Adds short parts of a text in random order: about what zstd makes of program text.
fn add_text(to: &mut Vec<u8>, text: &[u8], end: usize, state: &mut u64) {
    while to.len() < end {
        let number = random(state);
        let length = 8 + usize::try_from(number % 32).unwrap_or(0);
        let last = text.len().saturating_sub(length);
        let from = usize::try_from(number >> 32).unwrap_or(0) % last.max(1);
        to.extend_from_slice(text.get(from..from + length).unwrap_or(b"text"));
    }
}

/// Makes bytes for chunks, never the same twice.
pub(crate) struct Bytes {
    state: u64,
    text: Vec<u8>,
}

impl Bytes {
    pub(crate) fn new(seed: u64) -> Self {
        // Far apart, so that the sequences of two seeds do not meet.
        let mut state = seed.wrapping_mul(0xd6e8_feb8_6659_fd93);
        state = random(&mut state);
        let text = letters(&mut state);
        Self { state, text }
    }

    /// Adds `length` bytes that do not compress.
    pub(crate) fn random(&mut self, to: &mut Vec<u8>, length: usize) {
        let end = to.len() + length;
        add_random(to, end, &mut self.state);
        to.truncate(end);
    }

    /// Adds `length` bytes that compress as program text does.
    pub(crate) fn text(&mut self, to: &mut Vec<u8>, length: usize) {
        let end = to.len() + length;
        add_text(to, &self.text, end, &mut self.state);
        to.truncate(end);
    }
}

/// What the file of that number holds. Of eight files three are text, two random, one has holes, one is
/// an earlier file and one an earlier file shifted by a few bytes. Sizes go from 1 KiB to 32 MiB.
fn file(seed: u64, number: u64) -> File {
    let mut state = seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93);
    let turn = number % 8;
    if turn >= 6 && number >= 8 {
        let back = 1 + random(&mut state) % FAR.min(number - 1);
        let earlier = file(seed, number - back);
        let shift = if turn == 7 { 1 + random(&mut state) % 100 } else { earlier.shift };
        return File { shift, ..earlier };
    }
    let kind = match turn {
        0..3 => Kind::Text,
        3 => Kind::Holes,
        _ => Kind::Random,
    };
    let (one, two) = (random(&mut state) % 15, random(&mut state) % 15);
    let least = 1024_u64 << one.min(two);
    File { seed: random(&mut state), kind, size: least + random(&mut state) % least, shift: 0 }
}

impl Generator {
    /// An archive that ends with the file that passes `total` bytes.
    pub(crate) fn new(seed: u64, total: u64) -> Self {
        let mut state = seed;
        let text = letters(&mut state);
        Self {
            seed,
            total,
            made: 0,
            text,
            files: 0,
            current: None,
            piece: Vec::new(),
            read: 0,
            ended: false,
        }
    }

    /// Makes the next bytes; none are left when it leaves none.
    fn make(&mut self) -> io::Result<()> {
        self.piece.clear();
        self.read = 0;
        if let Some((file, done)) = self.current.take() {
            self.content(file, done);
        } else if self.made < self.total {
            let file = file(self.seed, self.files);
            self.header(file.size + file.shift)?;
            self.current = Some((file, 0));
            self.files += 1;
        } else if !self.ended {
            self.piece.resize(2 * RECORD, 0);
            self.ended = true;
        }
        self.made += self.piece.len() as u64;
        Ok(())
    }

    fn header(&mut self, size: u64) -> io::Result<()> {
        let mut header = tar::Header::new_ustar();
        let directory = self.files / 100;
        header.set_path(format!("data/{directory:05}/file-{:07}", self.files))?;
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(1_600_000_000 + self.files);
        header.set_cksum();
        self.piece.extend_from_slice(header.as_bytes());
        Ok(())
    }

    /// The block of `file` that begins at `done`, and padding if the file ends with it.
    fn content(&mut self, file: File, done: u64) {
        if done == 0 {
            let shift = usize::try_from(file.shift).unwrap_or(0);
            self.piece.resize(shift, b'#');
        }
        let length = BLOCK.min(file.size - done);
        let mut state = file.seed ^ done;
        let start = self.piece.len();
        let end = start + usize::try_from(length).unwrap_or(0);
        match file.kind {
            // Runs of 256 KiB of each, if the file is that long.
            Kind::Holes if (done / BLOCK) % 8 >= 4 => self.piece.resize(end, 0),
            Kind::Text | Kind::Holes => add_text(&mut self.piece, &self.text, end, &mut state),
            Kind::Random => add_random(&mut self.piece, end, &mut state),
        }
        self.piece.truncate(end);
        if done + length < file.size {
            self.current = Some((file, done + length));
        } else {
            // The blocks before it were full ones, so only the shift stands between this and a border.
            let all = usize::try_from(file.size + file.shift).unwrap_or(0);
            let padding = all.next_multiple_of(RECORD) - all;
            self.piece.resize(end + padding, 0);
        }
    }
}

impl Read for Generator {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.piece.len() {
            self.make()?;
        }
        let rest = self.piece.get(self.read..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.read += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn contents(seed: u64, total: u64) -> Vec<Vec<u8>> {
        let mut archive = tar::Archive::new(Generator::new(seed, total));
        let entries = archive.entries().unwrap();
        entries
            .map(|entry| {
                let mut content = Vec::new();
                let mut entry = entry.unwrap();
                entry.read_to_end(&mut content).unwrap();
                assert_eq!(content.len() as u64, entry.size());
                content
            })
            .collect()
    }

    #[test]
    fn it_is_a_tar_with_new_and_repeated_files() {
        let files = contents(7, 20_000_000);
        let distinct: HashSet<&Vec<u8>> = files.iter().collect();
        assert!(files.len() > 20, "{}", files.len());
        assert!(distinct.len() < files.len());
        assert!(distinct.len() > files.len() / 2);
        assert!(files.iter().any(|file| file.first() == Some(&b'#')));
    }

    #[test]
    fn how_it_is_read_changes_nothing() {
        let mut whole = Vec::new();
        Generator::new(3, 3_000_000).read_to_end(&mut whole).unwrap();
        let mut parts = Vec::new();
        let mut generator = Generator::new(3, 3_000_000);
        let mut buffer = [0; 777];
        loop {
            let length = generator.read(&mut buffer).unwrap();
            if length == 0 {
                break;
            }
            parts.extend_from_slice(&buffer[..length]);
        }
        assert!(whole == parts);
        assert!(contents(3, 3_000_000) != contents(4, 3_000_000));
        assert_eq!(whole.len() % RECORD, 0);
    }
}
