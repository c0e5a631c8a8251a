//! The walk through the directories of a flist that is being checked, beside those of its bases.

use std::collections::HashMap;

use flisthub_storage::{ChunkId, ChunkStore};

use super::beside::Beside;
use super::files::Files;
use super::reading::{Reading, Step};
use super::{VerifyError, VerifyLimits, bad, built, within};
use crate::directory::DirectoryBuilder;
use crate::entry::{Content, Entry, Totals};
use crate::entry_codec::encode_entry;
use crate::manifest::Manifest;
use crate::name::{EntryName, MAX_DEPTH, MAX_PATH};
use crate::object::LoadError;

/// A flist that is being checked.
pub(super) struct Check<'a> {
    store: &'a dyn ChunkStore,
    limits: &'a VerifyLimits,
    /// Entries of all directories read so far, each directory once.
    entries: u64,
    done: HashMap<ChunkId, Below>,
    files: Files<'a>,
}

/// What is known of a directory that has been checked.
#[derive(Debug, Clone, Copy, Default)]
struct Below {
    totals: Totals,
    /// Levels of directories below; if something below is known from a base, at most so many.
    depth: usize,
    /// Bytes of the longest path below, or at most so many.
    longest: usize,
    /// Whether something below is known from a base and was not measured.
    estimated: bool,
}

/// Where a directory stands.
#[derive(Debug, Clone, Copy, Default)]
struct At {
    /// Names of its path.
    names: usize,
    /// Bytes before the names in it: those of its path, and the slash.
    bytes: usize,
}

/// A directory that is being checked: what is known of it so far, and the directories in it that differ
/// from the bases'. Nothing else of its entries is kept, because a directory may be larger than memory.
struct Open {
    id: ChunkId,
    at: At,
    /// Whether all below is to be measured, and bases are no help.
    measured: bool,
    below: Below,
    children: Vec<Child>,
    next: usize,
}

/// A directory in a directory, as its entry says.
struct Child {
    name: EntryName,
    id: ChunkId,
    totals: Totals,
    /// What bases have at the same path: other directories.
    beside: Vec<ChunkId>,
}

impl<'a> Check<'a> {
    pub(super) fn new(store: &'a dyn ChunkStore, limits: &'a VerifyLimits) -> Self {
        let files = Files::new(store, limits);
        Self { store, limits, entries: 0, done: HashMap::new(), files }
    }

    /// Checks the tree of a manifest, deepest directories first, each once, or twice if it stands at paths
    /// of different lengths. Gives what really stands below the root.
    pub(super) fn tree(
        mut self,
        manifest: &Manifest,
        bases: &[Manifest],
    ) -> Result<Totals, VerifyError> {
        let root = manifest.root;
        if bases.iter().any(|base| (base.root, base.totals) == (root, manifest.totals)) {
            return Ok(manifest.totals);
        }
        let beside: Vec<ChunkId> = bases.iter().map(|base| base.root).collect();
        let mut stack = vec![self.open(root, At::default(), &beside, false)?];
        while let Some(open) = stack.last_mut() {
            let Some(child) = open.children.get_mut(open.next) else {
                let below = self.sum(open)?;
                self.done.insert(open.id, below);
                stack.pop();
                continue;
            };
            open.next += 1;
            let (at, mut measured) = (open.at.child(&child.name), open.measured);
            if let Some(known) = self.done.get(&child.id) {
                if !known.estimated || (!measured && self.fits(known, at)) {
                    continue;
                }
                measured = true;
            }
            let (id, mut beside) = (child.id, std::mem::take(&mut child.beside));
            if measured {
                beside.clear();
            }
            let below = self.open(id, at, &beside, measured)?;
            within(id, stack.len() as u64 + 1, MAX_DEPTH as u64, "names in a path")?;
            stack.push(below);
        }
        self.files.finish()?;
        Ok(self.done.get(&root).map(|below| below.totals).unwrap_or_default())
    }

