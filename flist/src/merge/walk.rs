//! The walk through the directories that differ, which makes those of the result.
//!
//! Each is read once to see what clashes in it and which directories in it differ as well, and, once those
//! are made, a second time to be written. So nothing of a directory is held while the walk is below it,
//! and memory does not grow with what stands in a tree of whatever depth.

use std::collections::VecDeque;

use flisthub_storage::ChunkId;

use super::decide::{Decision, Outcome, Side, decide};
use super::error::MergeError;
use super::linked::Linked;
use super::options::{MergeOptions, Rule};
use super::report::{Conflict, MergeReport};
use super::rows::{Party, Rows};
use crate::directory::DirectoryBuilder;
use crate::entry::{Content, Entry, Totals};
use crate::entry_codec::encode_entry;
use crate::error::BuildError;
use crate::manifest::Manifest;
use crate::name::{EntryName, MAX_DEPTH, MAX_PATH, TreePath};
use crate::object::{Directories, Emit, LoadError};
use crate::tree::Tree;

/// A merge that is under way.
pub(super) struct Walk<'a, D: ?Sized> {
    directories: &'a D,
    options: &'a MergeOptions,
    linked: &'a mut Linked,
    /// How many more entries may be read.
    left: u64,
    report: MergeReport,
}

/// A directory of the result whose parties differ.
struct Merging {
    path: TreePath,
    parties: Vec<Party>,
    /// Those in it that differ too and are still to be made, in order.
    todo: VecDeque<(EntryName, Vec<Party>)>,
    /// Those that are made, in order.
    made: VecDeque<(ChunkId, Totals)>,
    /// The directory itself, if it is made already: none in it differed.
    done: Option<(ChunkId, Totals)>,
}

impl<'a, D: Directories + ?Sized> Walk<'a, D> {
    pub(super) fn new(
        directories: &'a D,
        options: &'a MergeOptions,
        linked: &'a mut Linked,
    ) -> Self {
        let left = options.max_entries;
        Self { directories, options, linked, left, report: MergeReport::default() }
    }

    /// Merges the trees of all sources.
    pub(super) fn run(
        mut self,
        manifests: &[Manifest],
        emit: &mut Emit<'_>,
    ) -> Result<(Tree, MergeReport), MergeError> {
        let root_of = |(source, manifest): (usize, &Manifest)| Party {
            id: manifest.root,
            sources: vec![source],
        };
        let mut roots: Vec<Party> = manifests.iter().enumerate().map(root_of).collect();
        if self.options.rule == Rule::LastWins {
            roots.reverse();
        }
        let side = |(party, root): (usize, &Party)| {
            let source = root.sources.first().and_then(|source| manifests.get(*source))?;
            let Manifest { root: id, totals, metadata, .. } = source;
            let content = Content::Directory { id: *id, totals: *totals };
            Some(Side { party, metadata: metadata.clone(), content })
        };
        let sides = roots.iter().enumerate().filter_map(side).collect();
        let root = decide(self.options.rule, sides).ok_or(MergeError::Sources(0))?;
        self.report.metadata_only += u64::from(root.metadata_only);
        let (id, totals) = match root.outcome {
            Outcome::Merge(joined) => self.merge_root(joined_of(joined, &roots), emit)?,
            Outcome::Whole(Content::Directory { id, totals }) => {
                self.linked.keep_all(first_source(&roots, root.winner));
                (id, totals)
            }
            Outcome::Whole(_) => return Err(BuildError::RootNotADirectory.into()),
        };
        Ok((Tree { root: id, metadata: root.metadata, totals }, self.report))
    }

    /// Merges the root and all below. No recursion: trees may be deep.
    fn merge_root(
        &mut self,
        parties: Vec<Party>,
        emit: &mut Emit<'_>,
    ) -> Result<(ChunkId, Totals), MergeError> {
        let mut stack = vec![self.look(TreePath::ROOT, parties, emit)?];
        loop {
            let Some(merging) = stack.last_mut() else {
                return Err(BuildError::RootNotADirectory.into());
            };
            if let Some((name, parties)) = merging.todo.pop_front() {
                let path = merging.path.join(&name);
                let id = merging.parties.first().map(|party| party.id);
                let deep = stack.len() >= MAX_DEPTH || path.as_bytes().len() >= MAX_PATH;
                if let Some(id) = id.filter(|_| deep) {
                    let what = "the tree is deeper than a path can be";
                    return Err(LoadError::Inconsistent { id, what }.into());
                }
                stack.push(self.look(path, parties, emit)?);
                continue;
            }
            let Some(merged) = stack.pop() else { continue };
            let made = match merged.done {
                Some(made) => made,
                None => self.write(merged, emit)?,
            };
            match stack.last_mut() {
                Some(above) => above.made.push_back(made),
                None => return Ok(made),
            }
        }
    }

