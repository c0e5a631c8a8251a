//! Tables of `FlatBuffers`, as far as a header needs them. Each position is held against the bytes before anything is
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

/// Something points outside of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outside;

impl<'a> Table<'a> {
    /// The outermost table.
    pub(super) fn root(bytes: &'a [u8]) -> Result<Self, Outside> {
        Self::at(bytes, unsigned(bytes, 0)?)
    }

    fn at(bytes: &'a [u8], at: usize) -> Result<Self, Outside> {
        let back = i64::from(i32::from_le_bytes(array(bytes, at)?));
        let fields = i64::try_from(at).ok().and_then(|at| at.checked_sub(back));
        let fields = fields.and_then(|at| usize::try_from(at).ok()).ok_or(Outside)?;
        let length = usize::from(u16::from_le_bytes(array(bytes, fields)?));
        slice(bytes, fields, length)?;
        Ok(Self { bytes, at, fields, length })
    }

    /// Where a field is, if there is such a field.
    fn field(&self, field: usize) -> Result<Option<usize>, Outside> {
        let place = field.saturating_mul(2).saturating_add(4);
        if place.saturating_add(2) > self.length {
            return Ok(None);
        }
        let from = self.fields.checked_add(place).ok_or(Outside)?;
        let offset = usize::from(u16::from_le_bytes(array(self.bytes, from)?));
        if offset == 0 {
            return Ok(None);
        }
        self.at.checked_add(offset).ok_or(Outside).map(Some)
    }

    /// A number of so many bytes.
    pub(super) fn number(&self, field: usize, size: usize) -> Result<Option<u64>, Outside> {
        let Some(at) = self.field(field)? else { return Ok(None) };
        let bytes = slice(self.bytes, at, size)?.iter().rev();
        Ok(Some(bytes.fold(0, |number, byte| (number << 8) | u64::from(*byte))))
    }

    /// A table inside of this one.
    pub(super) fn table(&self, field: usize) -> Result<Option<Self>, Outside> {
        let Some(at) = self.followed(field)? else { return Ok(None) };
        Self::at(self.bytes, at).map(Some)
    }

    /// A text; none where it is not in UTF-8.
    pub(super) fn text(&self, field: usize) -> Result<Option<&'a str>, Outside> {
        let Some(at) = self.followed(field)? else { return Ok(None) };
        let length = unsigned(self.bytes, at)?;
        let bytes = slice(self.bytes, at.saturating_add(4), length)?;
        Ok(std::str::from_utf8(bytes).ok())
    }

    /// The first numbers of a list.
    pub(super) fn doubles(&self, field: usize) -> Result<Option<Vec<f64>>, Outside> {
        let Some(at) = self.followed(field)? else { return Ok(None) };
        let count = unsigned(self.bytes, at)?.min(MAX_NUMBERS);
        let bytes = slice(self.bytes, at.saturating_add(4), count.saturating_mul(8))?;
        Ok(Some(bytes.as_chunks::<8>().0.iter().map(|one| f64::from_le_bytes(*one)).collect()))
    }

    /// Where what a field points to is.
    fn followed(&self, field: usize) -> Result<Option<usize>, Outside> {
        let Some(at) = self.field(field)? else { return Ok(None) };
        at.checked_add(unsigned(self.bytes, at)?).ok_or(Outside).map(Some)
    }
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], Outside> {
    at.checked_add(length).and_then(|end| bytes.get(at..end)).ok_or(Outside)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Outside> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().ok_or(Outside)
}

fn unsigned(bytes: &[u8], at: usize) -> Result<usize, Outside> {
    usize::try_from(u32::from_le_bytes(array(bytes, at)?)).map_err(|_| Outside)
}