    /// Reads a directory entry by entry: checks its files, makes it again from its entries, and adds up
    /// all but the directories in it. The order is checked as they come: a part that is named twice ends
    /// the check before it has been read a million times.
    fn open(
        &mut self,
        id: ChunkId,
        at: At,
        beside: &[ChunkId],
        measured: bool,
    ) -> Result<Open, VerifyError> {
        let below = Below::default();
        let mut open = Open { id, at, measured, below, children: Vec::new(), next: 0 };
        let mut beside: Vec<Beside<'_>> =
            beside.iter().map(|base| Beside::of(self.store, *base)).collect();
        let mut again = DirectoryBuilder::default();
        let mut last: Option<EntryName> = None;
        let mut reading = Reading::of(self.store, id);
        let first_time = !self.done.contains_key(&id);
        loop {
            let step = reading.next(|part, next| {
                let after = last.as_ref().filter(|_| again.begins_part());
                after.is_some_and(|after| beside.iter_mut().any(|base| base.has(part, after, next)))
            });
            let entry = match step {
                Ok(Some(Step::Entry(entry))) => entry,
                Ok(Some(Step::Known(part))) => {
                    last = Some(part.last.clone());
                    open.add(part.totals)?;
                    self.estimate(&mut open);
                    again.push_part(part);
                    continue;
                }
                Ok(None) => break,
                // Go on: the client wants to hear of everything that is missing at once.
                Err(LoadError::Missing(ids)) => return self.files.miss(ids).map(|()| open),
                Err(error) => return Err(error.into()),
            };
            if last.is_some_and(|last| last >= entry.name) {
                return Err(bad(id, format!("{}: names are not in order", entry.name)));
            }
            self.entries += u64::from(first_time);
            within(id, self.entries, self.limits.entries, "entries")?;
            let totals = entry.totals().ok_or_else(|| overflow(id))?;
            again
                .push(entry.name.clone(), totals, encode_entry(&entry), &mut |_| Ok(()))
                .map_err(|error| built(id, error))?;
            self.entry(&mut open, &entry, totals, &mut beside)?;
            last = Some(entry.name);
        }
        let (again, _) = again.finish(&mut |_| Ok(())).map_err(|error| built(id, error))?;
        if again == id {
            Ok(open)
        } else {
            Err(bad(id, "the directory is not cut into parts as the format says"))
        }
    }

    /// Takes in one entry of a directory: adds it up, and looks at its content if no base has the same at
    /// the same path.
    fn entry(
        &mut self,
        open: &mut Open,
        entry: &Entry,
        totals: Totals,
        beside: &mut [Beside<'_>],
    ) -> Result<(), VerifyError> {
        open.below.longest = open.below.longest.max(entry.name.as_bytes().len());
        let mut others = Vec::new();
        for base in beside {
            match base.find(&entry.name).map(|known| &known.content) {
                Some(known) if *known == entry.content => {
                    if let Content::Directory { totals, .. } = known {
                        open.below.depth = open.below.depth.max(1);
                        if totals.entries > 0 {
                            self.estimate(open);
                        }
                    }
                    return open.add(totals);
                }
                Some(Content::Directory { id, .. }) if !others.contains(id) => others.push(*id),
                _ => {}
            }
        }
        open.add(totals)?;
        match &entry.content {
            Content::File { size, pieces } => self.files.check(open.id, entry, *size, pieces)?,
            Content::Directory { id, totals } => {
                let (name, id, totals) = (entry.name.clone(), *id, *totals);
                open.children.push(Child { name, id, totals, beside: others });
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes that a base has something of this directory at the same path, with all below. So no path
    /// there is longer than one may be.
    fn estimate(&self, open: &mut Open) {
        let (bytes, names) = self.longest_path();
        let below = &mut open.below;
        below.longest = below.longest.max(bytes.saturating_sub(open.at.bytes));
        below.depth = below.depth.max(names.saturating_sub(open.at.names + 1));
        below.estimated = true;
    }

    /// The most bytes and names of a path.
    fn longest_path(&self) -> (usize, usize) {
        (self.limits.path_bytes.min(MAX_PATH), self.limits.path_depth.min(MAX_DEPTH))
    }

    /// Whether no path becomes longer than it may be when what is known stands here.
    fn fits(&self, known: &Below, at: At) -> bool {
        let (bytes, names) = self.longest_path();
        at.bytes + known.longest <= bytes && at.names + known.depth < names
    }

    /// Adds up a directory whose subdirectories have all been checked.
    fn sum(&self, open: &Open) -> Result<Below, VerifyError> {
        let mut sum = open.below;
        for child in &open.children {
            let below = self.done.get(&child.id).copied().unwrap_or_default();
            if below.totals != child.totals && !self.files.is_missing_some() {
                let what = format!("{}: the totals are not those of the directory", child.name);
                return Err(bad(open.id, what));
            }
            sum.estimated |= below.estimated;
            sum.depth = sum.depth.max(below.depth + 1);
            if below.longest > 0 {
                sum.longest = sum.longest.max(child.name.as_bytes().len() + 1 + below.longest);
            }
        }
        let (bytes, names) = self.longest_path();
        within(open.id, sum.longest as u64, bytes as u64, "bytes in a path")?;
        within(open.id, sum.depth as u64 + 1, names as u64, "names in a path")?;
        Ok(sum)
    }
}

impl Open {
    /// Adds what an entry or a part adds to the totals.
    fn add(&mut self, totals: Totals) -> Result<(), VerifyError> {
        let sum = self.below.totals.checked_add(totals);
        self.below.totals = sum.ok_or_else(|| overflow(self.id))?;
        Ok(())
    }
}

impl At {
    /// Where the directory `name` in this one stands.
    fn child(self, name: &EntryName) -> Self {
        Self { names: self.names + 1, bytes: self.bytes + name.as_bytes().len() + 1 }
    }
}

fn overflow(at: ChunkId) -> VerifyError {
    bad(at, "the totals do not fit 64 bits")
}
