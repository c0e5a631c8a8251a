//! Reading directories side by side: name by name, who has it. Holds one part of each at a time.

use flisthub_storage::ChunkId;

use super::decide::Side;
use crate::entry::Entry;
use crate::name::EntryName;
use crate::object::{Directories, LoadError};
use crate::tree::{Entries, directory_entries};

/// One directory object and the sources that have it, those of higher precedence first.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub(super) id: ChunkId,
    pub(super) sources: Vec<usize>,
}

/// The names of several directories in order, each with what stands there.
pub(super) struct Rows<'a, D: ?Sized> {
    open: Vec<Open<'a, D>>,
}

struct Open<'a, D: ?Sized> {
    id: ChunkId,
    entries: Entries<'a, D>,
    head: Option<Entry>,
}

impl<'a, D: Directories + ?Sized> Rows<'a, D> {
    pub(super) fn of(directories: &'a D, parties: &[Party]) -> Result<Self, LoadError> {
        let open = |party: &Party| {
            let mut entries = directory_entries(directories, party.id);
            let head = entries.next().transpose()?;
            Ok(Open { id: party.id, entries, head })
        };
        Ok(Self { open: parties.iter().map(open).collect::<Result<_, LoadError>>()? })
    }

    /// The next name, with a side for each party that has it, in the parties' order.
    pub(super) fn next(&mut self) -> Result<Option<(EntryName, Vec<Side>)>, LoadError> {
        let heads = self.open.iter().filter_map(|open| open.head.as_ref());
        let Some(name) = heads.map(|head| &head.name).min().cloned() else {
            return Ok(None);
        };
        let mut sides = Vec::new();
        for (party, open) in self.open.iter_mut().enumerate() {
            if open.head.as_ref().is_some_and(|head| head.name == name)
                && let Some(Entry { metadata, content, .. }) = open.take()?
            {
                sides.push(Side { party, metadata, content });
            }
        }
        Ok(Some((name, sides)))
    }
}

impl<D: Directories + ?Sized> Open<'_, D> {
    fn take(&mut self) -> Result<Option<Entry>, LoadError> {
        let next = self.entries.next().transpose()?;
        let head = std::mem::replace(&mut self.head, next);
        // Within a part the decoder has seen to it; a forged directory may have its parts in any order.
        if head.as_ref().zip(self.head.as_ref()).is_some_and(|(head, next)| head.name >= next.name)
        {
            return Err(LoadError::Inconsistent { id: self.id, what: "names are not in order" });
        }
        Ok(head)
    }
}
