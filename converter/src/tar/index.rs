//! Where the members of an archive in a file stand, so that each can be read by its offset.
//!
//! For archives that hold other archives: a saved image. Reads headers alone and passes over what they
//! describe. What a name means is as when the archive is unpacked: the last member of a name counts, a
//! hard link is what its target is at that point, a symbolic link is followed within the archive.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use flisthub_flist::{Content, EntryName, TreePath};

use super::extended::ExtendedHeaders;
use super::header::{Header, Parsed};
use super::member::{Kind, Member};
use crate::error::{ConvertError, Problem, shown};
use crate::limits::{Limit, Limits};
use crate::source::BLOCK;

/// The most members. A saved image has five for each layer.
const MAX_MEMBERS: u64 = 100_000;

/// Bytes that all names and link targets may take in memory.
const MAX_NAMES: usize = 32 << 20;

/// Links that are followed one after another.
const MAX_LINKS: usize = 16;

/// A piece of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where it begins.
    pub(crate) offset: u64,
    /// Its length in bytes.
    pub(crate) length: u64,
}

/// The members of an archive by their names.
pub(crate) struct Index {
    members: HashMap<TreePath, Found>,
}

/// What a member is.
#[derive(Debug, Clone)]
enum Found {
    File(Span),
    Symlink(Vec<u8>),
    Other,
}

impl Index {
    /// Reads the archive that `file` is.
    pub(crate) fn of(file: &File, limits: &Limits) -> Result<Self, ConvertError> {
        let length = file.metadata().map_err(ConvertError::Read)?.len();
        let scan = Scan {
            file,
            limits,
            length,
            offset: 0,
            counts: (0, 0),
            entry: None,
            extended: ExtendedHeaders::default(),
            members: HashMap::new(),
        };
        Ok(Self { members: scan.run()? })
    }

    /// Whether anything has this name.
    pub(crate) fn has(&self, name: &[u8]) -> bool {
        TreePath::parse(name).is_ok_and(|path| self.members.contains_key(&path))
    }

    /// The content of the file of this name; else what it is instead, to be said after the name.
    pub(crate) fn find(&self, name: &[u8]) -> Result<Span, &'static str> {
        let mut path = TreePath::parse(name).map_err(|_| "is no name in an archive")?;
        for _ in 0..=MAX_LINKS {
            match self.members.get(&path).ok_or("is not in the archive")? {
                Found::File(span) => return Ok(*span),
                Found::Other => return Err("is no file"),
                Found::Symlink(target) => {
                    path =
                        follow(&path, target).ok_or("is a link that leads out of the archive")?;
                }
            }
        }
        Err("is a link that leads in a circle")
    }
}

/// The path that a symbolic link at `link` names; `None` where that is outside of the archive.
fn follow(link: &TreePath, target: &[u8]) -> Option<TreePath> {
    if target.starts_with(b"/") {
        return None;
    }
    let mut names: Vec<&[u8]> = link.names().collect();
    names.pop()?;
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(names.pop()?),
            name => names.push(name),
        }
    }
    let mut path = TreePath::ROOT;
    for name in names {
        path.push(&EntryName::new(name).ok()?);
    }
    Some(path)
}

struct Scan<'a> {
    file: &'a File,
    limits: &'a Limits,
    length: u64,
    offset: u64,
    /// Members, and bytes of their names, so far.
    counts: (u64, usize),
    /// The member that was met last.
    entry: Option<String>,
    extended: ExtendedHeaders,
    members: HashMap<TreePath, Found>,
}

