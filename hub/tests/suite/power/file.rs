//! One file of the disk: what programs see in it, and what a power cut leaves of it.

use super::loss::Loss;
use super::random::Random;

/// What a disk writes whole or not at all.
const PAGE: usize = 4096;

/// Something that was done to a file and that no sync has covered yet.
#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
            Self::Length(length) => content.resize(*length, 0),
        }
    }

    /// The first part of a write that was under way.
    fn torn(&self, random: &mut Random) -> Option<Self> {
        match self {
            Self::Write { at, bytes } => {
                let part = bytes[..random.place(bytes.len())].to_vec();
                Some(Self::Write { at: *at, bytes: part })
            }
            Self::Length(_) => None,
        }
    }
}

/// A file's content in both its states.
#[derive(Debug, Default)]
pub(super) struct File {
    now: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

impl File {
    /// What programs see.
    pub(super) fn content(&self) -> &[u8] {
        &self.now
    }

    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.change(Change::Write { at, bytes: bytes.to_vec() });
    }

    pub(super) fn set_length(&mut self, length: usize) {
        if length != self.now.len() {
            self.change(Change::Length(length));
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }

    /// Makes all that was done durable.
    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.synced);
        }
    }

    /// The power fails: what is left is durable now, and all there is.
    pub(super) fn cut(&mut self, loss: Loss, random: &mut Random) {
        let mut left = std::mem::take(&mut self.synced);
        match loss {
            Loss::All => {}
            Loss::Tail => self.keep_first(&mut left, random),
            Loss::Pages => self.keep_pages(&mut left, random),
        }
        self.unsynced.clear();
        self.synced.clone_from(&left);
        self.now = left;
    }

    /// Some of the changes, from the first on, and the next one torn.
    fn keep_first(&self, left: &mut Vec<u8>, random: &mut Random) {
        let kept = random.place(self.unsynced.len());
        for change in &self.unsynced[..kept] {
            change.apply(left);
        }
        if let Some(torn) = self.unsynced.get(kept).and_then(|change| change.torn(random)) {
            torn.apply(left);
        }
    }

    /// Any of the pages that differ, and any of the lengths. Bytes that the length covers and that were
    /// never written are zeros.
    fn keep_pages(&self, left: &mut Vec<u8>, random: &mut Random) {
        if random.coin() {
            left.resize(self.now.len(), 0);
        }
        for start in (0..left.len().min(self.now.len())).step_by(PAGE) {
            let end = (start + PAGE).min(left.len()).min(self.now.len());
            if random.coin() {
                left[start..end].copy_from_slice(&self.now[start..end]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> File {
        let mut file = File::default();
        file.write(0, b"synced");
        file.sync();
        file.write(2, b"--");
        file.write(6, &[b'x'; 10_000]);
        file
    }

    #[test]
    fn a_cut_without_luck_leaves_what_was_synced() {
        let mut file = file();
        assert_eq!(file.content()[..7], *b"sy--edx");
        file.cut(Loss::All, &mut Random::new(1));
        assert_eq!(file.content(), b"synced");
        file.write(6, b"!");
        file.sync();
        file.cut(Loss::All, &mut Random::new(1));
        assert_eq!(file.content(), b"synced!");
    }

    #[test]
    fn a_tail_is_lost_from_the_end() {
        let mut lengths = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let mut file = file();
            file.cut(Loss::Tail, &mut Random::new(seed));
            let left = file.content();
            lengths.insert(left.len());
            assert!(left.len() == 6 || left[2..4] == *b"--", "in the order of the writes");
            assert!(left[6..].iter().all(|byte| *byte == b'x'));
        }
        assert!(lengths.contains(&6) && lengths.len() > 10, "{lengths:?}");
    }

    #[test]
    fn pages_are_lost_one_by_one() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let mut file = file();
            file.cut(Loss::Pages, &mut Random::new(seed));
            let left = file.content();
            assert!(left.len() == 6 || left.len() == 10_006);
            let pages: Vec<bool> = left.chunks(PAGE).map(|page| page.contains(&b'x')).collect();
            seen.insert(pages);
        }
        assert!(seen.contains(&vec![false, true, false]) && seen.len() >= 7, "{seen:?}");
    }
}
