//! The directories of the disk: which name leads to which file, now and after a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

use super::random::Random;

/// Number of a file or directory.
pub(super) type Number = u64;

/// The directory at the top.
pub(super) const ROOT: Number = 1;

/// A name in a directory.
pub(super) type Place = (Number, OsString);

/// A change of names that no sync of a directory has covered. Each is durable whole or not at all.
#[derive(Debug, Clone)]
enum Change {
    Link { place: Place, number: Number },
    Unlink { place: Place },
    Rename { from: Place, to: Place, number: Number },
}

impl Change {
    fn touches(&self, directory: Number) -> bool {
        match self {
            Self::Link { place, .. } | Self::Unlink { place } => place.0 == directory,
            Self::Rename { from, to, .. } => from.0 == directory || to.0 == directory,
        }
    }

    fn apply(&self, names: &mut BTreeMap<Place, Number>) {
        match self {
            Self::Link { place, number } => {
                names.insert(place.clone(), *number);
            }
            Self::Unlink { place } => {
                names.remove(place);
            }
            Self::Rename { from, to, number } => {
                names.remove(from);
                names.insert(to.clone(), *number);
            }
        }
    }
}

/// All names of the disk in both their states. A sync of a file makes none of its names durable: only
/// a sync of the directory does. That is less than any usual file system gives.
#[derive(Debug, Default)]
pub(super) struct Entries {
    now: BTreeMap<Place, Number>,
    synced: BTreeMap<Place, Number>,
    unsynced: Vec<Change>,
}

impl Entries {
    pub(super) fn find(&self, directory: Number, name: &OsStr) -> Option<Number> {
        self.now.get(&(directory, name.to_owned())).copied()
    }

    /// Names in a directory, in order.
    pub(super) fn list(&self, directory: Number) -> impl Iterator<Item = (&OsStr, Number)> {
        let first = (directory, OsString::new());
        self.now
            .range(first..)
            .take_while(move |((at, _), _)| *at == directory)
            .map(|((_, name), number)| (name.as_os_str(), *number))
    }

    /// How many names lead to a file.
    pub(super) fn links(&self, number: Number) -> u32 {
        let names = self.now.values().filter(|at| **at == number).count();
        u32::try_from(names).unwrap()
    }

    pub(super) fn link(&mut self, place: Place, number: Number) {
        self.change(Change::Link { place, number });
    }

    pub(super) fn unlink(&mut self, place: Place) {
        self.change(Change::Unlink { place });
    }

    pub(super) fn rename(&mut self, from: Place, to: Place, number: Number) {
        self.change(Change::Rename { from, to, number });
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }

    /// Makes durable what was done to one directory.
    pub(super) fn sync(&mut self, directory: Number) {
        for change in self.unsynced.extract_if(.., |change| change.touches(directory)) {
            change.apply(&mut self.synced);
        }
    }

    /// The power fails. Unless everything unsynced is lost, the first of those changes happened all the
    /// same: file systems write them down in order.
    pub(super) fn cut(&mut self, all: bool, random: &mut Random) {
        let kept = if all { 0 } else { random.place(self.unsynced.len()) };
        for change in self.unsynced.drain(..).take(kept) {
            change.apply(&mut self.synced);
        }
        self.now.clone_from(&self.synced);
    }

    /// Everything that a name leads to from the top.
    pub(super) fn reached(&self) -> BTreeSet<Number> {
        let mut reached = BTreeSet::from([ROOT]);
        let mut open = vec![ROOT];
        while let Some(directory) = open.pop() {
            for (_, number) in self.list(directory) {
                if reached.insert(number) {
                    open.push(number);
                }
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> Place {
        (ROOT, name.into())
    }

    fn names(entries: &Entries) -> Vec<(&str, Number)> {
        entries.list(ROOT).map(|(name, number)| (name.to_str().unwrap(), number)).collect()
    }

    #[test]
    fn a_name_needs_a_sync_of_its_directory() {
        let mut entries = Entries::default();
        entries.link(place("a"), 2);
        entries.link((2, "below".into()), 3);
        entries.sync(2);
        entries.cut(true, &mut Random::new(1));
        assert_eq!(names(&entries), []);
        assert_eq!(entries.reached(), BTreeSet::from([ROOT]), "what lies below is lost with it");
    }

    #[test]
    fn a_rename_happens_whole_or_not_at_all() {
        let mut outcomes = BTreeSet::new();
        for seed in 0..50 {
            let mut entries = Entries::default();
            entries.link(place("current"), 2);
            entries.link(place("next"), 3);
            entries.sync(ROOT);
            entries.rename(place("next"), place("current"), 3);
            assert_eq!(names(&entries), [("current", 3)]);
            entries.cut(false, &mut Random::new(seed));
            outcomes.insert(format!("{:?}", names(&entries)));
        }
        let expected = ["[(\"current\", 2), (\"next\", 3)]", "[(\"current\", 3)]"];
        assert_eq!(outcomes, expected.map(str::to_owned).into());
    }
}
