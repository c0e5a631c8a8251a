//! Walks what is exported and says what its tar is made of, in order. Knows the order and which of
//! several hard links comes first; how a member is written is in `header`.

use std::collections::HashMap;
use std::sync::Arc;

use flisthub_flist::{Content, Entry, Manifest, Pieces, Tree, TreePath, links};
use flisthub_storage::{ChunkId, ChunkStore};

use super::error::ExportError;
use super::header::{Kind, pad, write_header};
use super::options::{ExportOptions, Measured};
use crate::extract::Skipped;
use crate::source::BLOCK;

/// How every deletion in a layer begins.
const WHITEOUT: &[u8] = b".wh.";

/// Takes what a tar is made of.
pub(super) trait Sink {
    /// Bytes that are no file's content: headers, padding, the end.
    fn literal(&mut self, bytes: &[u8]) -> Result<(), ExportError>;

    /// A file's content.
    fn content(
        &mut self,
        path: &Arc<TreePath>,
        size: u64,
        pieces: &Pieces,
    ) -> Result<(), ExportError>;
}

/// What is exported.
pub(super) struct Source<'a> {
    pub(super) store: &'a dyn ChunkStore,
    pub(super) manifest: Manifest,
    pub(super) options: &'a ExportOptions,
    /// Whether it becomes an image's layer, where some names mean something else.
    pub(super) layer: bool,
}

impl<'a> Source<'a> {
    pub(super) fn open(
        store: &'a dyn ChunkStore,
        flist: ChunkId,
        options: &'a ExportOptions,
        layer: bool,
    ) -> Result<Self, ExportError> {
        let manifest = Manifest::load(store, flist)?;
        Ok(Self { store, manifest, options, layer })
    }

    /// Gives all parts to `sink`.
    pub(super) fn walk(&self, sink: &mut dyn Sink) -> Result<Measured, ExportError> {
        let tree = Tree::of(&self.manifest);
        let mut plan = Plan::new(self, sink);
        let at = &self.options.path;
        if at.is_root() {
            plan.directory(&tree)?;
        } else {
            let found = tree.lookup(self.store, at)?;
            let entry = found.ok_or_else(|| ExportError::NoSuchPath(at.clone()))?;
            match entry.content {
                Content::Directory { id, totals } => {
                    plan.directory(&Tree { root: id, metadata: entry.metadata, totals })?;
                }
                _ => plan.entry(TreePath::ROOT.join(&entry.name), &entry)?,
            }
        }
        plan.end()
    }

    /// How large the tar is, and what is left out of it.
    pub(super) fn measure(&self) -> Result<Measured, ExportError> {
        struct Nothing;
        impl Sink for Nothing {
            fn literal(&mut self, _: &[u8]) -> Result<(), ExportError> {
                Ok(())
            }
            fn content(
                &mut self,
                _: &Arc<TreePath>,
                _: u64,
                _: &Pieces,
            ) -> Result<(), ExportError> {
                Ok(())
            }
        }
        self.walk(&mut Nothing)
    }
}

struct Plan<'a> {
    source: &'a Source<'a>,
    sink: &'a mut dyn Sink,
    /// Group of each linked path that has not come yet.
    groups: HashMap<TreePath, usize>,
    /// The first entry of each group, once it came.
    firsts: HashMap<usize, (TreePath, Entry)>,
    literal: Vec<u8>,
    measured: Measured,
}

impl<'a> Plan<'a> {
    fn new(source: &'a Source<'a>, sink: &'a mut dyn Sink) -> Self {
        Self {
            source,
            sink,
            groups: HashMap::new(),
            firsts: HashMap::new(),
            literal: Vec::new(),
            measured: Measured { bytes: 0, entries: 0, sockets: None },
        }
    }

    /// A directory as the root of the tar, and all that stands in it.
    fn directory(&mut self, tree: &Tree) -> Result<(), ExportError> {
        self.read_links()?;
        write_header(b"./", &tree.metadata, Kind::Directory, &mut self.literal);
        self.give(None)?;
        for item in tree.walk(self.source.store) {
            let (path, entry) = item?;
            self.source.options.check()?;
            self.entry(path, &entry)?;
        }
        match self.groups.keys().next() {
            Some(path) => Err(bad(path, "a hard link is not in the tree")),
            None => Ok(()),
        }
    }

