//! Walks a directory: finds what is there, and leaves small files to the workers.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flisthub_flist::{Content, Device, EntryName, LayerStep, Metadata, TreePath};
use flisthub_storage::Profile;
use rustix::fs::{AtFlags, FileType, RawDir, Stat, fstat, major, minor, readlinkat, statat};
use rustix::io::Errno;

use super::meta::{Version, metadata, xattrs_at, xattrs_of};
use super::read::FileToRead;
use crate::beneath::{Handles, proc_path};
use crate::error::{ConvertError, Problem, shown};
use crate::limits::{Limit, Limits};
use crate::options::IngestOptions;
use crate::pipeline::Control;
use crate::work::{Sink, Work};
use crate::xattr::XattrRules;

/// Larger files are read by the walker, part by part.
const SMALL_FILE: u64 = 1 << 20;
/// What an entry without content weighs in a unit.
const ENTRY_WEIGHT: u64 = 512;
/// What a directory weighs in a unit: bounds how many handles wait in units.
const DIRECTORY_WEIGHT: u64 = 64 << 10;

pub(super) struct Walker<'a, S> {
    root: &'a Path,
    handles: Handles,
    limits: Limits,
    rules: XattrRules,
    profile: Profile,
    control: &'a Control,
    sink: &'a mut S,
    /// First path of each file that has more than one, by device and inode.
    links: HashMap<(u64, u64), TreePath>,
    /// Directories that are still to be read.
    pending: Vec<TreePath>,
    /// Entries and bytes of files so far.
    counts: (u64, u64),
    position: u64,
}

impl<'a, S: Sink> Walker<'a, S> {
    pub(super) fn new(
        root: &'a Path,
        handle: OwnedFd,
        options: &IngestOptions,
        control: &'a Control,
        sink: &'a mut S,
    ) -> Self {
        Self {
            root,
            handles: Handles::new(handle),
            limits: options.limits,
            rules: XattrRules { keep_machine: options.keep_machine_xattrs },
            profile: options.profile,
            control,
            sink,
            links: HashMap::new(),
            pending: vec![TreePath::ROOT],
            counts: (0, 0),
            position: 0,
        }
    }

    pub(super) fn run(&mut self) -> Result<(), ConvertError> {
        while let Some(path) = self.pending.pop() {
            self.directory(&path)?;
        }
        Ok(())
    }

