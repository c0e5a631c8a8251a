//! Small changes to inputs, by chance that begins at a seed.

/// Numbers that look random (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

/// Values at which readers decide.
const EDGES: [u8; 12] = [0, 1, 23, 24, 25, 26, 27, 31, 0x40, 0x7f, 0x80, 0xff];

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        match self.below(2) {
            0 => EDGES[self.below(EDGES.len())],
            _ => self.next().to_le_bytes()[0],
        }
    }

    /// Start and end of a short part.
    fn part(&mut self, length: usize) -> (usize, usize) {
        let start = self.below(length + 1);
        let longest = [4, 40, length][self.below(3)];
        (start, start + self.below((length - start).min(longest) + 1))
    }
}

/// One to four changes of `input`; some bring in parts of `other`.
pub(crate) fn mutate(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(4) {
        change(&mut bytes, other, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        bytes.push(random.byte());
        return;
    }
    let at = random.below(bytes.len());
    match random.below(10) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.byte(),
        2 => bytes[at] = bytes[at].wrapping_add(1),
        3 => bytes[at] = bytes[at].wrapping_sub(1),
        4 => bytes.insert(random.below(bytes.len() + 1), random.byte()),
        5 => {
            let (start, end) = random.part(bytes.len());
            bytes.drain(start..end);
        }
        6 => {
            let (start, end) = random.part(bytes.len());
            let part = bytes[start..end].to_vec();
            bytes.splice(at..at, part);
        }
        7 => {
            let (start, end) = random.part(other.len());
            let at = random.below(bytes.len() + 1);
            bytes.splice(at..at, other[start..end].iter().copied());
        }
        // A CBOR head: the same kind of value, its length in the bytes that follow.
        8 => bytes[at] = bytes[at] & 0xe0 | (24 + random.below(8).to_le_bytes()[0]),
        _ => bytes.truncate(at),
    }
}