    /// Finds which paths below the root of the export are links to one another.
    fn read_links(&mut self) -> Result<(), ExportError> {
        let manifest = &self.source.manifest;
        let Some(id) = manifest.links else { return Ok(()) };
        let at = &self.source.options.path;
        let groups = links(self.source.store, id, manifest.totals.entries)?;
        for (group, paths) in groups.into_iter().enumerate() {
            for path in paths {
                if let Some(below) = below(at, &path) {
                    self.groups.insert(below, group);
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: TreePath, entry: &Entry) -> Result<(), ExportError> {
        if self.source.layer && entry.name.as_bytes().starts_with(WHITEOUT) {
            return Err(ExportError::Whiteout(path));
        }
        let first = self.first_of(&path, entry)?;
        let Some(kind) = Kind::of(&entry.content) else { return self.socket(path) };
        let mut name = path.as_bytes().to_vec();
        if matches!(kind, Kind::Directory) {
            name.push(b'/');
        }
        let kind = first.as_ref().map_or(kind, |first| Kind::HardLink(first.as_bytes()));
        write_header(&name, &entry.metadata, kind, &mut self.literal);
        self.measured.entries += 1;
        match (&entry.content, first) {
            (Content::File { size, pieces }, None) => {
                self.give(Some((&Arc::new(path), *size, pieces)))
            }
            _ => self.give(None),
        }
    }

    fn socket(&mut self, path: TreePath) -> Result<(), ExportError> {
        if !self.source.options.skip_sockets {
            return Err(ExportError::Socket(path));
        }
        let found = || Skipped { count: 0, example: path };
        self.measured.sockets.get_or_insert_with(found).count += 1;
        Ok(())
    }

    /// The path of the entry that this one is a hard link to, if that came before.
    fn first_of(
        &mut self,
        path: &TreePath,
        entry: &Entry,
    ) -> Result<Option<TreePath>, ExportError> {
        let Some(group) = self.groups.remove(path) else { return Ok(None) };
        let Some((first, same)) = self.firsts.get(&group) else {
            self.firsts.insert(group, (path.clone(), entry.clone()));
            return Ok(None);
        };
        let same = (&entry.metadata, &entry.content) == (&same.metadata, &same.content);
        if !same || matches!(entry.content, Content::Directory { .. }) {
            return Err(bad(path, "hard links to one file differ"));
        }
        Ok(Some(first.clone()))
    }

    /// Hands on what was written, and a file's content with what fills its last block.
    fn give(&mut self, content: Option<(&Arc<TreePath>, u64, &Pieces)>) -> Result<(), ExportError> {
        self.sink.literal(&self.literal)?;
        let mut bytes = self.literal.len() as u64;
        self.literal.clear();
        if let Some((path, size, pieces)) = content {
            self.sink.content(path, size, pieces)?;
            pad(&mut self.literal, size);
            let too_large = || bad(path, "the tree is larger than a tar can be");
            bytes = bytes.checked_add(size).ok_or_else(too_large)?;
        }
        let sum = self.measured.bytes.checked_add(bytes);
        let too_large = || bad(&TreePath::ROOT, "the tree is larger than a tar can be");
        self.measured.bytes = sum.ok_or_else(too_large)?;
        Ok(())
    }

    /// Two blocks of zeros.
    fn end(mut self) -> Result<Measured, ExportError> {
        self.literal.resize(self.literal.len() + 2 * BLOCK, 0);
        self.give(None)?;
        Ok(self.measured)
    }
}

pub(super) fn bad(path: &TreePath, reason: &'static str) -> ExportError {
    ExportError::BadFlist { path: path.clone(), reason }
}

/// What `path` is called from `at`; `None` if it does not stand below it.
fn below(at: &TreePath, path: &TreePath) -> Option<TreePath> {
    if at.is_root() {
        return Some(path.clone());
    }
    let rest = path.as_bytes().strip_prefix(at.as_bytes())?.strip_prefix(b"/")?;
    TreePath::parse_exact(rest).ok()
}
