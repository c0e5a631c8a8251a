//! Directory objects: one directory's entries, in one object or in parts.
//!
//! A directory object is a leaf, `[0, entries]`, or a node, `[1, parts]`, whose parts are other
//! directory objects. A directory that encodes to at most 256 KiB is one leaf. A larger one is cut
//! into parts where the *names* say so (see [`ends_part`]), so that adding a name changes one leaf and
//! the nodes above it, and so that every program cuts alike.

use flisthub_storage::{ChunkId, Kind, MAX_CHUNK};

use crate::cbor::{DecodeError, Reader, Writer};
use crate::entry::{Entry, Totals};
use crate::entry_codec::{encode_entry, read_entry, read_name, read_totals, write_totals};
use crate::error::BuildError;
use crate::name::EntryName;
use crate::object::{Emit, chunk_of};

/// The most encoded member bytes of a directory that is a single object, or of a topmost node.
const SINGLE: usize = 256 << 10;
/// The most encoded member bytes of a part; leaves room for the heads in front of them.
const MAX_PART: usize = MAX_CHUNK - 64;
/// A node has at least two members, so that every level is at most half as long as the one below.
const MIN_MEMBERS: usize = 2;
/// Levels at which names decide; above them only size does.
const NAMED_LEVELS: u32 = 7;

const LEAF: u64 = 0;
const NODE: u64 = 1;

/// A part of a large directory, as the node above it knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPart {
    /// The last name in it.
    pub last: EntryName,
    /// Id of its directory object.
    pub id: ChunkId,
    /// What its entries add to the directory's totals.
    pub totals: Totals,
}

/// A decoded directory object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directory {
    /// Entries, sorted by name, each name once.
    Leaf(Vec<Entry>),
    /// Parts, in the order of their names.
    Node(Vec<DirectoryPart>),
}

impl Directory {
    /// Reads a directory object. Strict: what decodes encodes to the same bytes again.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(2)?;
        let directory = match reader.uint()? {
            LEAF => Self::Leaf(read_leaf(&mut reader)?),
            NODE => Self::Node(read_node(&mut reader)?),
            _ => {
                return Err(DecodeError::Rule { at: 1, rule: "no such form of directory object" });
            }
        };
        reader.finish()?;
        Ok(directory)
    }

    /// What the object says stands below; `None` on overflow, which only a forged one can bring
    /// about.
    pub fn totals(&self) -> Option<Totals> {
        let add = |sum: Totals, totals: Option<Totals>| sum.checked_add(totals?);
        match self {
            Self::Leaf(entries) => {
                entries.iter().try_fold(Totals::default(), |sum, entry| add(sum, entry.totals()))
            }
            Self::Node(parts) => {
                parts.iter().try_fold(Totals::default(), |sum, part| add(sum, Some(part.totals)))
            }
        }
    }
}

fn read_leaf(reader: &mut Reader<'_>) -> Result<Vec<Entry>, DecodeError> {
    let count = reader.array()?;
    // An entry takes 13 bytes or more, so a forged count reserves no more than the object allows.
    let mut entries: Vec<Entry> = Vec::with_capacity(count.min(MAX_CHUNK / 13));
    for _ in 0..count {
        let entry = read_entry(reader)?;
        let sorted = entries.last().is_none_or(|last| last.name < entry.name);
        reader.rule(sorted, "entries are sorted by name and each is there once")?;
        entries.push(entry);
    }
    Ok(entries)
}

fn read_node(reader: &mut Reader<'_>) -> Result<Vec<DirectoryPart>, DecodeError> {
    let count = reader.array()?;
    reader.rule(count >= MIN_MEMBERS, "a node has at least two parts")?;
    let mut parts: Vec<DirectoryPart> = Vec::new();
    for _ in 0..count {
        reader.array_of(3)?;
        let part = DirectoryPart {
            last: read_name(reader)?,
            id: reader.id()?,
            totals: read_totals(reader)?,
        };
        let sorted = parts.last().is_none_or(|last| last.last < part.last);
        reader.rule(sorted, "parts are sorted by their last name")?;
        parts.push(part);
    }
    Ok(parts)
}

/// A member of an object that is being filled, with its encoding.
#[derive(Debug)]
struct Member {
    /// Its own name, or the last one of the part that it stands for.
    last: EntryName,
    totals: Totals,
    encoded: Vec<u8>,
    /// The object it stands for, when it is a part.
    part: Option<ChunkId>,
}

impl Member {
    fn of_part(part: DirectoryPart) -> Self {
        let DirectoryPart { last, id, totals } = part;
        let mut out = Writer::default();
        out.array(3).bytes(last.as_bytes()).bytes(id.as_bytes());
        write_totals(totals, &mut out);
        Self { last, totals, encoded: out.finish(), part: Some(id) }
    }
}

/// Whether a part of level `level` ends after the member with this last name: on average after 512
/// of them. Each level looks at nine bits of its own, so a name can end parts of several levels.
fn ends_part(last: &EntryName, level: u32) -> bool {
    let hash = blake3::hash(last.as_bytes());
    let bits =
        hash.as_bytes().iter().take(8).rev().fold(0_u64, |bits, b| bits << 8 | u64::from(*b));
    level < NAMED_LEVELS && (bits >> (9 * level)).trailing_zeros() >= 9
}

