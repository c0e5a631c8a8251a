//! A page of a directory: only the objects that hold it are read.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flisthub_flist::wire::{DeviceNumber, EntryKind, ListedEntry};
use flisthub_flist::{Content, Device, Entry, LoadError, entries_after};
use flisthub_storage::ChunkId;

use super::{Wait, on_thread};
use crate::actions::error::ActionError;
use crate::objects::Source;
use crate::state::Hub;

/// Bytes of names, targets and attributes' names after which a page ends before it is full.
const PAGE_BYTES: usize = 1 << 20;

/// Some entries of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<ListedEntry>,
    /// The last one's name, if more come after it.
    pub next: Option<Vec<u8>>,
}

/// The entries of a directory with names after `after`, at most `limit` of them.
pub async fn page(
    hub: &Hub,
    directory: ChunkId,
    after: &[u8],
    limit: usize,
) -> Result<Page, ActionError> {
    if let Ok(page) = collect(&hub.objects.at_hand(), directory, after, limit) {
        return Ok(page);
    }
    let after = after.to_vec();
    let load = move |hub: &Hub| -> Result<Page, LoadError> {
        collect(&hub.objects.of(&*hub.store), directory, &after, limit)
    };
    on_thread(hub, Wait::Briefly, load).await?.map_err(ActionError::of_load)
}

fn collect<S: Source>(
    source: &S,
    directory: ChunkId,
    after: &[u8],
    limit: usize,
) -> Result<Page, S::Error> {
    let (mut entries, mut bytes, mut last) = (Vec::new(), 0_usize, Vec::new());
    let more = entries_after(source, directory, after, &mut |entry| {
        let room = entries.len() < limit && bytes < PAGE_BYTES;
        if room {
            bytes = bytes.saturating_add(length(entry));
            last = entry.name.as_bytes().to_vec();
            entries.push(listed(entry));
        }
        room
    })?;
    Ok(Page { entries, next: more.then_some(last) })
}

/// Bytes of what an entry adds to a page beside its fixed fields.
fn length(entry: &Entry) -> usize {
    let target = match &entry.content {
        Content::Symlink { target } => target.len(),
        _ => 0,
    };
    let xattrs: usize = entry.metadata.xattrs.keys().map(Vec::len).sum();
    entry.name.as_bytes().len() + target + xattrs
}

fn listed(entry: &Entry) -> ListedEntry {
    let metadata = &entry.metadata;
    let (name, name_bytes) = shown(entry.name.as_bytes());
    let mut listed = ListedEntry {
        name,
        name_bytes,
        kind: EntryKind::File,
        size: None,
        mode: metadata.mode,
        uid: metadata.uid,
        gid: metadata.gid,
        mtime: metadata.mtime,
        mtime_nanos: metadata.mtime_nanos,
        target: None,
        target_bytes: None,
        device: None,
        xattrs: metadata.xattrs.keys().map(|name| shown(name).0).collect(),
        entries: None,
        bytes: None,
    };
    let number = |device: Device| DeviceNumber { major: device.major, minor: device.minor };
    match &entry.content {
        Content::File { size, .. } => listed.size = Some(*size),
        Content::Directory { totals, .. } => {
            listed.kind = EntryKind::Directory;
            listed.entries = Some(totals.entries);
            listed.bytes = Some(totals.bytes);
        }
        Content::Symlink { target } => {
            listed.kind = EntryKind::Symlink;
            let (target, target_bytes) = shown(target);
            listed.target = Some(target);
            listed.target_bytes = target_bytes;
        }
        Content::CharDevice(device) => {
            listed.kind = EntryKind::CharDevice;
            listed.device = Some(number(*device));
        }
        Content::BlockDevice(device) => {
            listed.kind = EntryKind::BlockDevice;
            listed.device = Some(number(*device));
        }
        Content::Fifo => listed.kind = EntryKind::Fifo,
        Content::Socket => listed.kind = EntryKind::Socket,
    }
    listed
}

/// Bytes as text, and in base64 where the text is not exactly them.
pub fn shown(bytes: &[u8]) -> (String, Option<String>) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), None);
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    (text, Some(BASE64_STANDARD.encode(bytes)))
}
