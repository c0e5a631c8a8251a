//! Tables of FlatBuffers, as far as a header needs them. Each position is held against the bytes before anything is
//! read there; nothing is followed but what is asked for, so nesting takes no stack.

/// A table, and the bytes that it is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the positions of its fields begin, and how many bytes they have.
    fields: usize,
    length: usize,
}

/// The most numbers of a list.
const MAX_NUMBERS: usize = 16;

impl<'a> Table<'a> {
    /// The outermost table. `None`, here and below: something points outside of the bytes.
    pub(super) fn root(bytes: &'a [u8]) -> Option<Self> {
        Self::at(bytes, unsigned(bytes, 0)?)
    }

    fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let back = i32::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
        let fields = i64::try_from(at).ok()?.checked_sub(i64::from(back))?;
        let fields = usize::try_from(fields).ok()?;
        let length = usize::from(u16::from_le_bytes(*bytes.get(fields..)?.first_chunk()?));
        bytes.get(fields..fields.checked_add(length)?)?;
        Some(Self { bytes, at, fields, length })
    }

    /// Where a field is; the inner one is `None` where there is no such field.
    fn field(&self, field: u32) -> Option<Option<usize>> {
        let place = usize::try_from(field).ok()?.checked_mul(2)?.checked_add(4)?;
        if place.checked_add(2)? > self.length {
            return Some(None);
        }
        let from = self.fields.checked_add(place)?;
        let offset = u16::from_le_bytes(*self.bytes.get(from..)?.first_chunk()?);
        if offset == 0 {
            return Some(None);
        }
        Some(Some(self.at.checked_add(usize::from(offset))?))
    }

    /// A number of so many bytes; 0 where there is none.
    pub(super) fn number(&self, field: u32, size: usize) -> Option<u64> {
        self.number_or(field, size, 0)
    }

    /// The same, with another number where there is none.
    pub(super) fn number_or(&self, field: u32, size: usize, other: u64) -> Option<u64> {
        let Some(at) = self.field(field)? else { return Some(other) };
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// A table inside of this one.
    pub(super) fn table(&self, field: u32) -> Option<Option<Self>> {
        let Some(at) = self.followed(field)? else { return Some(None) };
        Self::at(self.bytes, at).map(Some)
    }

    pub(super) fn text(&self, field: u32) -> Option<Option<&'a str>> {
        let Some(at) = self.followed(field)? else { return Some(None) };
        let (from, length) = self.list(at)?;
        let bytes = self.bytes.get(from..from.checked_add(length)?)?;
        Some(std::str::from_utf8(bytes).ok())
    }

    pub(super) fn doubles(&self, field: u32) -> Option<Option<Vec<f64>>> {
        let Some(at) = self.followed(field)? else { return Some(None) };
        let (from, count) = self.list(at)?;
        let length = count.min(MAX_NUMBERS).checked_mul(8)?;
        let bytes = self.bytes.get(from..from.checked_add(length)?)?;
        Some(Some(bytes.as_chunks::<8>().0.iter().map(|one| f64::from_le_bytes(*one)).collect()))
    }

    /// Where a list begins, and how many values it has.
    fn list(&self, at: usize) -> Option<(usize, usize)> {
        Some((at.checked_add(4)?, unsigned(self.bytes, at)?))
    }

    /// Where what a field points to is.
    fn followed(&self, field: u32) -> Option<Option<usize>> {
        let Some(at) = self.field(field)? else { return Some(None) };
        Some(Some(at.checked_add(unsigned(self.bytes, at)?)?))
    }
}

fn unsigned(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}