    /// The first reading: notes what clashes, and finds which directories in it differ. Where none does,
    /// writes it at once.
    fn look(
        &mut self,
        path: TreePath,
        parties: Vec<Party>,
        emit: &mut Emit<'_>,
    ) -> Result<Merging, MergeError> {
        self.report.merged_directories += 1;
        let mut todo = VecDeque::new();
        let mut entries = DirectoryBuilder::default();
        let mut rows = Rows::of(self.directories, &parties)?;
        while let Some((name, sides)) = rows.next()? {
            let left = self.left.checked_sub(sides.len() as u64);
            self.left = left.ok_or(MergeError::TooManyEntries(self.options.max_entries))?;
            let Some(decision) = decide(self.options.rule, sides) else { continue };
            self.note(&path, &name, &decision, &parties);
            match decision.outcome {
                Outcome::Merge(joined) => {
                    todo.push_back((name, joined_of(joined, &parties)));
                }
                Outcome::Whole(content) if todo.is_empty() => {
                    push(&mut entries, Entry { name, metadata: decision.metadata, content }, emit)?;
                }
                Outcome::Whole(_) => {}
            }
        }
        let done = if todo.is_empty() { Some(entries.finish(emit)?) } else { None };
        Ok(Merging { path, parties, todo, made: VecDeque::new(), done })
    }

    /// The second reading: writes the directory with those in it that were made meanwhile.
    fn write(
        &self,
        mut merged: Merging,
        emit: &mut Emit<'_>,
    ) -> Result<(ChunkId, Totals), MergeError> {
        let mut entries = DirectoryBuilder::default();
        let mut rows = Rows::of(self.directories, &merged.parties)?;
        while let Some((name, sides)) = rows.next()? {
            let Some(decision) = decide(self.options.rule, sides) else { continue };
            let content = match decision.outcome {
                Outcome::Whole(content) => content,
                Outcome::Merge(_) => match merged.made.pop_front() {
                    Some((id, totals)) => Content::Directory { id, totals },
                    None => return Err(changed(&merged.parties)),
                },
            };
            push(&mut entries, Entry { name, metadata: decision.metadata, content }, emit)?;
        }
        Ok(entries.finish(emit)?)
    }

    fn note(&mut self, above: &TreePath, name: &EntryName, decision: &Decision, parties: &[Party]) {
        self.report.metadata_only += u64::from(decision.metadata_only);
        let winner = first_source(parties, decision.winner);
        if let Some((losers, difference)) = &decision.conflict {
            self.report.add(|| {
                let mut losers = sources_of(losers, parties);
                losers.sort_unstable();
                let (path, difference) = (above.join(name), *difference);
                Conflict { path, winner, losers, difference }
            });
        }
        if matches!(decision.outcome, Outcome::Whole(_)) {
            self.linked.keep(winner, above, name);
        }
    }
}

fn push(
    entries: &mut DirectoryBuilder,
    entry: Entry,
    emit: &mut Emit<'_>,
) -> Result<(), BuildError> {
    let totals = entry.totals().ok_or(BuildError::TotalsOverflow)?;
    let encoded = encode_entry(&entry);
    entries.push(entry.name, totals, encoded, emit)
}

/// The sources of several parties.
fn sources_of(places: &[usize], parties: &[Party]) -> Vec<usize> {
    let named = places.iter().filter_map(|place| parties.get(*place));
    named.flat_map(|party| &party.sources).copied().collect()
}

/// The source of a party that outdoes its others.
fn first_source(parties: &[Party], place: usize) -> usize {
    parties.get(place).and_then(|party| party.sources.first()).copied().unwrap_or_default()
}

/// The parties below: those of `above` that have the same directory there are one.
fn joined_of(joined: Vec<(ChunkId, Vec<usize>)>, above: &[Party]) -> Vec<Party> {
    joined
        .into_iter()
        .map(|(id, places)| Party { id, sources: sources_of(&places, above) })
        .collect()
}

/// Only objects that are not what their ids say read differently the second time.
fn changed(parties: &[Party]) -> MergeError {
    let id = parties.first().map(|party| party.id);
    id.map_or(MergeError::Sources(0), |id| {
        LoadError::Inconsistent { id, what: "it changed while it was merged" }.into()
    })
}
