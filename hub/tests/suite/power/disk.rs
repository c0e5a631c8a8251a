//! A disk in memory that can lose its power: files, directories and the moment of the cut.
//!
//! Only what fsync or fdatasync has covered survives, and of the rest as much as a [`Loss`] leaves.
//! Once the power is off every change is refused, so that no sync from after the cut can be taken for
//! a durable one. Modes, owners and times are always durable: nothing here depends on them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::time::SystemTime;

use fuser::{Errno, FileType};

use super::entries::{Entries, Number, ROOT};
use super::file::File;
use super::loss::Loss;
use super::moment::{Cut, Done, Moment};
use super::random::Random;

/// What a call on the disk gives.
pub(super) type Answer<T> = Result<T, Errno>;

/// What a number stands for.
#[derive(Debug)]
enum Content {
    File(File),
    Directory,
    /// Only a name: what goes through it is the kernel's.
    Socket,
}

/// A file or directory.
#[derive(Debug)]
struct Node {
    content: Content,
    mode: u16,
    changed: SystemTime,
}

/// What is told of a file or directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    pub(super) number: Number,
    pub(super) kind: FileType,
    pub(super) length: u64,
    pub(super) mode: u16,
    pub(super) links: u32,
    pub(super) changed: SystemTime,
}

#[derive(Debug)]
pub(super) struct Disk {
    nodes: BTreeMap<Number, Node>,
    entries: Entries,
    next: Number,
    done: Done,
    cut: Option<Cut>,
    off: bool,
    /// What every change is answered with, if it is refused.
    refusal: Option<Errno>,
}

#[expect(clippy::disallowed_methods, reason = "a disk's times are the machine's")]
fn now() -> SystemTime {
    SystemTime::now()
}

impl Disk {
    pub(super) fn new() -> Self {
        let top = Node { content: Content::Directory, mode: 0o755, changed: now() };
        Self {
            nodes: BTreeMap::from([(ROOT, top)]),
            entries: Entries::default(),
            next: ROOT + 1,
            done: Done::default(),
            cut: None,
            off: false,
            refusal: None,
        }
    }

    /// From now on takes no changes, or takes them again; nothing is lost. As a file system does that went
    /// read-only.
    pub(super) fn refuse(&mut self, refusal: Option<Errno>) {
        self.refusal = refusal;
    }

    /// Brings the power back, until `cut`.
    pub(super) fn power_on(&mut self, cut: Option<Cut>) {
        (self.done, self.cut, self.off) = (Done::default(), cut, false);
    }

    pub(super) fn power_off(&mut self) {
        self.off = true;
    }

    pub(super) fn is_off(&self) -> bool {
        self.off
    }

    /// What was done since the power came.
    pub(super) fn done(&self) -> Done {
        self.done
    }

    /// Throws away what the cut took. Nobody uses the disk meanwhile.
    pub(super) fn lose(&mut self, loss: Loss, random: &mut Random) {
        self.entries.cut(loss == Loss::All, random);
        let reached = self.entries.reached();
        self.nodes.retain(|number, _| reached.contains(number));
        for node in self.nodes.values_mut() {
            if let Content::File(file) = &mut node.content {
                file.cut(loss, random);
            }
        }
    }

    /// Makes one change, if there is power. `Errno::EIO` if there is none, or none any more.
    fn change<T>(&mut self, change: impl FnOnce(&mut Self) -> Answer<T>) -> Answer<T> {
        let now = Moment::Change(self.done.changes);
        self.done.changes += 1;
        self.until_the_cut(now, change)
    }

    fn sync(&mut self, sync: impl FnOnce(&mut Self) -> Answer<()>) -> Answer<()> {
        let now = Moment::Sync(self.done.syncs);
        self.done.syncs += 1;
        self.change(|disk| disk.until_the_cut(now, sync))
    }

