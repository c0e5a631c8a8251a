//! Headers that say something of the next member of an archive, or of all that follow: read, bounded, and kept
//! until that member comes.

use super::header::Header;
use super::member::{Extended, error};
use super::pax::Pax;
use crate::error::{ConvertError, shown};
use crate::limits::{Limit, Limits};

/// What extended headers have said so far.
#[derive(Default)]
pub(super) struct ExtendedHeaders {
    /// What global ones say of all that follows.
    globals: Pax,
    global_bytes: usize,
    /// What the others say of the next member.
    pending: Option<Extended>,
    pending_bytes: usize,
}

impl ExtendedHeaders {
    /// Whether a header is of this sort.
    pub(super) fn is_one(header: &Header) -> bool {
        matches!(header.kind(), b'x' | b'X' | b'g' | b'L' | b'K')
    }

    /// How long the data of `header` are, which are held in memory: those of one member, and those of all
    /// global headers, have at most so many bytes as `limits` say.
    pub(super) fn length(
        &mut self,
        header: &Header,
        limits: &Limits,
    ) -> Result<usize, ConvertError> {
        let name = header.name();
        let size = header.size().map_err(|problem| error(&name, problem))?;
        let global = header.kind() == b'g';
        let so_far = if global { &mut self.global_bytes } else { &mut self.pending_bytes };
        let most = limits.header_bytes;
        let length = usize::try_from(size).ok().filter(|size| *size <= most - *so_far);
        let Some(length) = length else {
            let limit = Limit::HeaderBytes(most);
            return Err(ConvertError::Limit { limit, entry: Some(shown(&name)) });
        };
        *so_far += length;
        Ok(length)
    }

    /// Takes in what `header` says in its data.
    pub(super) fn read(&mut self, header: &Header, data: &[u8]) -> Result<(), ConvertError> {
        let named = |problem| error(&header.name(), problem);
        let kind = header.kind();
        if kind == b'g' {
            return self.globals.read_global(data).map_err(named);
        }
        let globals = &self.globals;
        let pending = self
            .pending
            .get_or_insert_with(|| Extended { pax: globals.clone(), ..Extended::default() });
        let text = || data.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        match kind {
            b'L' => pending.name = Some(text()),
            b'K' => pending.link = Some(text()),
            _ => pending.pax.read(data).map_err(named)?,
        }
        Ok(())
    }

    /// All that was said of the member that comes now.
    pub(super) fn take(&mut self) -> Extended {
        self.pending_bytes = 0;
        let pending = self.pending.take();
        pending.unwrap_or_else(|| Extended { pax: self.globals.clone(), ..Extended::default() })
    }

    /// Whether something was said of a member that has not come.
    pub(super) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}
