//! `hub-client log NAME`

use clap::Args;
use flisthub_flist::wire::HistoryEntry;

use crate::cli::Session;
use crate::name::FlistName;
use crate::rows::{items, print};
use crate::text;

/// The most that is asked for at a time.
const PAGE: u32 = 100;

/// Hexadecimal digits of an id or digest, and how many of them are shown.
const ID: usize = 64;
const SHOWN: usize = 10;

/// Show the history of a name, newest first: revision, time (UTC), how it was changed, by whom, and what it
/// pointed at from then on.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// Stop after that many changes. Default: all of them.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let repository = runtime.block_on(arguments.name.repository(hub))?;
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let page = u32::try_from(limit).unwrap_or(PAGE).clamp(1, PAGE);
    let pages = hub.history(&repository, &arguments.name.name).at_a_time(page);
    print(*output, items(runtime, pages).take(limit), serde_json::to_vec, line)
}

fn line(entry: &HistoryEntry) -> Vec<u8> {
    let at = text::time(i64::try_from(entry.at).unwrap_or(i64::MAX));
    let user = entry.user.as_deref().unwrap_or("-");
    let mut line =
        format!("{:>4} {at} {:8} {user:12} {}", entry.revision, entry.source, points_at(entry));
    if let Some(detail) = &entry.detail {
        line.push_str("  ");
        line.push_str(&shortened(detail));
    }
    (text::shown(line.as_bytes()) + "\n").into_bytes()
}

/// A text in which ids and digests have their first ten digits, as everywhere in the list.
fn shortened(detail: &str) -> String {
    let mut text = String::with_capacity(detail.len());
    let mut digits = 0;
    for char in detail.chars() {
        digits = if char.is_ascii_hexdigit() { digits + 1 } else { 0 };
        text.push(char);
        if digits == ID {
            text.truncate(text.len() - (ID - SHOWN));
            digits = 0;
        }
    }
    text
}

/// What the name was from then on.
fn points_at(entry: &HistoryEntry) -> String {
    match (&entry.flist, &entry.target, entry.kind) {
        (Some(flist), ..) => flist.get(..SHOWN).unwrap_or(flist).to_owned(),
        (None, Some(target), _) => format!("-> {target}"),
        (None, None, Some(kind)) => kind.word().to_owned(),
        (None, None, None) => String::from("gone"),
    }
}

#[cfg(test)]
mod tests {
    use flisthub_flist::wire::NameKind;

    use super::*;

    #[test]
    fn a_change_is_a_line() {
        let published = HistoryEntry {
            revision: 12,
            kind: Some(NameKind::Flist),
            flist: Some("ab".repeat(32)),
            target: None,
            user: Some(String::from("alice")),
            source: String::from("promote"),
            detail: Some(format!("bob/base\u{1b}[2J\n@{}", "0123456789abcdef".repeat(4))),
            at: 1_795_242_900,
        };
        let shown = |entry: &HistoryEntry| String::from_utf8(line(entry)).unwrap();
        assert_eq!(
            shown(&published),
            "  12 2026-11-21 06:35 promote  alice        ababababab  bob/base\\u{1b}[2J\\n@0123456789\n"
        );
        let (flist, detail, user) = (None, None, None);
        let target = Some(String::from("bob/base"));
        let linked = HistoryEntry { flist, detail, user, target, ..published };
        assert!(shown(&linked).ends_with(" -            -> bob/base\n"), "{}", shown(&linked));
        let gone = HistoryEntry { target: None, kind: None, ..linked };
        assert!(shown(&gone).ends_with(" gone\n"), "{}", shown(&gone));
    }
}
