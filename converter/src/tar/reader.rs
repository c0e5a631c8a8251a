//! Splits an archive into entries and hands them on in order, content cut into chunks.
//!
//! An archive ends with two blocks of zeros and is refused without them: a stream that was cut
//! between two entries looks the same as a whole one otherwise. (A layer of an image has a digest, which
//! tells.) Types that are kept or passed over:
//! files (`0`, NUL, `7`), old GNU sparse files (`S`), links, devices, directories (`5`, `D`), pipes;
//! a volume label (`V`) is passed over. All others are refused.

use bytes::Bytes;
use flisthub_flist::{Content, LayerStep};
use flisthub_storage::{Cut, Profile};

use super::Meaning;
use super::extended::ExtendedHeaders;
use super::header::{Header, OldSparse, Parsed, sparse_block};
use super::member::{Kind, Member};
use super::sparse::{self, Map};
use super::whiteout::{self, Named};
use crate::error::{ConvertError, Problem, shown};
use crate::limits::{Limit, Limits};
use crate::options::IngestOptions;
use crate::source::{BLOCK, Source};
use crate::work::{Sink, Work};
use crate::xattr::XattrRules;

/// A file up to this length is held whole and cut without being copied.
const WHOLE_FILE: u64 = 1 << 20;

/// Reads a whole archive and what follows it, into `sink`.
pub(crate) fn read_archive<I, S>(
    blocks: I,
    meaning: Meaning,
    options: &IngestOptions,
    sink: &mut S,
) -> Result<(), ConvertError>
where
    I: Iterator<Item = Result<Bytes, ConvertError>>,
    S: Sink,
{
    let source = Source::new(blocks);
    let counts = (0, 0);
    Reader {
        source,
        meaning,
        limits: &options.limits,
        rules: XattrRules { keep_machine: options.keep_machine_xattrs },
        profile: options.profile,
        sink,
        extended: ExtendedHeaders::default(),
        counts,
    }
    .read()
}

struct Reader<'a, I, S> {
    source: Source<I>,
    meaning: Meaning,
    limits: &'a Limits,
    rules: XattrRules,
    profile: Profile,
    sink: &'a mut S,
    extended: ExtendedHeaders,
    /// Members and bytes of files so far.
    counts: (u64, u64),
}

