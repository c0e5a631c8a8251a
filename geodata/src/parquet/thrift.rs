//! The compact protocol of Thrift, as far as a footer needs it: structures whose fields are read or passed over. What
//! is passed over takes no memory but for how deep it is, and that is bounded.

use crate::error::GeodataError;
use crate::source::{Bounded, Source};

/// How deep what is passed over may be nested. Footers of Parquet are nested seven deep.
const MAX_DEPTH: usize = 32;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A truth that is in the head of its field; of one byte in lists.
    Truth,
    Byte,
    Integer,
    Double,
    Bytes,
    List,
    Map,
    Structure,
    Uuid,
}

impl Kind {
    fn of(code: u8) -> Result<Self, GeodataError> {
        Ok(match code {
            1 | 2 => Self::Truth,
            3 => Self::Byte,
            4..=6 => Self::Integer,
            7 => Self::Double,
            8 => Self::Bytes,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Structure,
            13 => Self::Uuid,
            _ => return Err(broken("a value of a type that there is not")),
        })
    }
}

fn broken(what: &'static str) -> GeodataError {
    GeodataError::broken(format!("its footer has {what}"))
}

/// What is still to be passed over of something.
enum Open {
    /// The rest of a structure.
    Structure,
    /// So many values of these kinds, one after the other; the second is for maps.
    Values(u64, Kind, Kind),
}

pub(super) struct Reader<'a, 'b, S: ?Sized> {
    source: &'a Bounded<'b, S>,
    at: u64,
    end: u64,
}

impl<'a, 'b, S: Source + ?Sized> Reader<'a, 'b, S> {
    pub(super) fn new(source: &'a Bounded<'b, S>, from: u64, end: u64) -> Self {
        Self { source, at: from, end }
    }

    /// Reads the fields of a structure: each is handed over by its number and kind, and passed over unless it was read.
    pub(super) fn structure(
        &mut self,
        mut read: impl FnMut(&mut Self, i64, Kind) -> Result<bool, GeodataError>,
    ) -> Result<(), GeodataError> {
        let mut last = 0_i64;
        while let Some((step, code)) = self.field()? {
            last = match step {
                0 => self.integer()?,
                step => last.wrapping_add(i64::from(step)),
            };
            let kind = Kind::of(code)?;
            if !read(self, last, kind)? {
                self.pass(kind)?;
            }
        }
        Ok(())
    }

    /// The head of a field, or `None` at the end of a structure.
    fn field(&mut self) -> Result<Option<(u8, u8)>, GeodataError> {
        let head = self.byte()?;
        Ok((head != 0).then_some((head >> 4, head & 15)))
    }

    pub(super) fn list(&mut self) -> Result<(Kind, u64), GeodataError> {
        let head = self.byte()?;
        let kind = Kind::of(head & 15)?;
        let count = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
        // Each value has a byte at least.
        if count > self.end.saturating_sub(self.at) {
            return Err(broken("a list of more values than it has bytes"));
        }
        Ok((kind, count))
    }

    pub(super) fn integer(&mut self) -> Result<i64, GeodataError> {
        let zigzag = self.unsigned()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    fn unsigned(&mut self) -> Result<u64, GeodataError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(broken("a number that does not end"))
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, GeodataError> {
        let length = self.length()?;
        let bytes = self.source.bytes("a text of the footer", self.at, length)?;
        self.at = self.at.saturating_add(length);
        Ok(bytes)
    }

    /// Whether bytes are these; passes over them.
    pub(super) fn is_bytes(&mut self, wanted: &[u8]) -> Result<bool, GeodataError> {
        let length = self.length()?;
        let same = length == wanted.len() as u64
            && self.source.bytes("a key of the footer", self.at, length)? == wanted;
        self.at = self.at.saturating_add(length);
        Ok(same)
    }

    fn length(&mut self) -> Result<u64, GeodataError> {
        let length = self.unsigned()?;
        if length > self.end.saturating_sub(self.at) {
            return Err(broken("a text that is longer than the footer"));
        }
        Ok(length)
    }

    fn byte(&mut self) -> Result<u8, GeodataError> {
        if self.at >= self.end {
            return Err(broken("an end in the middle of a value"));
        }
        let [byte] = self.source.array("the footer", self.at)?;
        self.at = self.at.saturating_add(1);
        Ok(byte)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), GeodataError> {
        let at = self.at.checked_add(bytes).filter(|at| *at <= self.end);
        self.at = at.ok_or_else(|| broken("a value that is longer than the footer"))?;
        Ok(())
    }

    /// Passes over a value of a field.
    fn pass(&mut self, kind: Kind) -> Result<(), GeodataError> {
        let mut open: Vec<Open> = Vec::new();
        self.pass_one(kind, true, &mut open)?;
        while let Some(mut here) = open.pop() {
            let next = match &mut here {
                Open::Structure => {
                    self.field()?.map(|(step, code)| -> Result<Kind, GeodataError> {
                        if step == 0 {
                            self.integer()?;
                        }
                        Kind::of(code)
                    })
                }
                Open::Values(0, ..) => None,
                Open::Values(left, now, then) => {
                    *left = left.saturating_sub(1);
                    std::mem::swap(now, then);
                    Some(Ok(*then))
                }
            };
            let Some(kind) = next else { continue };
            let in_field = matches!(here, Open::Structure);
            open.push(here);
            if open.len() > MAX_DEPTH {
                return Err(broken("values that are nested too deep"));
            }
            self.pass_one(kind?, in_field, &mut open)?;
        }
        Ok(())
    }

    /// Passes over a value, or opens it where it is made of others.
    fn pass_one(
        &mut self,
        kind: Kind,
        in_field: bool,
        open: &mut Vec<Open>,
    ) -> Result<(), GeodataError> {
        match kind {
            Kind::Truth if in_field => {}
            Kind::Truth | Kind::Byte => self.skip(1)?,
            Kind::Integer => {
                self.unsigned()?;
            }
            Kind::Double => self.skip(8)?,
            Kind::Uuid => self.skip(16)?,
            Kind::Bytes => {
                let length = self.length()?;
                self.skip(length)?;
            }
            Kind::Structure => open.push(Open::Structure),
            Kind::List => {
                let (kind, count) = self.list()?;
                open.push(Open::Values(count, kind, kind));
            }
            Kind::Map => {
                let count = self.unsigned()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    let (key, value) = (Kind::of(kinds >> 4)?, Kind::of(kinds & 15)?);
                    let count = count.checked_mul(2).filter(|count| *count <= self.end);
                    let count = count.ok_or_else(|| broken("a map of too many values"))?;
                    open.push(Open::Values(count, key, value));
                }
            }
        }
        Ok(())
    }
}
