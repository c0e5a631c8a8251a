//! The stored objects below some flists as numbers: how large each is, and which it names. Part of
//! `space`, which adds them up.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use flisthub_storage::{ChunkId, ChunkStore, Kind, Monitor, Progress, Reference};

use crate::graph::{ASK, BATCH, GraphError, get_each, open};
use crate::object::LoadError;

/// Objects by number.
#[derive(Debug)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    /// For each object that names others: how many it names, then their numbers. Place 0 is unused.
    below: Vec<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// Bytes of its frame.
    frame: u32,
    /// Where in `below` it begins; 0 if it names nothing.
    below: u32,
}

impl Graph {
    /// How many objects there are; their numbers are below that.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes of an object's frame.
    pub(crate) fn frame(&self, number: u32) -> u64 {
        self.nodes.get(number as usize).map_or(0, |node| u64::from(node.frame))
    }

    /// What an object names.
    pub(crate) fn below(&self, number: u32) -> &[u32] {
        let start = self.nodes.get(number as usize).map_or(0, |node| node.below as usize);
        match self.below.get(start..) {
            Some([count, rest @ ..]) if start > 0 => rest.get(..*count as usize).unwrap_or(&[]),
            _ => &[],
        }
    }
}

/// Reads flists into a graph, each object once.
///
/// An object is known by 64 bits that are hashed from its id with a key drawn for this run. Two objects
/// with the same bits would be counted as one: among 10,000,000 that happens once in 370,000 runs, and
/// nobody can bring it about, because the key is not known. A figure for people may be that wrong; nothing
/// is ever removed by it.
pub(crate) struct Reading<'a> {
    store: &'a dyn ChunkStore,
    monitor: &'a dyn Monitor,
    key: RandomState,
    numbers: HashMap<u64, u32>,
    graph: Graph,
    /// Objects that are still to be read.
    stack: Vec<(u32, Reference)>,
    /// What the store is still to be asked the frame's length of.
    asked: Vec<(u32, Reference)>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(store: &'a dyn ChunkStore, monitor: &'a dyn Monitor) -> Self {
        let graph = Graph { nodes: Vec::new(), below: vec![0] };
        let (key, numbers) = (RandomState::new(), HashMap::new());
        Self { store, monitor, key, numbers, graph, stack: Vec::new(), asked: Vec::new() }
    }

    /// Reads what is below a flist's manifest and was not read before; gives the manifest's number.
    pub(crate) fn flist(&mut self, flist: ChunkId) -> Result<u32, GraphError> {
        let root = self.number(Reference { kind: Kind::Manifest, id: flist })?;
        while !self.stack.is_empty() {
            if self.monitor.cancelled() {
                return Err(GraphError::Cancelled);
            }
            let done = self.graph.len() as u64;
            self.monitor.progress(Progress { phase: "read", done, total: None });
            self.step(flist)?;
        }
        self.ask(flist)?;
        Ok(root)
    }

    /// Ends the reading; the memory that numbers took is free again.
    pub(crate) fn finish(self) -> Graph {
        self.graph
    }

    /// The number of an object. One that is new will be read and asked for.
    fn number(&mut self, reference: Reference) -> Result<u32, GraphError> {
        let next = u32::try_from(self.graph.len()).map_err(|_| GraphError::TooMany)?;
        let number = *self.numbers.entry(self.key.hash_one(reference)).or_insert(next);
        if number == next {
            self.graph.nodes.push(Node::default());
            self.asked.push((number, reference));
            if reference.kind != Kind::Content {
                self.stack.push((number, reference));
            }
        }
        Ok(number)
    }

    /// Reads the next few objects.
    fn step(&mut self, flist: ChunkId) -> Result<(), GraphError> {
        let batch = self.stack.split_off(self.stack.len().saturating_sub(BATCH));
        let references: Vec<Reference> = batch.iter().map(|(_, reference)| *reference).collect();
        for ((number, reference), object) in
            batch.into_iter().zip(get_each(self.store, &references))
        {
            let mut named = Vec::new();
            open(reference, object, |mention| named.push(mention.reference))
                .map_err(|source| unusable(flist, reference, source))?;
            self.keep(number, &named)?;
            if self.asked.len() >= ASK {
                self.ask(flist)?;
            }
        }
        Ok(())
    }

    /// Writes down what an object names.
    fn keep(&mut self, number: u32, named: &[Reference]) -> Result<(), GraphError> {
        if named.is_empty() {
            return Ok(());
        }
        let too_many = |_| GraphError::TooMany;
        let start = u32::try_from(self.graph.below.len()).map_err(too_many)?;
        self.graph.below.push(u32::try_from(named.len()).map_err(too_many)?);
        for reference in named {
            let number = self.number(*reference)?;
            self.graph.below.push(number);
        }
        if let Some(node) = self.graph.nodes.get_mut(number as usize) {
            node.below = start;
        }
        Ok(())
    }

    /// Asks the store how long the frames are.
    fn ask(&mut self, flist: ChunkId) -> Result<(), GraphError> {
        let asked = std::mem::take(&mut self.asked);
        let ids: Vec<ChunkId> = asked.iter().map(|(_, reference)| reference.id).collect();
        for ((number, reference), stat) in asked.into_iter().zip(self.store.stat(&ids)?) {
            let Reference { kind, id } = reference;
            let stat = match stat {
                Some(stat) if stat.kind == kind => stat,
                Some(stat) => {
                    let source = LoadError::WrongKind { id, expected: kind, found: stat.kind };
                    return Err(unusable(flist, reference, source));
                }
                None => return Err(unusable(flist, reference, LoadError::Missing(vec![id]))),
            };
            if let Some(node) = self.graph.nodes.get_mut(number as usize) {
                node.frame = stat.frame_length;
            }
        }
        Ok(())
    }
}

/// What is said of an object that a flist needs and that cannot be read.
pub(crate) fn unusable(flist: ChunkId, reference: Reference, source: LoadError) -> GraphError {
    let Reference { kind, id } = reference;
    GraphError::Unusable { flist, kind, id, source: Box::new(source) }
}
