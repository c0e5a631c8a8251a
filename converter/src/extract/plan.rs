//! Walks a tree, makes its directories, and gives everything else to the writers in batches.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crossbeam_channel::Sender;
use flisthub_flist::{
    Content, Counts, Entry, Manifest, Metadata, Piece, Pieces, Tree, TreePath, links, pieces,
};
use rustix::fs::{Mode, mkdirat};

use super::file::{LargeFile, Placed, SmallFile, create, set_size};
use super::node::Node;
use super::writer::{Job, Shared};
use crate::beneath::Handles;
use crate::error::ExtractError;

/// Content bytes after which a batch is sent; it never has much more than twice as many.
const BATCH_BYTES: u64 = 3 << 20;
/// Jobs of one batch.
const BATCH_JOBS: usize = 512;
/// Directories of one batch, each of which is a handle that stays open.
const BATCH_DIRECTORIES: usize = 32;

/// What is left to do once the writers are done.
#[derive(Default)]
pub(super) struct Planned {
    pub(super) counts: Counts,
    pub(super) bytes: u64,
    /// Every directory, each before what stands in it.
    pub(super) directories: Vec<(TreePath, Metadata)>,
    /// Of each group of hard links the path that was made, and the others.
    pub(super) links: HashMap<TreePath, Vec<TreePath>>,
}