    fn directory(&mut self, path: &TreePath) -> Result<(), ConvertError> {
        let handle = match self.handles.open(path) {
            Ok(handle) => handle,
            Err(Errno::LOOP | Errno::NOTDIR | Errno::NOENT) => {
                return Err(ConvertError::Changed(self.on_disk(path)));
            }
            Err(error) => return Err(self.error(path, "opening the directory", error)),
        };
        let stat = |doing| fstat(&handle).map_err(|error| self.error(path, doing, error));
        let before = stat("reading metadata")?;
        let xattrs = xattrs_of(&handle, self.rules)
            .map_err(|error| self.error(path, "reading extended attributes", error))?;
        let names =
            list(&handle).map_err(|error| self.error(path, "reading the directory", error))?;
        if Version::of(&stat("reading metadata")?) != Version::of(&before) {
            return Err(ConvertError::Changed(self.on_disk(path)));
        }
        let metadata = Metadata { xattrs, ..metadata(&before) };
        let step = LayerStep::Directory { path: path.clone(), metadata };
        self.give(Work::Step(step), DIRECTORY_WEIGHT)?;
        for name in names {
            self.entry(&handle, path, &name)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        directory: &Arc<OwnedFd>,
        above: &TreePath,
        name: &[u8],
    ) -> Result<(), ConvertError> {
        let checked = EntryName::new(name).map_err(|error| ConvertError::Entry {
            entry: shown(name),
            problem: Problem::Name(error),
        })?;
        let path = above.join(&checked);
        let stat = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Err(ConvertError::Changed(self.on_disk(&path))),
            Err(error) => return Err(self.error(&path, "reading metadata", error)),
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        self.count(&path, if kind == FileType::RegularFile { size } else { 0 })?;
        if kind == FileType::Directory {
            self.pending.push(path);
            return Ok(());
        }
        if stat.st_nlink > 1 {
            let inode = (stat.st_dev, stat.st_ino);
            if let Some(target) = self.links.get(&inode) {
                let target = target.clone();
                let step = LayerStep::HardLink { path, target };
                return self.give(Work::Step(step), ENTRY_WEIGHT);
            }
            self.links.insert(inode, path.clone());
        }
        if kind != FileType::RegularFile {
            let (metadata, content) = self.other(directory, name, &path, &stat)?;
            let step = LayerStep::Entry { path, metadata, content };
            return self.give(Work::Step(step), ENTRY_WEIGHT);
        }
        let file = FileToRead {
            shown: self.on_disk(&path),
            path,
            directory: directory.clone(),
            name: name.to_vec(),
            found: Version::of(&stat),
            rules: self.rules,
        };
        if size <= SMALL_FILE {
            return self.give(Work::Read(Box::new(file)), ENTRY_WEIGHT + size);
        }
        self.large_file(file)
    }

    fn large_file(&mut self, file: FileToRead) -> Result<(), ConvertError> {
        let start = self.position;
        let (sink, control, mut before) = (&mut *self.sink, self.control, 0);
        let metadata = file.read_in_parts(self.profile.cutter(), |cut, read| {
            control.input.add(read - before);
            before = read;
            sink.take(cut.into(), start + read)
        })?;
        self.position += before;
        self.give(Work::File { path: file.path, metadata }, ENTRY_WEIGHT)
    }

    /// Everything that is neither a file nor a directory.
    fn other(
        &self,
        directory: &OwnedFd,
        name: &[u8],
        path: &TreePath,
        stat: &Stat,
    ) -> Result<(Metadata, Content), ConvertError> {
        let device = || {
            let (major, minor) = (major(stat.st_rdev).into(), minor(stat.st_rdev).into());
            Device::new(major, minor).ok_or_else(|| ConvertError::Entry {
                entry: shown(path.as_bytes()),
                problem: Problem::Device { major, minor },
            })
        };
        let content = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => {
                let target = readlinkat(directory, name, Vec::new())
                    .map_err(|error| self.error(path, "reading the link", error))?;
                Content::Symlink { target: target.into_bytes() }
            }
            FileType::CharacterDevice => Content::CharDevice(device()?),
            FileType::BlockDevice => Content::BlockDevice(device()?),
            FileType::Fifo => Content::Fifo,
            FileType::Socket => Content::Socket,
            _ => return Err(self.error(path, "finding out what this is", Errno::NOTSUP)),
        };
        let xattrs = xattrs_at(&proc_path(directory, name), self.rules).map_err(|error| {
            self.error(path, "reading extended attributes through /proc", error)
        })?;
        let mut metadata = Metadata { xattrs, ..metadata(stat) };
        if matches!(content, Content::Symlink { .. }) {
            // As archives are read: Linux keeps no mode for links.
            metadata.mode = 0o777;
        }
        Ok((metadata, content))
    }

    fn count(&mut self, path: &TreePath, size: u64) -> Result<(), ConvertError> {
        let limits = &self.limits;
        self.counts.0 += 1;
        self.counts.1 = self.counts.1.saturating_add(size);
        let limit = if self.counts.0 > limits.entries {
            Limit::Entries(limits.entries)
        } else if self.counts.1 > limits.file_bytes {
            Limit::FileBytes(limits.file_bytes)
        } else if path.as_bytes().len() > limits.path_bytes {
            Limit::PathBytes(limits.path_bytes)
        } else if path.names().count() > limits.depth {
            Limit::Depth(limits.depth)
        } else {
            return Ok(());
        };
        Err(ConvertError::Limit { limit, entry: Some(shown(path.as_bytes())) })
    }

    fn give(&mut self, work: Work, weight: u64) -> Result<(), ConvertError> {
        self.position += weight;
        self.sink.take(work, self.position)
    }

    fn on_disk(&self, path: &TreePath) -> PathBuf {
        if path.is_root() {
            return self.root.to_owned();
        }
        self.root.join(OsStr::from_bytes(path.as_bytes()))
    }

    fn error(&self, path: &TreePath, doing: &'static str, error: Errno) -> ConvertError {
        ConvertError::File { path: self.on_disk(path), doing, source: error.into() }
    }
}

/// The names in a directory, in the order of their inodes: on most file systems that is the order in
/// which they lie on the disk.
fn list(directory: &OwnedFd) -> Result<Vec<Vec<u8>>, Errno> {
    let mut buffer = [MaybeUninit::uninit(); 16 << 10];
    let mut entries = RawDir::new(directory, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push((entry.ino(), name.to_vec()));
        }
    }
    names.sort_unstable();
    Ok(names.into_iter().map(|(_, name)| name).collect())
}