/// Makes the objects of a directory from its entries, which must be sorted by name, each name once.
/// Gives the id of the topmost object and what stands below the directory.
pub fn build_directory(
    entries: &[Entry],
    emit: &mut Emit<'_>,
) -> Result<(ChunkId, Totals), BuildError> {
    let mut builder = DirectoryBuilder::default();
    for entry in entries {
        let totals = entry.totals().ok_or(BuildError::TotalsOverflow)?;
        builder.push(entry.name.clone(), totals, encode_entry(entry), emit)?;
    }
    builder.finish(emit)
}

/// Makes the objects of one directory from entries that come in order, one by one. Holds about 1 MiB
/// of them, and a little for each part that is done.
#[derive(Debug, Default)]
pub(crate) struct DirectoryBuilder {
    /// Members of the leaf that is being filled; all of them while they are few.
    members: Vec<Member>,
    /// Their encoded bytes.
    size: usize,
    /// Whether they were too many for a single leaf.
    cutting: bool,
    /// The leaves that are done.
    parts: Vec<Member>,
}

impl DirectoryBuilder {
    /// Takes the next entry: its name, what it adds to the totals, and its encoding.
    pub(crate) fn push(
        &mut self,
        last: EntryName,
        totals: Totals,
        encoded: Vec<u8>,
        emit: &mut Emit<'_>,
    ) -> Result<(), BuildError> {
        let member = Member { last, totals, encoded, part: None };
        if self.cutting {
            return self.cut(member, emit);
        }
        self.size += member.encoded.len();
        self.members.push(member);
        if self.size > SINGLE {
            // Too many for one leaf: cut what was held back as if it had been cut all along.
            self.cutting = true;
            self.size = 0;
            let held = std::mem::take(&mut self.members);
            held.into_iter().try_for_each(|member| self.cut(member, emit))?;
        }
        Ok(())
    }

    /// Whether the next entry begins a part, for certain.
    pub(crate) fn begins_part(&self) -> bool {
        self.cutting && self.members.is_empty()
    }

    /// Takes a whole part in place of its entries. It must be the one that they would be cut into, and
    /// begin where [`Self::begins_part`] says so.
    pub(crate) fn push_part(&mut self, part: DirectoryPart) {
        self.parts.push(Member::of_part(part));
    }

    fn cut(&mut self, member: Member, emit: &mut Emit<'_>) -> Result<(), BuildError> {
        if self.size + member.encoded.len() > MAX_PART {
            self.end_part(emit)?;
        }
        self.size += member.encoded.len();
        let ends = ends_part(&member.last, 0);
        self.members.push(member);
        if ends && self.members.len() >= MIN_MEMBERS { self.end_part(emit) } else { Ok(()) }
    }

    fn end_part(&mut self, emit: &mut Emit<'_>) -> Result<(), BuildError> {
        let members = std::mem::take(&mut self.members);
        self.size = 0;
        self.parts.push(into_part(LEAF, members, emit)?);
        Ok(())
    }

    /// Ends the directory.
    pub(crate) fn finish(mut self, emit: &mut Emit<'_>) -> Result<(ChunkId, Totals), BuildError> {
        if !self.cutting {
            return emit_object(LEAF, &self.members, emit);
        }
        if !self.members.is_empty() {
            self.end_part(emit)?;
        }
        let mut members = self.parts;
        for level in 1.. {
            if let [Member { part: Some(id), totals, .. }] = members.as_slice() {
                return Ok((*id, *totals));
            }
            let size: usize = members.iter().map(|member| member.encoded.len()).sum();
            if size <= SINGLE {
                break;
            }
            members = group(members, level)
                .into_iter()
                .map(|group| into_part(NODE, group, emit))
                .collect::<Result<_, _>>()?;
        }
        emit_object(NODE, &members, emit)
    }
}

/// Emits the object that holds `members`; gives its id and totals.
fn emit_object(
    form: u64,
    members: &[Member],
    emit: &mut Emit<'_>,
) -> Result<(ChunkId, Totals), BuildError> {
    let mut out = Writer::default();
    out.array(2).uint(form).array(members.len());
    let mut totals = Totals::default();
    for member in members {
        out.encoded(&member.encoded);
        totals = totals.checked_add(member.totals).ok_or(BuildError::TotalsOverflow)?;
    }
    let object = chunk_of(Kind::Directory, out.finish())?;
    let id = object.id();
    emit(object)?;
    Ok((id, totals))
}

/// Cuts members into parts: after a member whose name ends one, and before one that would make the
/// part too large.
fn group(members: Vec<Member>, level: u32) -> Vec<Vec<Member>> {
    let mut groups = Vec::new();
    let mut group: Vec<Member> = Vec::new();
    let mut size = 0;
    for member in members {
        if size + member.encoded.len() > MAX_PART {
            groups.push(std::mem::take(&mut group));
            size = 0;
        }
        size += member.encoded.len();
        let ends = ends_part(&member.last, level);
        group.push(member);
        if ends && group.len() >= MIN_MEMBERS {
            groups.push(std::mem::take(&mut group));
            size = 0;
        }
    }
    groups.push(group);
    groups.retain(|group| !group.is_empty());
    groups
}

/// Emits a group as a part and makes the member that stands for it one level up. A lone part is
/// handed up as it is: a node of one member would say nothing.
fn into_part(form: u64, mut group: Vec<Member>, emit: &mut Emit<'_>) -> Result<Member, BuildError> {
    if let [Member { part: Some(_), .. }] = group.as_slice()
        && let Some(lone) = group.pop()
    {
        return Ok(lone);
    }
    let (id, totals) = emit_object(form, &group, emit)?;
    // `group` makes no empty groups.
    let last = group.pop().map(|member| member.last).ok_or(BuildError::TotalsOverflow)?;
    Ok(Member::of_part(DirectoryPart { last, id, totals }))
}
