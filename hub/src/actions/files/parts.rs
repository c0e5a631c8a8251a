//! What an answer about a file is made of, piece after piece, read in batches of about a megabyte. Pure
//! but for the source that is handed in: when it is called, and on which thread, is for `reading`.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use flisthub_flist::{LoadError, Piece, PieceCursor, Pieces};
use flisthub_storage::{Chunk, ChunkId, Compressor, DEFAULT_LEVEL, Kind, MAX_CHUNK, StoreError};

use crate::objects::{Loading, Source};

/// Content bytes after which a batch ends. The last chunk may pass it, so a batch has less than twice
/// that.
pub(super) const BATCH: u64 = 1 << 20;

/// The same where there is no room for a whole one: most often this is a single chunk.
pub(super) const SMALL_BATCH: u64 = 1;

/// Pieces after which a batch ends: many small ones take long as well.
const BATCH_PIECES: usize = 256;

/// Zeros that holes are sent from.
static ZEROS: [u8; 128 << 10] = [0; 128 << 10];

/// A step of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These bytes, as they are.
    Literal(Bytes),
    /// A part of the file.
    Content(Range<u64>),
    /// All of the file as concatenated zstd frames.
    Frames,
}

/// Something to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// These bytes.
    Bytes(Bytes),
    /// The same bytes again and again: a hole takes no memory however large it is.
    Repeated(Bytes, u64),
}

/// How content is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Frames,
}

/// Where in an answer a reading is.
#[derive(Debug)]
pub(super) struct Parts {
    pieces: Pieces,
    steps: VecDeque<Step>,
    open: Option<Open>,
}

/// A part of the file that is being read.
#[derive(Debug)]
struct Open {
    form: Form,
    cursor: PieceCursor,
    /// Bytes of the next piece that lie before the part.
    skip: u64,
    /// Bytes that are still to come.
    left: u64,
}

/// A piece, and which of its bytes are wanted.
#[derive(Debug)]
struct Wanted {
    piece: Piece,
    within: Range<u64>,
}

/// Adds the content of pieces to a batch.
type Fetch<'a, E> = dyn FnMut(&[Wanted], &mut Vec<Part>) -> Result<(), E> + 'a;

impl Parts {
    /// The answer that consists of `steps` about a file of these pieces.
    pub(super) fn new(pieces: Pieces, steps: impl IntoIterator<Item = Step>) -> Self {
        Self { pieces, steps: steps.into_iter().collect(), open: None }
    }

    /// Whether nothing more is to come.
    pub(super) fn is_done(&self) -> bool {
        self.steps.is_empty() && self.open.as_ref().is_none_or(|open| open.left == 0)
    }

    /// The next batch of plain content. Frames are not read by this.
    pub(super) fn plain<S: Source>(
        &mut self,
        source: &S,
        room: u64,
    ) -> Result<Vec<Part>, S::Error> {
        self.batch(source, room, &mut |wanted, parts| plain(source, wanted, parts))
    }

    /// The next batch of whatever is to come, of about `room` bytes.
    pub(super) fn any(
        &mut self,
        source: &Loading<'_>,
        size: u64,
        room: u64,
    ) -> Result<Vec<Part>, LoadError> {
        if self.steps.front() == Some(&Step::Frames) {
            self.steps.pop_front();
            self.start(source, Form::Frames, &(0..size))?;
        }
        match &self.open {
            Some(Open { form: Form::Frames, left: 1.., .. }) => {
                self.batch(source, room, &mut |wanted, parts| frames(source, wanted, parts))
            }
            _ => self.plain(source, room),
        }
    }

    fn batch<S: Source>(
        &mut self,
        source: &S,
        mut room: u64,
        fetch: &mut Fetch<'_, S::Error>,
    ) -> Result<Vec<Part>, S::Error> {
        let mut parts = Vec::new();
        loop {
            if let Some(open) = self.open.as_mut().filter(|open| open.left > 0) {
                let wanted = open.next(source, &mut room)?;
                fetch(&wanted, &mut parts)?;
                if room == 0 || open.left > 0 {
                    return Ok(parts);
                }
            }
            match self.steps.front().cloned() {
                Some(Step::Literal(bytes)) => parts.push(Part::Bytes(bytes)),
                Some(Step::Content(range)) => self.start(source, Form::Plain, &range)?,
                Some(Step::Frames) | None => return Ok(parts),
            }
            self.steps.pop_front();
        }
    }

    fn start<S: Source>(
        &mut self,
        source: &S,
        form: Form,
        range: &Range<u64>,
    ) -> Result<(), S::Error> {
        let (cursor, skip) = PieceCursor::seek(source, &self.pieces, range.start)?;
        let left = range.end.saturating_sub(range.start);
        self.open = Some(Open { form, cursor, skip, left });
        Ok(())
    }
}

