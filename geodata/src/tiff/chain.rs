//! Directories one after the other: which of them is the image that is read, and whether they go in a circle.

use crate::error::GeodataError;
use crate::source::{Bounded, Source};

use super::directory::{self, Directory, Header};
use super::tags;

/// The most directories that are looked through.
const MAX_DIRECTORIES: usize = 64;

/// How often bytes are loaded to see where the directories behind the image end: nothing else is wanted of them, and what
/// is loaded counts as what other files of an item load.
const MAX_LOADS: usize = 4;

/// Directories, as far as they were looked through.
#[derive(Debug)]
pub(crate) struct Chain {
    header: Header,
    /// Where they are.
    seen: Vec<u64>,
    /// Where the next one is; 0: there is none.
    next: u64,
}

impl Chain {
    /// Goes on behind the image that is read, by what is loaded already.
    pub(super) fn follow<S: Source + ?Sized>(&mut self, source: &Bounded<'_, S>) {
        self.go(source, 0);
    }

    /// Whether directories go in a circle. Of a file that has them before its `pixels`, as a COG has, no more is loaded
    /// to find that out.
    pub(super) fn is_circle<S: Source + ?Sized>(
        &mut self,
        source: &Bounded<'_, S>,
        pixels: u64,
    ) -> bool {
        self.go(source, if self.next < pixels { 0 } else { MAX_LOADS });
        self.is_closed()
    }

    fn go<S: Source + ?Sized>(&mut self, source: &Bounded<'_, S>, mut loads: usize) {
        while self.next != 0 && !self.is_closed() && self.seen.len() < MAX_DIRECTORIES {
            let Some(next) = directory::next(source, self.header, self.next, &mut loads) else {
                return;
            };
            self.seen.push(self.next);
            self.next = next;
        }
    }

    /// Whether the next one is one of those before.
    fn is_closed(&self) -> bool {
        self.seen.contains(&self.next)
    }
}

/// The first directory whose image is neither a smaller copy nor a mask; where all are, the first one.
pub(crate) fn full_size<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
) -> Result<(Directory, Chain), GeodataError> {
    let is_full = |directory: &Directory| {
        let kind = directory.number(source, tags::SUBFILE, "NewSubfileType").ok().flatten();
        kind.unwrap_or(0) & 0b101 == 0
    };
    let (mut found, chain) = until(source, is_full)?;
    let last = found.len().saturating_sub(1);
    let at = if found.last().is_some_and(is_full) { last } else { 0 };
    Ok((found.swap_remove(at), chain))
}

/// Directories in their order: at least one, and not more than are looked through. One that is broken ends them.
pub(crate) fn all<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
) -> Result<Vec<Directory>, GeodataError> {
    Ok(until(source, |_| false)?.0)
}

/// Directories in their order, up to one that is enough.
fn until<S: Source + ?Sized>(
    source: &Bounded<'_, S>,
    enough: impl Fn(&Directory) -> bool,
) -> Result<(Vec<Directory>, Chain), GeodataError> {
    let (header, next) = directory::header(source)?;
    let (mut found, mut chain) = (Vec::new(), Chain { header, seen: Vec::new(), next });
    while chain.next != 0 && found.len() < MAX_DIRECTORIES && !chain.is_closed() {
        let one = match directory::directory(source, header, chain.next) {
            Ok(one) => one,
            Err(error) if found.is_empty() => return Err(error),
            Err(_) => break,
        };
        chain.seen.push(chain.next);
        chain.next = one.next();
        let is_enough = enough(&one);
        found.push(one);
        if is_enough {
            break;
        }
    }
    if found.is_empty() {
        return Err(GeodataError::broken("it has no image"));
    }
    Ok((found, chain))
}