pub(super) struct Plan<'a> {
    shared: &'a Shared<'a>,
    handles: &'a mut Handles,
    sender: Sender<Vec<Job>>,
    batch: Vec<Job>,
    batch_bytes: u64,
    batch_directories: usize,
    /// The directory that the last entry stands in.
    current: Option<(TreePath, Arc<OwnedFd>)>,
    /// Group of each linked path that has not come yet.
    groups: HashMap<TreePath, usize>,
    /// The first entry of each group, once it came.
    firsts: HashMap<usize, (TreePath, Entry)>,
    planned: Planned,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        shared: &'a Shared<'a>,
        handles: &'a mut Handles,
        sender: Sender<Vec<Job>>,
    ) -> Self {
        Self {
            shared,
            handles,
            sender,
            batch: Vec::new(),
            batch_bytes: 0,
            batch_directories: 0,
            current: None,
            groups: HashMap::new(),
            firsts: HashMap::new(),
            planned: Planned::default(),
        }
    }

    pub(super) fn run(&mut self, manifest: &Manifest) -> Result<Planned, ExtractError> {
        if let Some(id) = manifest.links {
            for (group, paths) in
                links(self.shared.store, id, manifest.totals.entries)?.into_iter().enumerate()
            {
                self.groups.extend(paths.into_iter().map(|path| (path, group)));
            }
        }
        self.planned.bytes = manifest.totals.bytes;
        self.planned.directories.push((TreePath::ROOT, manifest.metadata.clone()));
        for item in Tree::of(manifest).walk(self.shared.store) {
            let (path, entry) = item?;
            self.planned.counts.add(&entry.content);
            self.entry(path, entry)?;
        }
        if let Some(path) = self.groups.keys().next() {
            return Err(self.shared.bad_flist(path, "a hard link is not in the tree"));
        }
        self.send()?;
        Ok(std::mem::take(&mut self.planned))
    }

    fn entry(&mut self, path: TreePath, entry: Entry) -> Result<(), ExtractError> {
        let directory = self.directory(&path)?;
        if self.is_further_link(&path, &entry)? {
            return Ok(());
        }
        let Entry { name, metadata, content } = entry;
        let name = name.as_bytes().to_vec();
        match content {
            Content::Directory { .. } => {
                mkdirat(&directory, name, Mode::RWXU)
                    .map_err(|error| self.shared.error(&path, "making the directory", error))?;
                self.planned.directories.push((path, metadata));
                Ok(())
            }
            Content::File { size, pieces } => self.file(
                directory,
                name,
                SmallFile { path, metadata, size, chunks: Vec::new() },
                &pieces,
            ),
            content => {
                let node = Node { path, metadata, content };
                self.add(Job::Node { directory, name, node }, 0)
            }
        }
    }

    /// Whether the entry is a hard link to one that came before.
    fn is_further_link(&mut self, path: &TreePath, entry: &Entry) -> Result<bool, ExtractError> {
        let Some(group) = self.groups.remove(path) else {
            return Ok(false);
        };
        let Some((first, same)) = self.firsts.get(&group) else {
            self.firsts.insert(group, (path.clone(), entry.clone()));
            return Ok(false);
        };
        if matches!(entry.content, Content::Directory { .. })
            || (&entry.metadata, &entry.content) != (&same.metadata, &same.content)
        {
            return Err(self.shared.bad_flist(path, "hard links to one file differ"));
        }
        self.planned.links.entry(first.clone()).or_default().push(path.clone());
        Ok(true)
    }

    /// Plans a file: whole if its content fits a batch, in parts otherwise.
    fn file(
        &mut self,
        directory: Arc<OwnedFd>,
        name: Vec<u8>,
        mut file: SmallFile,
        content: &Pieces,
    ) -> Result<(), ExtractError> {
        let (mut offset, mut bytes) = (0u64, 0);
        let mut large: Option<Arc<LargeFile>> = None;
        let mut chunks = Vec::new();
        for piece in pieces(self.shared.store, content) {
            let piece = piece?;
            if let Piece::Chunk { id, length } = piece {
                chunks.push(Placed { id, length, offset });
                bytes += u64::from(length);
            }
            offset =
                offset.checked_add(piece.length()).filter(|end| *end <= file.size).ok_or_else(
                    || self.shared.bad_flist(&file.path, "its pieces are longer than it"),
                )?;
            if bytes >= BATCH_BYTES {
                let file = match &large {
                    Some(large) => large.clone(),
                    None => large.insert(self.large_file(&directory, &name, &file)?).clone(),
                };
                self.add(Job::Part { file, chunks: std::mem::take(&mut chunks) }, bytes)?;
                bytes = 0;
            }
        }
        if offset != file.size {
            return Err(self.shared.bad_flist(&file.path, "its pieces are shorter than it"));
        }
        match large {
            None => {
                file.chunks = chunks;
                self.add(Job::Small { directory, name, file }, bytes)
            }
            // An empty last part is no loss: whoever lets go of the file last finishes it.
            Some(file) => self.add(Job::Part { file, chunks }, bytes),
        }
    }

    fn large_file(
        &self,
        directory: &OwnedFd,
        name: &[u8],
        file: &SmallFile,
    ) -> Result<Arc<LargeFile>, ExtractError> {
        let SmallFile { path, metadata, size, .. } = file;
        let handle = create(self.shared, directory, name, path, metadata)?;
        set_size(self.shared, &handle, path, *size)?;
        let (path, metadata) = (path.clone(), metadata.clone());
        Ok(Arc::new(LargeFile { file: handle, path, metadata }))
    }

    /// The directory that `path` stands in.
    fn directory(&mut self, path: &TreePath) -> Result<Arc<OwnedFd>, ExtractError> {
        let above = path.split_last().map(|(above, _)| above).unwrap_or_default();
        if let Some((current, handle)) = &self.current
            && *current == above
        {
            return Ok(handle.clone());
        }
        let handle = self
            .handles
            .open(&above)
            .map_err(|error| self.shared.error(&above, "opening the directory", error))?;
        self.current = Some((above, handle.clone()));
        self.batch_directories += 1;
        Ok(handle)
    }

    fn add(&mut self, job: Job, bytes: u64) -> Result<(), ExtractError> {
        self.batch.push(job);
        self.batch_bytes += bytes;
        let full = self.batch_bytes >= BATCH_BYTES
            || self.batch.len() >= BATCH_JOBS
            || self.batch_directories >= BATCH_DIRECTORIES;
        if full { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), ExtractError> {
        self.shared.check()?;
        (self.batch_bytes, self.batch_directories) = (0, 0);
        let batch = std::mem::take(&mut self.batch);
        self.sender.send(batch).map_err(|_| ExtractError::Cancelled)
    }
}