    fn until_the_cut<T>(
        &mut self,
        now: Moment,
        change: impl FnOnce(&mut Self) -> Answer<T>,
    ) -> Answer<T> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        let last = self.cut.filter(|cut| cut.at == now);
        self.off |= last.is_some_and(|cut| !cut.after);
        if self.off {
            return Err(Errno::EIO);
        }
        let done = change(self);
        self.off |= last.is_some();
        if self.off { Err(Errno::EIO) } else { done }
    }

    fn node(&self, number: Number) -> Answer<&Node> {
        self.nodes.get(&number).ok_or(Errno::ENOENT)
    }

    pub(super) fn file(&self, number: Number) -> Answer<&File> {
        match &self.node(number)?.content {
            Content::File(file) => Ok(file),
            Content::Directory | Content::Socket => Err(Errno::EISDIR),
        }
    }

    fn file_mut(&mut self, number: Number) -> Answer<&mut File> {
        let node = self.nodes.get_mut(&number).ok_or(Errno::ENOENT)?;
        node.changed = now();
        match &mut node.content {
            Content::File(file) => Ok(file),
            Content::Directory | Content::Socket => Err(Errno::EISDIR),
        }
    }

    pub(super) fn about(&self, number: Number) -> Answer<About> {
        let node = self.node(number)?;
        let (kind, length) = match &node.content {
            Content::Directory => (FileType::Directory, 0),
            Content::File(file) => (FileType::RegularFile, file.content().len() as u64),
            Content::Socket => (FileType::Socket, 0),
        };
        let links = self.entries.links(number);
        let (mode, changed) = (node.mode, node.changed);
        Ok(About { number, kind, length, mode, links, changed })
    }

    pub(super) fn look_up(&self, directory: Number, name: &OsStr) -> Answer<About> {
        self.about(self.entries.find(directory, name).ok_or(Errno::ENOENT)?)
    }

    pub(super) fn list(&self, directory: Number) -> impl Iterator<Item = (&OsStr, Number)> {
        self.entries.list(directory)
    }

    pub(super) fn make(
        &mut self,
        directory: Number,
        name: &OsStr,
        mode: u16,
        kind: FileType,
    ) -> Answer<About> {
        self.change(|disk| {
            if disk.entries.find(directory, name).is_some() {
                return Err(Errno::EEXIST);
            }
            let number = disk.next;
            disk.next += 1;
            let content = match kind {
                FileType::RegularFile => Content::File(File::default()),
                FileType::Directory => Content::Directory,
                FileType::Socket => Content::Socket,
                _ => return Err(Errno::EPERM),
            };
            disk.nodes.insert(number, Node { content, mode, changed: now() });
            disk.entries.link((directory, name.to_owned()), number);
            disk.about(number)
        })
    }

    pub(super) fn link(
        &mut self,
        number: Number,
        directory: Number,
        name: &OsStr,
    ) -> Answer<About> {
        self.change(|disk| {
            if disk.entries.find(directory, name).is_some() {
                return Err(Errno::EEXIST);
            }
            disk.entries.link((directory, name.to_owned()), number);
            disk.about(number)
        })
    }

    pub(super) fn remove(&mut self, directory: Number, name: &OsStr) -> Answer<()> {
        self.change(|disk| {
            let about = disk.look_up(directory, name)?;
            if about.kind == FileType::Directory && disk.list(about.number).next().is_some() {
                return Err(Errno::ENOTEMPTY);
            }
            disk.entries.unlink((directory, name.to_owned()));
            Ok(())
        })
    }

    pub(super) fn rename(&mut self, from: (Number, &OsStr), to: (Number, &OsStr)) -> Answer<()> {
        self.change(|disk| {
            let number = disk.look_up(from.0, from.1)?.number;
            disk.entries.rename((from.0, from.1.into()), (to.0, to.1.into()), number);
            Ok(())
        })
    }

    pub(super) fn write(&mut self, number: Number, at: usize, bytes: &[u8]) -> Answer<()> {
        self.change(|disk| {
            disk.file_mut(number)?.write(at, bytes);
            Ok(())
        })
    }

    pub(super) fn set_length(&mut self, number: Number, length: usize) -> Answer<()> {
        self.change(|disk| {
            disk.file_mut(number)?.set_length(length);
            Ok(())
        })
    }

    pub(super) fn set_mode(&mut self, number: Number, mode: u16) -> Answer<()> {
        self.nodes.get_mut(&number).ok_or(Errno::ENOENT)?.mode = mode;
        Ok(())
    }

    /// fsync and fdatasync of a file.
    pub(super) fn sync_file(&mut self, number: Number) -> Answer<()> {
        self.sync(|disk| {
            disk.file_mut(number)?.sync();
            Ok(())
        })
    }

    /// fsync of a directory.
    pub(super) fn sync_directory(&mut self, number: Number) -> Answer<()> {
        self.sync(|disk| {
            disk.entries.sync(number);
            Ok(())
        })
    }
}
