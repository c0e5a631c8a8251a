//! One entry of a tree, as `ls` shows it: a line for people, an object for programs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flisthub_flist::{Content, Device, Entry, Totals};
use serde::Serialize;

use crate::output;
use crate::text;

/// An entry as JSON. Bytes that are no UTF-8 are shown lossily, and exactly in `*_bytes` (base64).
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    kind: &'static str,
    /// Four octal digits, as `chmod` takes them.
    mode: String,
    uid: u32,
    gid: u32,
    /// A file's length, or the content bytes below a directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// How many entries stand below a directory, at any depth.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
    mtime: i64,
    mtime_nanos: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<[u32; 2]>,
    /// Names of the extended attributes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    xattrs: Vec<String>,
}

/// Text, and the exact bytes where the text is not exact.
fn lossy(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), Some(STANDARD.encode(bytes))),
    }
}

impl Listed {
    /// `entry`, shown under `name`.
    pub(crate) fn of(entry: &Entry) -> Self {
        let metadata = &entry.metadata;
        let (name, name_bytes) = lossy(entry.name.as_bytes());
        let mut listed = Self {
            name,
            name_bytes,
            kind: kind(&entry.content).1,
            mode: format!("{:04o}", metadata.mode),
            uid: metadata.uid,
            gid: metadata.gid,
            bytes: None,
            entries: None,
            mtime: metadata.mtime,
            mtime_nanos: metadata.mtime_nanos,
            target: None,
            target_bytes: None,
            device: None,
            xattrs: metadata.xattrs.keys().map(|name| lossy(name).0).collect(),
        };
        match &entry.content {
            Content::File { size, .. } => listed.bytes = Some(*size),
            Content::Directory { totals: Totals { entries, bytes }, .. } => {
                (listed.entries, listed.bytes) = (Some(*entries), Some(*bytes));
            }
            Content::Symlink { target } => {
                let (target, target_bytes) = lossy(target);
                (listed.target, listed.target_bytes) = (Some(target), target_bytes);
            }
            Content::CharDevice(device) | Content::BlockDevice(device) => {
                listed.device = Some([device.major, device.minor]);
            }
            Content::Fifo | Content::Socket => {}
        }
        listed
    }
}

/// The letter that `ls -l` gives, and the word that JSON gives.
pub(crate) fn kind(content: &Content) -> (char, &'static str) {
    match content {
        Content::File { .. } => ('-', "file"),
        Content::Directory { .. } => ('d', "directory"),
        Content::Symlink { .. } => ('l', "symlink"),
        Content::CharDevice(_) => ('c', "char_device"),
        Content::BlockDevice(_) => ('b', "block_device"),
        Content::Fifo => ('p', "fifo"),
        Content::Socket => ('s', "socket"),
    }
}

/// One line as `ls -l` writes it: mode, owner, group, size or device, time (UTC), name.
pub(crate) fn line(entry: &Entry) -> Vec<u8> {
    let metadata = &entry.metadata;
    let size = match &entry.content {
        Content::File { size, .. } => size.to_string(),
        Content::Directory { totals, .. } => totals.bytes.to_string(),
        Content::Symlink { target } => target.len().to_string(),
        Content::CharDevice(Device { major, minor })
        | Content::BlockDevice(Device { major, minor }) => format!("{major}, {minor}"),
        Content::Fifo | Content::Socket => String::from("0"),
    };
    let head = format!(
        "{}{} {:>5} {:>5} {size:>12} {} ",
        kind(&entry.content).0,
        permissions(metadata.mode),
        metadata.uid,
        metadata.gid,
        text::time(metadata.mtime),
    );
    let mut line = head.into_bytes();
    line.extend(output::name(entry.name.as_bytes()));
    if let Content::Symlink { target } = &entry.content {
        line.extend_from_slice(b" -> ");
        line.extend(output::name(target));
    }
    line.push(b'\n');
    line
}

/// The nine letters of a mode.
fn permissions(mode: u16) -> String {
    let special = [(0o4000, 's'), (0o2000, 's'), (0o1000, 't')];
    let mut text = String::with_capacity(9);
    for (shift, (bit, letter)) in [6, 3, 0].into_iter().zip(special) {
        let bits = mode >> shift;
        let executable = bits & 1 != 0;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & bit != 0, executable) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_look_as_in_ls() {
        for (mode, shown) in [
            (0o755, "rwxr-xr-x"),
            (0o4755, "rwsr-xr-x"),
            (0o2644, "rw-r-Sr--"),
            (0o1777, "rwxrwxrwt"),
            (0o7000, "--S--S--T"),
        ] {
            assert_eq!(permissions(mode), shown);
        }
    }
}
