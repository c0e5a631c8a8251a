//! What stands at a path of a flist's tree: one file, in whole or in part, or a page of a directory.

mod page;
mod parts;
mod reading;
mod text;
mod thumbnail;

use flisthub_flist::{Content, Entry, File, FollowError, LoadError, Reached, TreePath, follow};
use flisthub_storage::ChunkId;
use tokio::task::spawn_blocking;

pub use self::page::{Page, page, shown};
pub use self::parts::Step;
pub use self::reading::{Reading, read};
pub use self::text::is_text;
pub use self::thumbnail::thumbnail;
use super::error::{ActionError, Thing};
use super::resolve;
use super::running::{patiently, turn};
use crate::auth::Caller;
use crate::catalog::NameRow;
use crate::error::Code;
use crate::objects::{NotAtHand, Source};
use crate::state::Hub;

/// What a path leads to.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The name.
    pub row: NameRow,
    /// Where it is: another path than the one asked for if that led through symbolic links.
    pub path: TreePath,
    /// What is there.
    pub what: What,
}

/// A file or a directory.
#[derive(Debug, Clone)]
pub enum What {
    /// A regular file.
    File(File),
    /// A directory, by the id of its object.
    Directory(ChunkId),
}

/// Finds what `path` leads to in the flist of a name, or in the one that it pointed at at a revision. Symbolic links are
/// followed within the tree; what is neither file nor directory has nothing to be read.
pub async fn open(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    revision: Option<u64>,
    path: &TreePath,
) -> Result<Opened, ActionError> {
    let row = match revision {
        None => resolve::flist(hub, caller, repository, name).await?,
        Some(revision) => resolve::revision(hub, caller, (repository, name), revision).await?,
    };
    at(hub, row, path).await
}

/// Finds what `path` leads to in a flist that the caller is known to be allowed to read.
pub(super) async fn at(hub: &Hub, row: NameRow, path: &TreePath) -> Result<Opened, ActionError> {
    let flist = row.flist.id;
    let reached = match reach(&hub.objects.at_hand(), flist, path) {
        Err(FollowError::Source(NotAtHand)) => {
            let path = path.clone();
            let load = move |hub: &Hub| reach(&hub.objects.of(&*hub.store), flist, &path);
            on_thread(hub, Wait::Briefly, load).await?.map_err(|error| told(error, &row))?
        }
        Ok(reached) => reached,
        Err(error) => return Err(told_without_source(error, &row)),
    };
    let (root, Reached { path, entry }) = reached;
    let what = match entry {
        None => What::Directory(root),
        Some(entry) => what_of(entry, &path, &row)?,
    };
    Ok(Opened { row, path, what })
}

fn reach<S: Source>(
    source: &S,
    flist: ChunkId,
    path: &TreePath,
) -> Result<(ChunkId, Reached), FollowError<S::Error>> {
    let root = source.tree(flist)?.root;
    Ok((root, follow(source, root, path)?))
}

fn what_of(entry: Entry, path: &TreePath, row: &NameRow) -> Result<What, ActionError> {
    let what = match entry.content {
        Content::File { size, pieces } => return Ok(What::File(File { size, pieces })),
        Content::Directory { id, .. } => return Ok(What::Directory(id)),
        Content::CharDevice(_) | Content::BlockDevice(_) => "a device",
        Content::Fifo => "a named pipe",
        Content::Socket => "a socket",
        Content::Symlink { .. } => "a symbolic link",
    };
    let message = format!("{} is {what}: there is nothing to read in it", place(path, row));
    Err(ActionError::Unprocessable { code: Code::NOT_A_FILE, message })
}

/// A path in a flist, as messages call it.
fn place(path: &TreePath, row: &NameRow) -> String {
    format!("{path} in {}/{}", row.repository, row.name)
}

fn told(error: FollowError<LoadError>, row: &NameRow) -> ActionError {
    match error {
        FollowError::Source(error) => ActionError::of_load(error),
        other => told_without_source(other, row),
    }
}

fn told_without_source<E>(error: FollowError<E>, row: &NameRow) -> ActionError {
    match error {
        FollowError::Absent(path) => ActionError::not_found(Thing::Path, place(&path, row)),
        FollowError::NotADirectory(path) => {
            let below = format!("below {}, which is no directory", place(&path, row));
            ActionError::not_found(Thing::Path, below)
        }
        FollowError::TooManyLinks(path) => ActionError::Unprocessable {
            code: Code::LINK_LOOP,
            message: format!(
                "the symbolic link {} leads in a circle, or over more than 40 links",
                place(&path, row)
            ),
        },
        FollowError::Source(_) => ActionError::internal("a source of objects that only remembers"),
    }
}

/// How long to wait for a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// A caller who has nothing yet is told to come back.
    Briefly,
    /// An answer that has begun becomes slower and does not break off.
    Patiently,
}

/// Does what must wait for the store, when a reading may start, on a thread of its own. Whatever it gives
/// is sent after the thread is free again.
async fn on_thread<T: Send + 'static>(
    hub: &Hub,
    wait: Wait,
    work: impl FnOnce(&Hub) -> T + Send + 'static,
) -> Result<T, ActionError> {
    let turn = match wait {
        Wait::Briefly => turn(hub, None, &hub.objects.readings).await?,
        Wait::Patiently => patiently(&hub.objects.readings).await?,
    };
    let hub = hub.clone();
    let done = spawn_blocking(move || {
        let _running = turn;
        work(&hub)
    });
    Ok(done.await?)
}
