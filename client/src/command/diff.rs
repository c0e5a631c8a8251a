//! `hub-client diff A B`

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use flisthub_flist::wire::{DiffAspect, DiffChange, DiffKind, DiffLine, DiffSummary, EntryKind};

use crate::cli::Session;
use crate::failure::Differ;
use crate::name::{FlistName, Own};
use crate::output::{self, Output, written};
use crate::text;

/// Bytes that are written at a time where nobody watches.
const BUFFER: usize = 1 << 16;

/// Show what was added (+), removed (-) and changed (~) from one flist to another, and in what.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The flist before: REPOSITORY/NAME, or NAME alone in your own repository, perhaps with @REVISION.
    #[arg(value_name = "A[@REVISION]")]
    from: Versioned,

    /// The flist after.
    #[arg(value_name = "B[@REVISION]")]
    to: Versioned,

    /// Only count.
    #[arg(long)]
    stat: bool,

    /// End with 1 if they differ, as diff(1) does.
    #[arg(long)]
    exit_code: bool,
}

/// A name, perhaps as it was: `name@revision`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Versioned {
    name: FlistName,
    revision: Option<u64>,
}

impl FromStr for Versioned {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, revision) = match text.split_once('@') {
            Some((name, revision)) => (name, Some(read_revision(revision)?)),
            None => (text, None),
        };
        Ok(Self { name: name.parse()?, revision })
    }
}

fn read_revision(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(revision) if !text.starts_with('+') => Ok(revision),
        _ => Err(format!("`{}` is no revision, which is a number", text::shown(text.as_bytes()))),
    }
}

impl Versioned {
    fn full(&self, own: &Own) -> String {
        let name = own.full(&self.name);
        self.revision.map_or_else(|| name.to_string(), |revision| format!("{name}@{revision}"))
    }
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let Arguments { from, to, stat, exit_code } = arguments;
    let own = runtime.block_on(Own::of(hub, [&from.name, &to.name]))?;
    let (from, to) = (from.full(&own), to.full(&own));
    let mut differences = runtime.block_on(hub.diff(&from, &to))?;
    // A person sees each line as it comes.
    let buffer = if io::stdout().is_terminal() { 0 } else { BUFFER };
    let mut out = BufWriter::with_capacity(buffer, io::stdout().lock());
    let mut differ = false;
    while let Some((raw, line)) = runtime.block_on(differences.next())? {
        let change = matches!(line, DiffLine::Change(_));
        differ |= change;
        if change && *stat {
            continue;
        }
        let shown = if output.is_json() { raw.to_vec() } else { shown(&line, *output) };
        written(out.write_all(&shown).and_then(|()| out.write_all(b"\n")))?;
    }
    written(out.flush())?;
    if differ && *exit_code { Err(Differ.into()) } else { Ok(()) }
}

/// A line for people.
fn shown(line: &DiffLine, output: Output) -> Vec<u8> {
    match line {
        DiffLine::Summary { summary: DiffSummary { added, removed, changed, .. } } => {
            format!("{added} added, {removed} removed, {changed} changed").into_bytes()
        }
        DiffLine::Change(change) => {
            let (sign, colour) = match change.change {
                DiffKind::Added => ('+', "\x1b[32m"),
                DiffKind::Removed => ('-', "\x1b[31m"),
                DiffKind::Changed => ('~', "\x1b[33m"),
            };
            let (begin, end) = if output.is_coloured() { (colour, "\x1b[0m") } else { ("", "") };
            let mut line = format!("{begin}{sign} ").into_bytes();
            line.extend(path(change));
            line.extend(aspects(change).into_bytes());
            line.extend(end.as_bytes());
            line
        }
    }
}

/// A directory's path ends in `/`.
fn path(change: &DiffChange) -> Vec<u8> {
    let bytes = change.path_bytes.as_ref().and_then(|bytes| STANDARD.decode(bytes).ok());
    let mut path = output::name(bytes.as_deref().unwrap_or(change.path.as_bytes()));
    if change.kind == EntryKind::Directory {
        path.push(b'/');
    }
    path
}

/// In what something differs.
fn aspects(change: &DiffChange) -> String {
    let words: Vec<String> = change
        .aspects
        .iter()
        .map(|aspect| match (aspect, change.was, change.size, change.was_size) {
            (DiffAspect::Kind, Some(was), ..) => {
                format!("{}, was {}", kind(change.kind), kind(was))
            }
            (DiffAspect::Content, _, Some(size), Some(was)) if size != was => {
                format!("content: {}, was {}", text::size(size), text::size(was))
            }
            (aspect, ..) => aspect.word().to_owned(),
        })
        .collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join("; ")) }
}

fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Directory => "directory",
        EntryKind::Symlink => "symbolic link",
        EntryKind::CharDevice => "character device",
        EntryKind::BlockDevice => "block device",
        EntryKind::Fifo => "pipe",
        EntryKind::Socket => "socket",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> String {
        let line: DiffLine = serde_json::from_str(json).unwrap();
        String::from_utf8_lossy(&shown(&line, Output::new(false))).into_owned()
    }

    #[test]
    fn a_difference_is_a_line() {
        for (json, line) in [
            (r#"{"path":"a b","change":"added","kind":"file","size":7}"#, "+ a b"),
            (r#"{"path":"dir","change":"removed","kind":"directory"}"#, "- dir/"),
            (r#"{"path":"","change":"changed","kind":"directory","in":["mode"]}"#, "~ / (mode)"),
            (
                r#"{"path":"x","change":"changed","kind":"file","in":["content","mtime"],"size":2048,"was_size":7}"#,
                "~ x (content: 2.00 KiB, was 7 B; mtime)",
            ),
            (
                r#"{"path":"x","change":"changed","kind":"file","in":["content"],"size":7,"was_size":7}"#,
                "~ x (content)",
            ),
            (
                r#"{"path":"x","change":"changed","kind":"symlink","was":"char-device","in":["kind","owner"]}"#,
                "~ x (symbolic link, was character device; owner)",
            ),
            (
                r#"{"summary":{"added":1,"removed":2,"changed":3,"complete":true}}"#,
                "1 added, 2 removed, 3 changed",
            ),
        ] {
            assert_eq!(change(json), line);
        }
        // Not a terminal: bytes as they are.
        let json = r#"{"path":"?","path_bytes":"Yf8=","change":"added","kind":"fifo"}"#;
        let line: DiffLine = serde_json::from_str(json).unwrap();
        assert_eq!(shown(&line, Output::new(false)), b"+ a\xff");
    }

    #[test]
    fn a_revision_is_a_number() {
        let read = |text: &str| text.parse::<Versioned>();
        assert_eq!(read("alice/base@3").unwrap().revision, Some(3));
        assert_eq!(read("base.flist").unwrap(), read("base").unwrap());
        for bad in
            ["base@", "base@-1", "base@+1", "base@x", "base@1@2", "@1", "base@18446744073709551616"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