impl<I, S> Reader<'_, I, S>
where
    I: Iterator<Item = Result<Bytes, ConvertError>>,
    S: Sink,
{
    fn read(mut self) -> Result<(), ConvertError> {
        loop {
            let offset = self.source.offset();
            let Some(block) = self.source.block()? else { return self.unsaid_end() };
            match Header::parse(&block) {
                Parsed::Header(header) => self.header(header)?,
                Parsed::Zeros => return self.end(),
                Parsed::Bad => {
                    return Err(ConvertError::BadHeader { offset, entry: self.source.entry() });
                }
            }
        }
    }

    /// Reads the second block of the end, and on to the end of the input.
    fn end(&mut self) -> Result<(), ConvertError> {
        if self.extended.is_pending() {
            return Err(self.source.truncated());
        }
        let offset = self.source.offset();
        let Some(block) = self.source.block()? else { return self.unsaid_end() };
        if block != [0; BLOCK] {
            return Err(ConvertError::AfterEnd { offset });
        }
        self.source.drain_zeros()
    }

    /// The input ends although the archive has not said that it does.
    fn unsaid_end(&self) -> Result<(), ConvertError> {
        match self.meaning {
            Meaning::Layer if !self.extended.is_pending() => Ok(()),
            Meaning::Layer | Meaning::Tree => Err(self.source.truncated()),
        }
    }

    fn header(&mut self, header: Header) -> Result<(), ConvertError> {
        if !ExtendedHeaders::is_one(&header) {
            return self.member(header);
        }
        let length = self.extended.length(&header, self.limits)?;
        let data = self.source.whole(length)?;
        self.padding(length as u64)?;
        self.extended.read(&header, &data)
    }

    fn member(&mut self, header: Header) -> Result<(), ConvertError> {
        let extended = self.extended.take();
        let member = Member::new(header, extended, self.limits)?;
        self.source.enter(&member.name);
        self.counts.0 += 1;
        if self.counts.0 > self.limits.entries {
            let limit = Limit::Entries(self.limits.entries);
            return Err(ConvertError::Limit { limit, entry: Some(shown(&member.name)) });
        }
        if self.meaning == Meaning::Layer {
            match whiteout::read(&member.path).map_err(|problem| member.error(problem))? {
                Named::Entry => {}
                Named::Gone(step) => {
                    self.give(Work::Step(step))?;
                    return self.skip_data_of(&member);
                }
                Named::Nothing => return self.skip_data_of(&member),
            }
        }
        match member.kind()? {
            Kind::File | Kind::OldSparse if member.path.is_root() => {
                Err(member.error(Problem::NotADirectoryAtRoot))
            }
            Kind::File => self.file(member),
            Kind::OldSparse => self.old_sparse(member),
            Kind::HardLink => self.hard_link(member),
            Kind::Label => self.skip(member.stored()?),
            kind => self.other(member, kind),
        }
    }

    /// Everything without content of its own. Stated data mean nothing for these and are skipped, as
    /// GNU tar does.
    fn other(&mut self, mut member: Member, kind: Kind) -> Result<(), ConvertError> {
        let stored = member.stored()?;
        let mut metadata = member.metadata(self.rules, self.limits)?;
        if kind != Kind::Directory && member.path.is_root() {
            return Err(member.error(Problem::NotADirectoryAtRoot));
        }
        let content = match kind {
            Kind::Symlink => {
                // Linux keeps no mode for them, so that none can come back.
                metadata.mode = 0o777;
                member.symlink()?
            }
            Kind::CharDevice => Content::CharDevice(member.device()?),
            Kind::BlockDevice => Content::BlockDevice(member.device()?),
            Kind::Fifo => Content::Fifo,
            _ => {
                let step = LayerStep::Directory { path: member.path, metadata };
                self.give(Work::Step(step))?;
                return self.skip(stored);
            }
        };
        let step = LayerStep::Entry { path: member.path, metadata, content };
        self.give(Work::Step(step))?;
        self.skip(stored)
    }

    fn hard_link(&mut self, mut member: Member) -> Result<(), ConvertError> {
        let target = member.hard_link()?;
        if member.path.is_root() {
            return Err(member.error(Problem::NotADirectoryAtRoot));
        }
        let step = LayerStep::HardLink { path: member.path.clone(), target };
        self.give(Work::Step(step))?;
        self.skip_data_of(&member)
    }

    /// Drops the data of a member that needs none. Some writers state the size of a hard link's target
    /// although nothing follows.
    fn skip_data_of(&mut self, member: &Member) -> Result<(), ConvertError> {
        if member.kind()? != Kind::HardLink {
            return self.skip(member.stored()?);
        }
        let stored = match member.stated_size() {
            Some(size) => size,
            None => member.stored()?,
        };
        let data_follow = member.stated_size().is_some() || !self.at_header()?;
        if data_follow { self.skip(stored) } else { Ok(()) }
    }

    fn at_header(&mut self) -> Result<bool, ConvertError> {
        let block = self.source.peek(BLOCK)?;
        Ok(block.first_chunk::<BLOCK>().is_none_or(super::starts_archive))
    }

    fn file(&mut self, mut member: Member) -> Result<(), ConvertError> {
        let stored = member.stored()?;
        if let Some(pax) = member.pax_sparse() {
            let missing = || member.error(Problem::Sparse("the file's length is missing"));
            let real_size = pax.real_size.ok_or_else(missing)?;
            let (pieces, taken) = match pax.major {
                Some(1) => {
                    let name = shown(&member.name);
                    sparse::read_1_0(&mut self.source, &name, self.limits.sparse_pieces)?
                }
                None | Some(0) => (pax.pieces, 0),
                Some(_) => return Err(member.error(Problem::Sparse("its version is not known"))),
            };
            let short = || member.error(Problem::Sparse("it is longer than the stored bytes"));
            let left = stored.checked_sub(taken).ok_or_else(short)?;
            let map = Map::new(pieces, real_size, left).map_err(|problem| member.error(problem))?;
            return self.sparse_file(member, &map, stored);
        }
        self.count_bytes(&member, stored)?;
        let metadata = member.metadata(self.rules, self.limits)?;
        if stored <= WHOLE_FILE {
            let length = usize::try_from(stored).unwrap_or(usize::MAX);
            let content = self.source.whole(length)?;
            for cut in self.profile.cut(&content) {
                self.give(cut.into())?;
            }
        } else {
            self.sparse_content(&Map { pieces: vec![(0, stored)], real_size: stored })?;
        }
        self.padding(stored)?;
        self.give(Work::File { path: member.path, metadata })
    }

    fn old_sparse(&mut self, member: Member) -> Result<(), ConvertError> {
        let stored = member.stored()?;
        let OldSparse { mut pieces, mut more, real_size } = member.old_sparse()?;
        while more {
            let block = self.source.block()?.ok_or_else(|| self.source.truncated())?;
            more = sparse_block(&block, &mut pieces).map_err(|problem| member.error(problem))?;
            if pieces.len() > self.limits.sparse_pieces {
                let limit = Limit::SparsePieces(self.limits.sparse_pieces);
                return Err(ConvertError::Limit { limit, entry: Some(shown(&member.name)) });
            }
        }
        let map = Map::new(pieces, real_size, stored).map_err(|problem| member.error(problem))?;
        self.sparse_file(member, &map, stored)
    }

    fn sparse_file(
        &mut self,
        mut member: Member,
        map: &Map,
        stored: u64,
    ) -> Result<(), ConvertError> {
        self.count_bytes(&member, map.real_size)?;
        let metadata = member.metadata(self.rules, self.limits)?;
        self.sparse_content(map)?;
        self.padding(stored)?;
        self.give(Work::File { path: member.path, metadata })
    }

    /// Cuts content that arrives in parts.
    fn sparse_content(&mut self, map: &Map) -> Result<(), ConvertError> {
        let mut cutter = self.profile.cutter();
        let mut cuts: Vec<Cut> = Vec::new();
        let (sink, source) = (&mut *self.sink, &mut self.source);
        let mut end = 0;
        for (offset, length) in &map.pieces {
            cutter.push_zeros(offset - end, &mut |cut| cuts.push(cut));
            let mut position = source.offset();
            source.stream(*length, |part| {
                cutter.push(&part, &mut |cut| cuts.push(cut));
                position += part.len() as u64;
                cuts.drain(..).try_for_each(|cut| sink.take(cut.into(), position))
            })?;
            end = offset + length;
        }
        cutter.push_zeros(map.real_size - end, &mut |cut| cuts.push(cut));
        cutter.finish(&mut |cut| cuts.push(cut));
        cuts.drain(..).try_for_each(|cut| sink.take(cut.into(), source.offset()))
    }

    fn count_bytes(&mut self, member: &Member, size: u64) -> Result<(), ConvertError> {
        let most = self.limits.file_bytes;
        let bytes = self.counts.1.checked_add(size).filter(|bytes| *bytes <= most);
        let entry = || Some(shown(&member.name));
        self.counts.1 = bytes
            .ok_or_else(|| ConvertError::Limit { limit: Limit::FileBytes(most), entry: entry() })?;
        Ok(())
    }

    fn give(&mut self, work: Work) -> Result<(), ConvertError> {
        self.sink.take(work, self.source.offset())
    }

    /// Drops data and what fills their last block.
    fn skip(&mut self, length: u64) -> Result<(), ConvertError> {
        self.source.skip(length)?;
        self.padding(length)
    }

    /// Drops what fills the last block of `length` bytes.
    fn padding(&mut self, length: u64) -> Result<(), ConvertError> {
        let over = length % BLOCK as u64;
        if over == 0 { Ok(()) } else { self.source.skip(BLOCK as u64 - over) }
    }
}
