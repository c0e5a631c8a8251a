//! Lists of pieces: how a file's content is written down, in its entry or in list objects.
//!
//! A list object is a leaf, `[0, pieces]`, or a node, `[1, parts]`, whose parts are other list
//! objects. Where a part ends is decided by the content (see [`ends_part`]), so that a change in the
//! middle of a large file changes one leaf and the nodes above it.

use flisthub_storage::{Chunk, ChunkId, Kind, MAX_CHUNK};

use crate::cbor::{DecodeError, Reader, Writer};
use crate::entry::{Content, Piece, Pieces};
use crate::error::BuildError;
use crate::object::{Emit, chunk_of};

/// The most pieces that stand in an entry; more go to list objects.
pub const MAX_INLINE_PIECES: usize = 1024;

/// The most members of one list object. With 41 bytes a piece and 50 a part it stays under 1 MiB.
const MAX_MEMBERS: usize = 16_384;
/// A node has at least two members, so that every level is at most half as long as the one below.
const MIN_MEMBERS: usize = 2;
/// The least length of a hole.
const MIN_HOLE: u64 = 64 << 10;

const LEAF: u64 = 0;
const NODE: u64 = 1;

/// A part of a list, as the node above it knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPart {
    /// Id of its list object.
    pub id: ChunkId,
    /// How many pieces it holds in all.
    pub count: u64,
    /// How many bytes of the file they are.
    pub size: u64,
}

/// A decoded list object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List {
    /// Pieces of the file.
    Leaf(Vec<Piece>),
    /// Parts that hold them.
    Node(Vec<ListPart>),
}

impl List {
    /// Pieces and bytes that the object says it holds; `None` on overflow, which is forged.
    pub fn sum(&self) -> Option<(u64, u64)> {
        match self {
            Self::Leaf(pieces) => pieces.iter().try_fold((0, 0_u64), |(count, size), piece| {
                Some((count + 1, size.checked_add(piece.length())?))
            }),
            Self::Node(parts) => parts.iter().try_fold((0_u64, 0_u64), |(count, size), part| {
                Some((count.checked_add(part.count)?, size.checked_add(part.size)?))
            }),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.array(2);
        match self {
            Self::Leaf(pieces) => {
                out.uint(LEAF);
                write_pieces(pieces, &mut out);
            }
            Self::Node(parts) => {
                out.uint(NODE).array(parts.len());
                for part in parts {
                    out.array(3).bytes(part.id.as_bytes()).uint(part.count).uint(part.size);
                }
            }
        }
        out.finish()
    }

    /// Reads a list object. Strict: what decodes encodes to the same bytes again.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(2)?;
        let list = match reader.uint()? {
            LEAF => Self::Leaf(read_pieces(&mut reader)?),
            NODE => Self::Node(read_parts(&mut reader)?),
            _ => {
                return Err(DecodeError::Rule { at: 1, rule: "no such form of list object" });
            }
        };
        reader.finish()?;
        let members = match &list {
            Self::Leaf(pieces) => pieces.len(),
            Self::Node(parts) => parts.len(),
        };
        reader
            .rule((1..=MAX_MEMBERS).contains(&members), "a list object has 1 to 16,384 members")?;
        Ok(list)
    }
}

pub(crate) fn write_pieces(pieces: &[Piece], out: &mut Writer) {
    out.array(pieces.len());
    for piece in pieces {
        match piece {
            Piece::Chunk { id, length } => out.array(2).bytes(id.as_bytes()).uint(*length),
            Piece::Hole { length } => out.uint(*length),
        };
    }
}

pub(crate) fn read_pieces(reader: &mut Reader<'_>) -> Result<Vec<Piece>, DecodeError> {
    let count = reader.array()?;
    let mut pieces = Vec::with_capacity(count.min(MAX_MEMBERS));
    for _ in 0..count {
        pieces.push(if reader.at_array() {
            reader.array_of(2)?;
            let (id, length) = (reader.id()?, reader.small("a chunk has at most 1 MiB")?);
            let good = (1..=MAX_CHUNK).contains(&(length as usize));
            reader.rule(good, "a chunk has 1 byte to 1 MiB")?;
            Piece::Chunk { id, length }
        } else {
            let length = reader.uint()?;
            reader.rule(length >= MIN_HOLE, "a hole has at least 65,536 bytes")?;
            Piece::Hole { length }
        });
    }
    Ok(pieces)
}