impl Scan<'_> {
    fn run(mut self) -> Result<HashMap<TreePath, Found>, ConvertError> {
        loop {
            let offset = self.offset;
            let block = self.block()?;
            match Header::parse(&block) {
                Parsed::Header(header) => self.header(header)?,
                Parsed::Zeros => {
                    self.end()?;
                    return Ok(self.members);
                }
                Parsed::Bad => return Err(ConvertError::BadHeader { offset, entry: self.entry }),
            }
        }
    }

    /// Checks that nothing but zeros follows the first block of the end, and at least one more block.
    fn end(&mut self) -> Result<(), ConvertError> {
        if self.extended.is_pending() || self.block()? != [0; BLOCK] {
            return Err(self.truncated());
        }
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = match self.file.read_at(&mut buffer, self.offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(ConvertError::Read)?,
            };
            let part = buffer.get(..read).unwrap_or_default();
            if let Some(at) = part.iter().position(|byte| *byte != 0) {
                return Err(ConvertError::AfterEnd { offset: self.offset + at as u64 });
            }
            if read == 0 {
                return Ok(());
            }
            self.offset += read as u64;
        }
    }

    fn header(&mut self, header: Header) -> Result<(), ConvertError> {
        if !ExtendedHeaders::is_one(&header) {
            return self.member(header);
        }
        let length = self.extended.length(&header, self.limits)?;
        let span = self.skip(length as u64)?;
        let mut data = vec![0; length];
        self.file.read_exact_at(&mut data, span.offset).map_err(ConvertError::Read)?;
        self.extended.read(&header, &data)
    }

    fn member(&mut self, header: Header) -> Result<(), ConvertError> {
        let extended = self.extended.take();
        let mut member = Member::new(header, extended, self.limits)?;
        self.entry = Some(shown(&member.name));
        let kind = member.kind()?;
        if kind == Kind::OldSparse || member.pax_sparse().is_some() {
            return Err(member.error(Problem::Sparse("an archive of an image holds none")));
        }
        let found = match kind {
            Kind::HardLink => {
                let target = member.hard_link()?;
                if member.stated_size().is_some() || !self.at_header()? {
                    self.skip(member.stored()?)?;
                }
                self.members.get(&target).cloned().unwrap_or(Found::Other)
            }
            Kind::Symlink => {
                self.skip(member.stored()?)?;
                let Content::Symlink { target } = member.symlink()? else { return Ok(()) };
                Found::Symlink(target)
            }
            Kind::File => Found::File(self.skip(member.stored()?)?),
            _ => {
                self.skip(member.stored()?)?;
                Found::Other
            }
        };
        self.keep(member.path, found)
    }

    fn keep(&mut self, path: TreePath, found: Found) -> Result<(), ConvertError> {
        let target = if let Found::Symlink(target) = &found { target.len() } else { 0 };
        self.counts.0 += 1;
        self.counts.1 += path.as_bytes().len() + target;
        let limit = if self.counts.0 > MAX_MEMBERS {
            Limit::Entries(MAX_MEMBERS)
        } else if self.counts.1 > MAX_NAMES {
            Limit::TreeMemory(MAX_NAMES as u64)
        } else {
            self.members.insert(path, found);
            return Ok(());
        };
        Err(ConvertError::Limit { limit, entry: self.entry.take() })
    }

    /// Whether a header stands here, or the archive ends.
    fn at_header(&self) -> Result<bool, ConvertError> {
        let mut block = [0; BLOCK];
        match self.file.read_exact_at(&mut block, self.offset) {
            Ok(()) => Ok(super::starts_archive(&block)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(true),
            Err(error) => Err(ConvertError::Read(error)),
        }
    }

    fn block(&mut self) -> Result<[u8; BLOCK], ConvertError> {
        let span = self.skip(BLOCK as u64)?;
        let mut block = [0; BLOCK];
        self.file.read_exact_at(&mut block, span.offset).map_err(ConvertError::Read)?;
        Ok(block)
    }

    /// Passes over data and what fills their last block. All of it must be there.
    fn skip(&mut self, length: u64) -> Result<Span, ConvertError> {
        let offset = self.offset;
        let end = length.checked_next_multiple_of(BLOCK as u64);
        let end = end.and_then(|length| offset.checked_add(length));
        self.offset = end.filter(|end| *end <= self.length).ok_or_else(|| self.truncated())?;
        Ok(Span { offset, length })
    }

    fn truncated(&self) -> ConvertError {
        ConvertError::Truncated { offset: self.length, entry: self.entry.clone() }
    }
}
