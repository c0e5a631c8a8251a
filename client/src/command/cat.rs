//! `hub-client cat NAME/path`

use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::anyhow;
use clap::Args;
use flisthub_client::RemoteStore;
use flisthub_flist::{Content, Piece, Pieces, pieces};
use flisthub_storage::{Chunk, ChunkStore};

use crate::cli::Session;
use crate::command::ls::{find, open_tree};
use crate::failure::{WrongKind, usage};
use crate::name::Place;
use crate::output::written;
use crate::text;

/// Content that is fetched at a time, in bytes. As much again waits while it is written.
const BATCH_BYTES: u64 = 8 << 20;

/// Chunks that are fetched at a time.
const BATCH_CHUNKS: usize = 1024;

/// Write the content of one file to standard output.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file.
    #[arg(value_name = "REPOSITORY/NAME/PATH")]
    file: OsString,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let place = Place::parse(&arguments.file).map_err(usage)?;
    let Place::Tree { repository, name, path } = place else {
        return Err(usage("which file? write REPOSITORY/NAME/PATH"));
    };
    let (store, tree) = open_tree(session, &repository, &name)?;
    let full = format!("{repository}/{name}");
    let wrong = |reason: String| WrongKind { path: format!("{full}/{path}"), reason };
    match find(&store, &tree, &full, &path)?.map(|entry| entry.content) {
        Some(Content::File { pieces, .. }) => copy(&store, &pieces, &mut io::stdout().lock()),
        Some(Content::Symlink { target }) => {
            let target = text::shown(&target);
            Err(wrong(format!("is a symbolic link to {target}; name the file it leads to")).into())
        }
        None | Some(Content::Directory { .. }) => {
            Err(wrong(String::from("is a directory; `hub-client ls` lists it")).into())
        }
        Some(Content::CharDevice(_) | Content::BlockDevice(_)) => {
            Err(wrong(String::from("is a device and has no content")).into())
        }
        Some(Content::Fifo | Content::Socket) => {
            Err(wrong(String::from("is a pipe or a socket and has no content")).into())
        }
    }
}

/// Writes all pieces in order. One batch is fetched while the one before it is written.
fn copy(store: &RemoteStore, of: &Pieces, out: &mut impl Write) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let (sender, batches) = sync_channel(0);
        let fetching = scope.spawn(move || fetch(store, of, &sender));
        for batch in batches {
            for part in batch {
                match part {
                    Part::Data(chunk) => written(out.write_all(chunk.bytes()))?,
                    Part::Hole(length) => written(
                        io::copy(&mut io::Read::take(io::repeat(0), length), out).map(drop),
                    )?,
                }
            }
        }
        written(out.flush())?;
        fetching.join().unwrap_or_else(|_| Err(anyhow!("the thread that fetches chunks failed")))
    })
}

/// What comes next in the file.
enum Part {
    Data(Chunk),
    Hole(u64),
}

/// Fetches until the end, or until nobody takes any more.
fn fetch(store: &RemoteStore, of: &Pieces, to: &SyncSender<Vec<Part>>) -> anyhow::Result<()> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    for piece in pieces(store, of) {
        let piece = piece?;
        if let Piece::Chunk { length, .. } = piece {
            bytes += u64::from(length);
        }
        batch.push(piece);
        if bytes >= BATCH_BYTES || batch.len() >= BATCH_CHUNKS {
            if to.send(load(store, &batch)?).is_err() {
                return Ok(());
            }
            batch.clear();
            bytes = 0;
        }
    }
    // Whoever stopped taking has said why.
    let _ = to.send(load(store, &batch)?);
    Ok(())
}

fn load(store: &RemoteStore, batch: &[Piece]) -> anyhow::Result<Vec<Part>> {
    let ids: Vec<_> = batch
        .iter()
        .filter_map(|piece| match piece {
            Piece::Chunk { id, .. } => Some(*id),
            Piece::Hole { .. } => None,
        })
        .collect();
    let mut chunks = store.get(&ids)?.into_iter();
    let part = |piece: &Piece| match piece {
        Piece::Hole { length } => Ok(Part::Hole(*length)),
        Piece::Chunk { id, length } => match chunks.next().flatten() {
            Some(chunk) if chunk.length() == *length => Ok(Part::Data(chunk)),
            Some(_) => Err(anyhow!("chunk {id} is not as long as the flist says")),
            None => Err(anyhow!("chunk {id} is not in the hub")),
        },
    };
    batch.iter().map(part).collect()
}