fn read_parts(reader: &mut Reader<'_>) -> Result<Vec<ListPart>, DecodeError> {
    let count = reader.array()?;
    reader.rule(count >= MIN_MEMBERS, "a node has at least two parts")?;
    let mut parts = Vec::new();
    for _ in 0..count {
        reader.array_of(3)?;
        parts.push(ListPart { id: reader.id()?, count: reader.uint()?, size: reader.uint()? });
    }
    Ok(parts)
}

/// Whether a part ends after the member with this id: on average after 1,024 of them.
fn ends_part(id: &ChunkId) -> bool {
    let [first, second, ..] = id.as_bytes();
    u16::from_le_bytes([*first, *second]).trailing_zeros() >= 10
}

/// Takes a file's pieces one by one and makes its content; keeps little in memory however large the
/// file is.
#[derive(Debug, Default)]
pub struct FileBuilder {
    size: u64,
    count: u64,
    /// Pieces of the leaf that is being filled; all of them while there are few.
    pieces: Vec<Piece>,
    /// Parts of the nodes that are being filled, lowest level first.
    levels: Vec<Vec<ListPart>>,
}

impl FileBuilder {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece. `emit` gets each list object as it fills.
    pub fn push(&mut self, piece: Piece, emit: &mut Emit<'_>) -> Result<(), BuildError> {
        self.size = self.size.checked_add(piece.length()).ok_or(BuildError::TotalsOverflow)?;
        self.count += 1;
        self.pieces.push(piece);
        match self.count.cmp(&(MAX_INLINE_PIECES as u64 + 1)) {
            std::cmp::Ordering::Less => Ok(()),
            std::cmp::Ordering::Equal => {
                // Too many for the entry: cut what was held back as if it had been cut all along.
                let held = std::mem::take(&mut self.pieces);
                held.into_iter().try_for_each(|piece| self.push_to_leaf(piece, emit))
            }
            std::cmp::Ordering::Greater => match self.pieces.pop() {
                Some(piece) => self.push_to_leaf(piece, emit),
                None => Ok(()),
            },
        }
    }

    fn push_to_leaf(&mut self, piece: Piece, emit: &mut Emit<'_>) -> Result<(), BuildError> {
        self.pieces.push(piece);
        let ends = matches!(piece, Piece::Chunk { id, .. } if ends_part(&id));
        if (ends && self.pieces.len() >= MIN_MEMBERS) || self.pieces.len() >= MAX_MEMBERS {
            self.end_leaf(emit)?;
        }
        Ok(())
    }

    fn end_leaf(&mut self, emit: &mut Emit<'_>) -> Result<(), BuildError> {
        let leaf = List::Leaf(std::mem::take(&mut self.pieces));
        let part = emit_list(&leaf, emit)?;
        self.push_part(0, part, emit)
    }

    fn push_part(
        &mut self,
        level: usize,
        part: ListPart,
        emit: &mut Emit<'_>,
    ) -> Result<(), BuildError> {
        let (mut level, mut part) = (level, part);
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(parts) = self.levels.get_mut(level) else {
                return Ok(());
            };
            parts.push(part);
            let full =
                (ends_part(&part.id) && parts.len() >= MIN_MEMBERS) || parts.len() >= MAX_MEMBERS;
            if !full {
                return Ok(());
            }
            part = emit_list(&List::Node(std::mem::take(parts)), emit)?;
            level += 1;
        }
    }

    /// Ends the file.
    pub fn finish(mut self, emit: &mut Emit<'_>) -> Result<Content, BuildError> {
        let (size, count) = (self.size, self.count);
        if count <= MAX_INLINE_PIECES as u64 {
            return Ok(Content::File { size, pieces: Pieces::Inline(self.pieces) });
        }
        if !self.pieces.is_empty() {
            self.end_leaf(emit)?;
        }
        let mut level = 0;
        loop {
            let parts = self.levels.get_mut(level).map(std::mem::take).unwrap_or_default();
            let last = level + 1 >= self.levels.len();
            match parts.as_slice() {
                [top] if last => {
                    return Ok(Content::File { size, pieces: Pieces::List { id: top.id, count } });
                }
                [] => {}
                // A lone part is handed up as it is: a node of one member would say nothing.
                [lone] => self.push_part(level + 1, *lone, emit)?,
                _ => {
                    let node = emit_list(&List::Node(parts), emit)?;
                    self.push_part(level + 1, node, emit)?;
                }
            }
            level += 1;
        }
    }
}

fn emit_list(list: &List, emit: &mut Emit<'_>) -> Result<ListPart, BuildError> {
    let (count, size) = list.sum().ok_or(BuildError::TotalsOverflow)?;
    let chunk: Chunk = chunk_of(Kind::List, list.encode())?;
    let id = chunk.id();
    emit(chunk)?;
    Ok(ListPart { id, count, size })
}
