//! `hub-client ls [REPO[/NAME[/path]]]`

use std::ffi::OsString;
use std::io::{self, BufWriter, Write as _};

use clap::Args;
use flisthub_client::{RemoteStore, flist_id};
use flisthub_flist::wire::{FlistInfo, RepositoryInfo};
use flisthub_flist::{Content, Entry, LoadError, Tree, TreePath, directory_entries};

use crate::cli::Session;
use crate::failure::{NoSuchPath, usage};
use crate::listing::{Listed, line};
use crate::name::Place;
use crate::output::{Output, written};
use crate::text;

/// List the repositories of a hub, the names of a repository, or a directory of a tree (as `ls -l`,
/// times in UTC).
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
            let found = runtime.block_on(hub.repositories())?;
            output.result(&found, &repositories(&found))
        }
        Place::Repository(repository) => {
            let found = runtime.block_on(hub.flists(&repository))?;
            output.result(&found, &names(&found))
        }
        Place::Tree { repository, name, path } => {
            let (store, tree) = open_tree(session, &repository, &name)?;
            let full = format!("{repository}/{name}");
            let directory = match find(&store, &tree, &full, &path)? {
                Some(Entry { content: Content::Directory { id, .. }, .. }) => id,
                None => tree.root,
                Some(entry) => return print(*output, std::iter::once(Ok(entry))),
            };
            print(*output, directory_entries(&store, directory))
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

/// Prints entries as they come: a directory of a million entries takes no memory here.
fn print(
    output: Output,
    entries: impl Iterator<Item = Result<Entry, LoadError>>,
) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut before = "[";
    for entry in entries {
        let entry = entry?;
        if output.is_json() {
            written(out.write_all(before.as_bytes()))?;
            let object = serde_json::to_vec(&Listed::of(&entry))?;
            written(out.write_all(&object))?;
            before = ",";
        } else {
            written(out.write_all(&line(&entry)))?;
        }
    }
    if output.is_json() {
        let end = if before == "[" { "[]\n" } else { "]\n" };
        written(out.write_all(end.as_bytes()))?;
    }
    written(out.flush())
}

fn repositories(found: &[RepositoryInfo]) -> String {
    let lines = found.iter().map(|repository| {
        let official = if repository.official { "official" } else { "" };
        format!("{} {official:8} {}", when(repository.updated), repository.name)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn names(found: &[FlistInfo]) -> String {
    let lines = found.iter().map(|info| {
        let id = info.flist.get(..10).unwrap_or(&info.flist);
        let (entries, bytes) = (info.entries, text::size(info.bytes));
        format!("{} {id} {entries:>9} entries {bytes:>11} {}", when(info.updated), info.name)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn when(seconds: u64) -> String {
    text::time(i64::try_from(seconds).unwrap_or(i64::MAX))
}
