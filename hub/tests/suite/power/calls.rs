//! The disk as a file system that programs use: FUSE calls onto [`Disk`].
//!
//! The kernel keeps pages of files (so that they can be mapped) and hands every write on at once; what
//! it keeps is right because nobody else changes the disk while it is mounted. Locks are the kernel's.

use std::ffi::OsStr;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::disk::{About, Answer, Disk};
use super::mount::{SharedDisk, lock};

/// How long the kernel may keep what it was told: as long as it is mounted.
const KEPT: Duration = Duration::from_hours(24);
const GENERATION: Generation = Generation(0);
const HANDLE: FileHandle = FileHandle(0);
/// fallocate: only set space aside.
const KEEP_SIZE: i32 = 1;

/// What the kernel asks of a mounted disk.
pub(super) struct Calls(SharedDisk);

fn attributes(about: &About) -> FileAttr {
    FileAttr {
        ino: INodeNo(about.number),
        size: about.length,
        blocks: about.length.div_ceil(512),
        atime: about.changed,
        mtime: about.changed,
        ctime: about.changed,
        crtime: about.changed,
        kind: about.kind,
        perm: about.mode,
        nlink: about.links,
        uid: rustix::process::getuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

fn size(number: u64) -> Answer<usize> {
    usize::try_from(number).map_err(|_| Errno::EFBIG)
}

fn permissions(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).unwrap_or(0)
}

impl Calls {
    pub(super) fn on(disk: &SharedDisk) -> Self {
        Self(Arc::clone(disk))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        lock(&self.0)
    }

    fn set(&self, number: u64, mode: Option<u32>, length: Option<u64>) -> Answer<About> {
        let mut disk = self.disk();
        if let Some(mode) = mode {
            disk.set_mode(number, permissions(mode))?;
        }
        if let Some(length) = length {
            disk.set_length(number, size(length)?)?;
        }
        disk.about(number)
    }

    fn allocate(&self, number: u64, end: Option<u64>, mode: i32) -> Answer<()> {
        let mut disk = self.disk();
        let length = disk.about(number)?.length;
        match (mode, end) {
            (KEEP_SIZE, _) => Ok(()),
            (0, Some(end)) => disk.set_length(number, size(end.max(length))?),
            _ => Err(Errno::EOPNOTSUPP),
        }
    }
}

fn entry(reply: ReplyEntry, answer: Answer<About>) {
    match answer {
        Ok(about) => reply.entry(&KEPT, &attributes(&about), GENERATION),
        Err(error) => reply.error(error),
    }
}

fn empty(reply: ReplyEmpty, answer: Answer<()>) {
    match answer {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn attr(reply: ReplyAttr, answer: Answer<About>) {
    match answer {
        Ok(about) => reply.attr(&KEPT, &attributes(&about)),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Calls {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(reply, self.disk().look_up(parent.0, name));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        attr(reply, self.disk().about(ino.0));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        attr(reply, self.set(ino.0, mode, size));
    }

    /// Only the hub's control socket is made this way.
    fn mknod(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        let kind = if rustix::fs::FileType::from_raw_mode(mode).is_socket() {
            FileType::Socket
        } else {
            FileType::RegularFile
        };
        entry(reply, self.disk().make(parent.0, name, permissions(mode & !umask), kind));
    }

    fn mkdir(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        entry(
            reply,
            self.disk().make(parent.0, name, permissions(mode & !umask), FileType::Directory),
        );
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.disk().make(parent.0, name, permissions(mode & !umask), FileType::RegularFile) {
            Ok(about) => {
                let kept = FopenFlags::FOPEN_KEEP_CACHE;
                reply.created(&KEPT, &attributes(&about), GENERATION, HANDLE, kept);
            }
            Err(error) => reply.error(error),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(HANDLE, FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn link(&self, _: &Request, ino: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(reply, self.disk().link(ino.0, parent.0, name));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.disk().remove(parent.0, name));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.disk().remove(parent.0, name));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        to: INodeNo,
        to_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let known = flags.is_empty();
        let renamed = || self.disk().rename((parent.0, name), (to.0, to_name));
        empty(reply, if known { renamed() } else { Err(Errno::EINVAL) });
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match (self.disk().file(ino.0), size(offset)) {
            (Ok(file), Ok(at)) => {
                let content = file.content();
                let rest = content.get(at..).unwrap_or(&[]);
                reply.data(&rest[..rest.len().min(length as usize)]);
            }
            (Err(error), _) | (_, Err(error)) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match size(offset).and_then(|at| self.disk().write(ino.0, at, data)) {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap()),
            Err(error) => reply.error(error),
        }
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(reply, self.disk().sync_file(ino.0));
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(reply, self.disk().sync_directory(ino.0));
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        empty(reply, self.allocate(ino.0, offset.checked_add(length), mode));
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let disk = self.disk();
        let entries = disk.list(ino.0).zip(1..).skip(usize::try_from(offset).unwrap_or(usize::MAX));
        for ((name, number), next) in entries {
            let kind = disk.about(number).map_or(FileType::RegularFile, |about| about.kind);
            if reply.add(INodeNo(number), next, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let (blocks, files) = (1 << 30, 1 << 20);
        reply.statfs(blocks, blocks, blocks, files, files, 4096, 255, 4096);
    }
}
