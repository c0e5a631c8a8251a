//! A small world of objects for the model test and the race: chunks, lists, directories and manifests in
//! a format of its own (the kinds and ids that an object names), much of it shared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use flisthub_storage::{Chunk, ChunkId, ChunkStore, Frame, Kind, Reference, StoreError};

use crate::support::{chunk, frame, noise};

/// Number of an object in the world. Who refers has a higher number than who is referred to.
pub(crate) type Number = usize;

/// An object of the world.
pub(crate) struct Thing {
    pub(crate) chunk: Chunk,
    pub(crate) frame: Frame,
    /// What it names directly.
    pub(crate) below: Vec<Number>,
}

impl Thing {
    pub(crate) fn id(&self) -> ChunkId {
        self.chunk.id()
    }
}

/// All objects there are.
pub(crate) struct World {
    pub(crate) things: Vec<Thing>,
    pub(crate) manifests: Vec<Number>,
    numbers: BTreeMap<ChunkId, Number>,
}

/// The world. Each manifest has a top directory of its own; what is below that is shared.
pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut world = World { things: Vec::new(), manifests: Vec::new(), numbers: BTreeMap::new() };
    // From a byte to 60 KB: some of them in blob files.
    let chunks: Vec<Number> = (0..10)
        .map(|seed| world.add(chunk(noise(seed, 1 + usize::try_from(seed).unwrap().pow(5)))))
        .collect();
    let lists: Vec<Number> =
        (0..3).map(|at| world.object(Kind::List, &[chunks[at * 2], chunks[at * 2 + 1]])).collect();
    let low: Vec<Number> = (0..4)
        .map(|at| {
            let below = [chunks[at + 5], chunks[at + 6], lists[at % 3]];
            world.object(Kind::Directory, &below)
        })
        .collect();
    let middle: Vec<Number> = (0..3)
        .map(|at| world.object(Kind::Directory, &[low[at], low[at + 1], chunks[at]]))
        .collect();
    let links = world.object(Kind::Links, &[]);
    for at in 0..6 {
        let own = world.add(chunk(format!("own content of {at}")));
        let top = world.object(Kind::Directory, &[middle[at % 3], low[at % 4], own]);
        let manifest = world.object(Kind::Manifest, &[top, links]);
        world.manifests.push(manifest);
    }
    world
});

impl World {
    fn add(&mut self, chunk: Chunk) -> Number {
        let below = references(&chunk).iter().map(|one| self.numbers[&one.id]).collect();
        self.numbers.insert(chunk.id(), self.things.len());
        self.things.push(Thing { frame: frame(&chunk), chunk, below });
        self.things.len() - 1
    }

    fn object(&mut self, kind: Kind, below: &[Number]) -> Number {
        let mut bytes = Vec::new();
        for number in below {
            bytes.push(self.things[*number].chunk.kind().code());
            bytes.extend(self.things[*number].id().as_bytes());
        }
        self.add(Chunk::new(kind, bytes).unwrap())
    }

    pub(crate) fn number(&self, id: &ChunkId) -> Number {
        self.numbers[id]
    }

    pub(crate) fn ids<'a>(&self, numbers: impl IntoIterator<Item = &'a Number>) -> Vec<ChunkId> {
        numbers.into_iter().map(|number| self.things[*number].id()).collect()
    }

    pub(crate) fn frames<'a>(&self, numbers: impl IntoIterator<Item = &'a Number>) -> Vec<Frame> {
        numbers.into_iter().map(|number| self.things[*number].frame.clone()).collect()
    }

    pub(crate) fn kind(&self, number: Number) -> Kind {
        self.things[number].chunk.kind()
    }

    /// `from` and all below them, as far as `there` says that an object can be read.
    pub(crate) fn reach(
        &self,
        from: impl IntoIterator<Item = Number>,
        there: impl Fn(Number) -> bool,
    ) -> BTreeSet<Number> {
        let mut open: Vec<Number> = from.into_iter().collect();
        let mut found = BTreeSet::new();
        while let Some(number) = open.pop() {
            if found.insert(number) && there(number) {
                open.extend(&self.things[number].below);
            }
        }
        found
    }

    /// A flist: a manifest and all below it.
    pub(crate) fn flist(&self, manifest: Number) -> BTreeSet<Number> {
        self.reach([manifest], |_| true)
    }
}

/// What an object names.
pub(crate) fn references(object: &Chunk) -> Vec<Reference> {
    if object.kind() == Kind::Content {
        return Vec::new();
    }
    let one = |bytes: &[u8]| Reference {
        kind: Kind::from_code(bytes[0]).unwrap(),
        id: ChunkId::from_slice(&bytes[1..]).unwrap(),
    };
    object.bytes().chunks(33).map(one).collect()
}

/// What the check before a publish says is missing: it follows what is there.
pub(crate) fn lacking(store: &dyn ChunkStore, manifest: Number) -> Result<Vec<Number>, StoreError> {
    let mut open = vec![WORLD.things[manifest].id()];
    let (mut seen, mut missing) = (BTreeSet::new(), Vec::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match store.get(&[id])?.remove(0) {
            Some(object) => open.extend(references(&object).iter().map(|one| one.id)),
            None => missing.push(WORLD.number(&id)),
        }
    }
    missing.sort_unstable();
    Ok(missing)
}
