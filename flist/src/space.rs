//! How much space flists and repositories take, computed from what is stored: nothing is counted along
//! the way, so nothing can drift.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use flisthub_storage::{ChunkId, ChunkStore, Kind, Monitor, Progress, Reference};

use crate::graph::GraphError;
use crate::manifest::Manifest;
use crate::space_graph::{Graph, Reading, unusable};
use crate::wire::{FlistSpace, RepositorySpace, Space, SpaceReport};

/// A flist that a repository holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The repository.
    pub repository: String,
    /// The names in it that point at the flist now; none if only its history does.
    pub names: Vec<String>,
    /// The flist's id.
    pub flist: ChunkId,
}

/// Computes the space of all flists and repositories of `published`. The same flist may come several
/// times. Fails if anything that a flist needs is missing or cannot be read, naming both.
///
/// Each stored object is read once, whatever the number of flists, and the store is asked once for the
/// length of each frame; then the sums are made in memory, once for each flist and each repository.
///
/// Memory: at most 55 bytes for each distinct id, 8 for each reference in a distinct object, and 64 MiB;
/// while the table of ids grows, 20 bytes an id more.
pub fn space_report(
    store: &dyn ChunkStore,
    published: &[Published],
    monitor: &dyn Monitor,
) -> Result<SpaceReport, GraphError> {
    let mut input = Input::default();
    let mut reading = Reading::new(store, monitor);
    for entry in published {
        let index = match input.indices.get(&entry.flist) {
            Some(index) => *index,
            None => input.add(store, &mut reading, entry.flist)?,
        };
        input.repositories.entry(&entry.repository).or_default().insert(index);
        if let Some(flist) = input.flists.get_mut(index) {
            let full = entry.names.iter().map(|name| format!("{}/{name}", entry.repository));
            flist.names.extend(full);
        }
    }
    input.report(&reading.finish(), monitor)
}

/// What is asked about.
#[derive(Default)]
struct Input<'a> {
    indices: HashMap<ChunkId, usize>,
    flists: Vec<Flist>,
    /// Which flists each repository holds, as places in `flists`.
    repositories: BTreeMap<&'a str, BTreeSet<usize>>,
}

struct Flist {
    id: ChunkId,
    /// The number of its manifest.
    root: u32,
    logical: u64,
    names: BTreeSet<String>,
}

impl Input<'_> {
    fn add(
        &mut self,
        store: &dyn ChunkStore,
        reading: &mut Reading<'_>,
        id: ChunkId,
    ) -> Result<usize, GraphError> {
        let manifest = Manifest::load(store, id)
            .map_err(|source| unusable(id, Reference { kind: Kind::Manifest, id }, source))?;
        let (root, logical) = (reading.flist(id)?, manifest.totals.bytes);
        let index = self.flists.len();
        self.flists.push(Flist { id, root, logical, names: BTreeSet::new() });
        self.indices.insert(id, index);
        Ok(index)
    }

    fn report(self, graph: &Graph, monitor: &dyn Monitor) -> Result<SpaceReport, GraphError> {
        let of_flists: Vec<Group> =
            self.flists.iter().map(|flist| Group::of([flist].into_iter())).collect();
        let of_repositories: Vec<Group> = self
            .repositories
            .values()
            .map(|held| Group::of(held.iter().filter_map(|index| self.flists.get(*index))))
            .collect();
        let flists = measure(graph, &of_flists, "add up flists", monitor)?;
        let repositories = measure(graph, &of_repositories, "add up repositories", monitor)?;
        Ok(SpaceReport {
            total: total(&flists, graph),
            repositories: (self.repositories.into_keys().zip(repositories))
                .map(|(name, space)| RepositorySpace { repository: name.to_owned(), space })
                .collect(),
            flists: (self.flists.into_iter().zip(flists))
                .map(|(flist, space)| FlistSpace {
                    flist: flist.id.to_string(),
                    names: flist.names.into_iter().collect(),
                    space,
                })
                .collect(),
        })
    }
}

/// Flists that are added up together.
struct Group {
    roots: Vec<u32>,
    logical: u64,
}

impl Group {
    fn of<'a>(flists: impl Iterator<Item = &'a Flist>) -> Self {
        let mut group = Self { roots: Vec::new(), logical: 0 };
        for flist in flists {
            group.roots.push(flist.root);
            // A forged hole can claim exabytes; what does not fit is not worth an error.
            group.logical = group.logical.saturating_add(flist.logical);
        }
        group
    }
}

/// Who has reached an object so far.
#[derive(Clone, Copy, Default)]
struct Mark {
    /// The last group that did, counted from 1; 0 while none has.
    last: u32,
    /// Whether another one did before it.
    shared: bool,
}

/// Adds up each group: what it reaches, and what of that no other group reaches.
fn measure(
    graph: &Graph,
    groups: &[Group],
    phase: &'static str,
    monitor: &dyn Monitor,
) -> Result<Vec<Space>, GraphError> {
    let mut marks = vec![Mark::default(); graph.len()];
    let mut spaces = Vec::with_capacity(groups.len());
    for (current, group) in (1_u32..).zip(groups) {
        if monitor.cancelled() {
            return Err(GraphError::Cancelled);
        }
        let (done, total) = (u64::from(current - 1), Some(groups.len() as u64));
        monitor.progress(Progress { phase, done, total });
        let stored_bytes = reach(graph, &group.roots, current, &mut marks);
        let logical_bytes = group.logical;
        spaces.push(Space { logical_bytes, stored_bytes, exclusive_bytes: 0, shared_bytes: 0 });
    }
    for (number, mark) in (0_u32..).zip(&marks) {
        let owner = (mark.last as usize).checked_sub(1).filter(|_| !mark.shared);
        if let Some(space) = owner.and_then(|owner| spaces.get_mut(owner)) {
            space.exclusive_bytes += graph.frame(number);
        }
    }
    for space in &mut spaces {
        space.shared_bytes = space.stored_bytes - space.exclusive_bytes;
    }
    Ok(spaces)
}

/// Marks all that a group reaches as reached by it; gives the bytes of their frames.
fn reach(graph: &Graph, roots: &[u32], current: u32, marks: &mut [Mark]) -> u64 {
    let mut bytes = 0;
    let mut stack: Vec<u32> = Vec::new();
    let mut visit = |number: u32, stack: &mut Vec<u32>| {
        let Some(mark) = marks.get_mut(number as usize) else { return };
        if mark.last == current {
            return;
        }
        *mark = Mark { last: current, shared: mark.last != 0 };
        bytes += graph.frame(number);
        if !graph.below(number).is_empty() {
            stack.push(number);
        }
    };
    for root in roots {
        visit(*root, &mut stack);
    }
    while let Some(number) = stack.pop() {
        for below in graph.below(number) {
            visit(*below, &mut stack);
        }
    }
    bytes
}

/// All flists together.
fn total(flists: &[Space], graph: &Graph) -> Space {
    let mut total = Space::default();
    for flist in flists {
        total.logical_bytes = total.logical_bytes.saturating_add(flist.logical_bytes);
        total.exclusive_bytes += flist.exclusive_bytes;
    }
    let numbers = 0..u32::try_from(graph.len()).unwrap_or(u32::MAX);
    total.stored_bytes = numbers.map(|number| graph.frame(number)).sum();
    total.shared_bytes = total.stored_bytes - total.exclusive_bytes;
    total
}
