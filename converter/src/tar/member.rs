//! One member of an archive: its header and extended headers, put together and checked.

use flisthub_flist::{Content, Device, MAX_TARGET, Metadata, NameError, TreePath};

use super::header::{Header, OldSparse, out_of_range};
use super::pax::{Pax, PaxSparse};
use crate::error::{ConvertError, Problem, shown};
use crate::limits::{Limit, Limits};
use crate::xattr::{self, XattrRules};

/// What was said before a member's own header.
#[derive(Debug, Default)]
pub(super) struct Extended {
    /// From PAX headers, global ones first.
    pub(super) pax: Pax,
    /// From GNU's `L`.
    pub(super) name: Option<Vec<u8>>,
    /// From GNU's `K`.
    pub(super) link: Option<Vec<u8>>,
}

/// A member, before its data.
pub(super) struct Member {
    header: Header,
    pax: Pax,
    link: Option<Vec<u8>>,
    /// The name as it stands in the archive.
    pub(super) name: Vec<u8>,
    /// The name as a path of the tree.
    pub(super) path: TreePath,
}

/// What kind of member it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// A sparse file in GNU's old form.
    OldSparse,
    HardLink,
    Symlink,
    CharDevice,
    BlockDevice,
    Directory,
    Fifo,
    /// Says something of the archive, not of a file.
    Label,
}

impl Member {
    pub(super) fn new(
        header: Header,
        extended: Extended,
        limits: &Limits,
    ) -> Result<Self, ConvertError> {
        let Extended { mut pax, name, link } = extended;
        let name = pax
            .sparse
            .name
            .take()
            .or_else(|| pax.path.take())
            .or(name)
            .unwrap_or_else(|| header.name());
        if name.is_empty() {
            return Err(error(&name, NameError::Empty));
        }
        let path = TreePath::parse(&name).map_err(|problem| error(&name, problem))?;
        let limit = if path.as_bytes().len() > limits.path_bytes {
            Some(Limit::PathBytes(limits.path_bytes))
        } else if path.names().count() > limits.depth {
            Some(Limit::Depth(limits.depth))
        } else {
            None
        };
        if let Some(limit) = limit {
            return Err(ConvertError::Limit { limit, entry: Some(shown(&name)) });
        }
        Ok(Self { link: pax.link.take().or(link), header, pax, name, path })
    }

    /// An error that names this member.
    pub(super) fn error(&self, problem: impl Into<Problem>) -> ConvertError {
        error(&self.name, problem)
    }

    /// What the member is. Unknown types are refused: POSIX would have them read as files, which
    /// keeps something other than what was meant.
    pub(super) fn kind(&self) -> Result<Kind, ConvertError> {
        let slash = self.name.ends_with(b"/");
        match self.header.kind() {
            // Old archives mark directories by the slash alone.
            b'0' | b'\0' | b'7' if slash && self.stored()? == 0 => Ok(Kind::Directory),
            b'0' | b'\0' | b'7' if slash => Err(self.error(Problem::SlashWithData)),
            b'0' | b'\0' | b'7' => Ok(Kind::File),
            b'1' => Ok(Kind::HardLink),
            b'2' => Ok(Kind::Symlink),
            b'3' => Ok(Kind::CharDevice),
            b'4' => Ok(Kind::BlockDevice),
            // GNU's `D` is a directory with a list of its names, for incremental restores.
            b'5' | b'D' => Ok(Kind::Directory),
            b'6' => Ok(Kind::Fifo),
            b'S' => Ok(Kind::OldSparse),
            b'V' => Ok(Kind::Label),
            other => Err(self.error(Problem::Type(char::from(other)))),
        }
    }

    /// Bytes of data that follow the header.
    pub(super) fn stored(&self) -> Result<u64, ConvertError> {
        match self.pax.size {
            Some(size) => Ok(size),
            None => self.header.size().map_err(|problem| self.error(problem)),
        }
    }

    /// Bytes of data that an extended header says follow. A plain header of a hard link may state its
    /// target's size although nothing follows.
    pub(super) fn stated_size(&self) -> Option<u64> {
        self.pax.size
    }

    /// What the header says of an old GNU sparse file.
    pub(super) fn old_sparse(&self) -> Result<OldSparse, ConvertError> {
        self.header.sparse().map_err(|problem| self.error(problem))
    }

    /// What PAX records say of a sparse file, if anything.
    pub(super) fn pax_sparse(&mut self) -> Option<PaxSparse> {
        self.pax.sparse.any.then(|| std::mem::take(&mut self.pax.sparse))
    }

    /// The member's metadata.
    pub(super) fn metadata(
        &mut self,
        rules: XattrRules,
        limits: &Limits,
    ) -> Result<Metadata, ConvertError> {
        let named = |problem| error(&self.name, problem);
        let mode = self.header.mode().map_err(named)?;
        let uid = self.pax.uid.map_or_else(|| self.header.uid(), Ok);
        let gid = self.pax.gid.map_or_else(|| self.header.gid(), Ok);
        let uid = uid.and_then(|uid| owner("uid", uid)).map_err(named)?;
        let gid = gid.and_then(|gid| owner("gid", gid)).map_err(named)?;
        let (mtime, mtime_nanos) = match self.pax.mtime {
            Some(time) => time,
            None => (self.header.mtime().map_err(named)?, 0),
        };
        let mut xattrs = self.pax.take_xattrs().map_err(named)?;
        xattrs.retain(|name, _| rules.keeps(name));
        if xattr::size(&xattrs) > limits.xattr_bytes {
            let entry = Some(shown(&self.name));
            return Err(ConvertError::Limit {
                limit: Limit::XattrBytes(limits.xattr_bytes),
                entry,
            });
        }
        Ok(Metadata { mode, uid, gid, mtime, mtime_nanos, xattrs })
    }

    /// What a symbolic link points at.
    pub(super) fn symlink(&mut self) -> Result<Content, ConvertError> {
        let target = self.link_text();
        if target.is_empty() || target.len() > MAX_TARGET || target.contains(&0) {
            return Err(self.error(Problem::LinkTarget));
        }
        Ok(Content::Symlink { target })
    }

    /// The path that a hard link shares its content with.
    pub(super) fn hard_link(&mut self) -> Result<TreePath, ConvertError> {
        let target = self.link_text();
        TreePath::parse(&target).map_err(|problem| self.error(Problem::LinkOutside(problem)))
    }

    /// The device number.
    pub(super) fn device(&self) -> Result<Device, ConvertError> {
        let (mut major, mut minor) = self.header.device().map_err(|problem| self.error(problem))?;
        major = self.pax.device.0.unwrap_or(major);
        minor = self.pax.device.1.unwrap_or(minor);
        Device::new(major, minor).ok_or_else(|| self.error(Problem::Device { major, minor }))
    }

    fn link_text(&mut self) -> Vec<u8> {
        self.link.take().unwrap_or_else(|| self.header.link())
    }
}

/// An error that names an entry.
pub(super) fn error(name: &[u8], problem: impl Into<Problem>) -> ConvertError {
    ConvertError::Entry { entry: shown(name), problem: problem.into() }
}

/// The number of a user or group. The largest one means "nobody in particular" to the kernel, which
/// would then leave the owner as it is.
fn owner(field: &'static str, value: u64) -> Result<u32, Problem> {
    u32::try_from(value).ok().filter(|id| *id != u32::MAX).ok_or_else(|| out_of_range(field, value))
}