impl Open {
    /// The pieces of a batch; holes are for nothing.
    fn next<S: Source>(&mut self, source: &S, room: &mut u64) -> Result<Vec<Wanted>, S::Error> {
        let mut wanted = Vec::new();
        while self.left > 0 && *room > 0 && wanted.len() < BATCH_PIECES {
            let Some(piece) = self.cursor.next(source)? else {
                let id = ChunkId::from_bytes([0; 32]);
                let what = "the pieces of a file are fewer than its size says";
                return Err(LoadError::Inconsistent { id, what }.into());
            };
            let end = piece.length().min(self.skip.saturating_add(self.left));
            let within = std::mem::take(&mut self.skip)..end;
            self.left = self.left.saturating_sub(within.end.saturating_sub(within.start));
            if let Piece::Chunk { length, .. } = piece {
                *room = room.saturating_sub(u64::from(length));
            }
            wanted.push(Wanted { piece, within });
        }
        if wanted.len() >= BATCH_PIECES {
            *room = 0;
        }
        Ok(wanted)
    }
}

fn plain<S: Source>(source: &S, wanted: &[Wanted], parts: &mut Vec<Part>) -> Result<(), S::Error> {
    let mut chunks = source.content(&chunks_of(wanted))?.into_iter();
    for Wanted { piece, within } in wanted {
        match piece {
            Piece::Hole { .. } => zeros(within.end.saturating_sub(within.start), parts),
            Piece::Chunk { .. } => {
                parts.extend(chunks.next().map(|chunk| Part::Bytes(cut(&chunk, within))));
            }
        }
    }
    Ok(())
}

fn frames(source: &Loading<'_>, wanted: &[Wanted], parts: &mut Vec<Part>) -> Result<(), LoadError> {
    let mut frames = source.frames(&chunks_of(wanted))?.into_iter();
    for Wanted { piece, .. } in wanted {
        match piece {
            Piece::Hole { length } => zero_frames(*length, parts)?,
            Piece::Chunk { .. } => parts.extend(frames.next().map(Part::Bytes)),
        }
    }
    Ok(())
}

/// The chunks among the pieces, with their lengths.
fn chunks_of(wanted: &[Wanted]) -> Vec<(ChunkId, u32)> {
    let chunk = |wanted: &Wanted| match wanted.piece {
        Piece::Chunk { id, length } => Some((id, length)),
        Piece::Hole { .. } => None,
    };
    wanted.iter().filter_map(chunk).collect()
}

/// The wanted bytes of a chunk, without a copy.
fn cut(chunk: &Bytes, within: &Range<u64>) -> Bytes {
    let clamp = |at: u64| usize::try_from(at).map_or(chunk.len(), |at| at.min(chunk.len()));
    chunk.slice(clamp(within.start)..clamp(within.end))
}

fn zeros(length: u64, parts: &mut Vec<Part>) {
    let (whole, rest) = split(length, ZEROS.len());
    repeat(Bytes::from_static(&ZEROS), whole, parts);
    repeat(Bytes::from_static(&ZEROS).slice(..rest), u64::from(rest > 0), parts);
}

fn repeat(bytes: Bytes, times: u64, parts: &mut Vec<Part>) {
    if times > 0 {
        parts.push(Part::Repeated(bytes, times));
    }
}

/// How often `block` goes into `length`, and what is left.
fn split(length: u64, block: usize) -> (u64, usize) {
    let whole = length / block as u64;
    (whole, usize::try_from(length % block as u64).unwrap_or_default())
}

/// A hole as zstd frames: those of a full chunk's length, and of the powers of two that make up the rest.
/// Nothing is compressed for it.
fn zero_frames(length: u64, parts: &mut Vec<Part>) -> Result<(), LoadError> {
    let frames = power_frames()?;
    let (whole, rest) = split(length, MAX_CHUNK);
    for (power, frame) in frames.iter().enumerate().rev() {
        let times = if 1_usize << power == MAX_CHUNK { whole } else { (rest >> power & 1) as u64 };
        repeat(frame.clone(), times, parts);
    }
    Ok(())
}

/// One zstd frame of zeros for each power of two up to a chunk's length, made once.
fn power_frames() -> Result<&'static [Bytes], LoadError> {
    static FRAMES: OnceLock<Vec<Bytes>> = OnceLock::new();
    if let Some(frames) = FRAMES.get() {
        return Ok(frames);
    }
    let mut compressor = Compressor::new(DEFAULT_LEVEL).map_err(StoreError::backend)?;
    let mut frames = Vec::new();
    for power in 0..=MAX_CHUNK.ilog2() {
        let zeros = Chunk::new(Kind::Content, vec![0; 1 << power]).map_err(StoreError::backend)?;
        let frame = compressor.compress(&zeros).map_err(StoreError::backend)?;
        frames.push(frame.bytes().clone());
    }
    Ok(FRAMES.get_or_init(|| frames))
}
