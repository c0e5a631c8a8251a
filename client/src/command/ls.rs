//! `hub-client ls [REPO[/NAME[/path]]]`

use std::ffi::OsString;

use clap::Args;
use flisthub_client::{RemoteStore, flist_id};
use flisthub_flist::wire::{NameInfo, RepositoryInfo};
use flisthub_flist::{Content, Entry, LoadError, Tree, TreePath, directory_entries};

use crate::cli::Session;
use crate::failure::{NoSuchPath, usage};
use crate::listing::{Listed, line};
use crate::name::Place;
use crate::output::Output;
use crate::rows::{items, print};
use crate::text;

/// List the repositories of a hub, the names of a repository with what they are, or a directory of a tree
/// (as `ls -l`, times in UTC).
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What to list: nothing for all repositories, a repository, a name, or a path in a tree.
    #[arg(value_name = "REPOSITORY[/NAME[/PATH]]", default_value = "")]
    place: OsString,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    match Place::parse(&arguments.place).map_err(usage)? {
        Place::Hub => {
            print(*output, items(runtime, hub.repositories()), serde_json::to_vec, repository)
        }
        Place::Repository(repository) => {
            print(*output, items(runtime, hub.names(&repository)), serde_json::to_vec, name)
        }
        Place::Tree { repository, name, path } => {
            let (store, tree) = open_tree(session, &repository, &name)?;
            let full = format!("{repository}/{name}");
            let directory = match find(&store, &tree, &full, &path)? {
                Some(Entry { content: Content::Directory { id, .. }, .. }) => id,
                None => tree.root,
                Some(entry) => return entries(*output, std::iter::once(Ok(entry))),
            };
            entries(*output, directory_entries(&store, directory))
        }
    }
}

/// The tree that a name points at, and where to read it.
pub(crate) fn open_tree(
    session: &Session,
    repository: &str,
    name: &str,
) -> anyhow::Result<(RemoteStore, Tree)> {
    let info = session.runtime.block_on(session.hub.flist(repository, name))?;
    let flist = flist_id(&info)?;
    let runtime = session.runtime.handle().clone();
    let store = RemoteStore::reader(session.hub.clone(), runtime, repository);
    let tree = Tree::open(&store, flist)?;
    Ok((store, tree))
}

/// The entry at a path, which must be there; `None` is the root, which is no entry.
pub(crate) fn find(
    store: &RemoteStore,
    tree: &Tree,
    name: &str,
    path: &TreePath,
) -> anyhow::Result<Option<Entry>> {
    if path.is_root() {
        return Ok(None);
    }
    let missing = || NoSuchPath { name: name.to_owned(), path: path.to_string() };
    Ok(Some(tree.lookup(store, path)?.ok_or_else(missing)?))
}

fn entries(
    output: Output,
    entries: impl Iterator<Item = Result<Entry, LoadError>>,
) -> anyhow::Result<()> {
    print(output, entries, |entry| serde_json::to_vec(&Listed::of(entry)), line)
}

fn repository(found: &RepositoryInfo) -> Vec<u8> {
    let official = if found.official { "official" } else { "" };
    ended(&format!("{} {official:8} {}", when(found.updated), found.name))
}

fn name(found: &NameInfo) -> Vec<u8> {
    let updated = when(found.updated);
    let line = match (&found.flist, &found.target) {
        (Some(flist), _) => {
            let id = flist.get(..10).unwrap_or(flist);
            let entries = found.entries.unwrap_or_default();
            let bytes = text::size(found.bytes.unwrap_or_default());
            format!("{updated} {id} {entries:>9} entries {bytes:>11} {}", found.name)
        }
        (None, target) => {
            let target = target.as_ref().map_or_else(String::new, |to| format!(" -> {to}"));
            // As wide as the columns of a flist.
            format!("{updated} {:40} {}{target}", found.kind.word(), found.name)
        }
    };
    ended(&line)
}

fn ended(line: &str) -> Vec<u8> {
    (text::shown(line.as_bytes()) + "\n").into_bytes()
}

fn when(seconds: u64) -> String {
    text::time(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use flisthub_flist::wire::NameKind;

    use super::*;

    #[test]
    fn names_of_all_kinds_stand_in_one_column() {
        let (target, flist) = (None, Some("ab".repeat(32)));
        let base = NameInfo {
            repository: String::from("alice"),
            name: String::from("base"),
            kind: NameKind::Flist,
            updated: 0,
            revision: 1,
            flist,
            entries: Some(7),
            bytes: Some(2048),
            target,
        };
        let shown = |info: &NameInfo| String::from_utf8(name(info)).unwrap();
        let line = "1970-01-01 00:00 ababababab         7 entries    2.00 KiB base\n";
        assert_eq!(shown(&base), line);
        let (flist, target) = (None, Some(String::from("bob/x")));
        let tag_link = NameInfo { kind: NameKind::TagLink, flist, target, ..base };
        let line = format!("1970-01-01 00:00 tag-link{} base -> bob/x\n", " ".repeat(32));
        assert_eq!(shown(&tag_link), line);
        let tag = NameInfo { kind: NameKind::Tag, target: None, ..tag_link };
        assert!(shown(&tag).ends_with(" base\n") && shown(&tag).contains(" tag "));
    }
}
