//! A `.flist` file on its way in: kept on the hub's disk while it is checked, then published. What it
//! carries, directories and manifest, is the uploader's own; of the content that it refers to, all must be
//! stored, in repositories that the uploader may read. If any is not, it is told what, and nothing is stored.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek as _, Write as _};

use bytes::Bytes;
use flisthub_flist::{Counts, FileError, MAGIC, read_flist, references};
use flisthub_storage::{Chunk, ChunkId, ChunkStore as _, InSession, Kind, StoreError, Visible};
use futures_util::Stream;
use tokio::task::{JoinHandle, spawn_blocking};

use super::error::ActionError;
use super::feed::{Feed, FeedReader, Pumped, feed};
use super::publish::{Publication, Published, expect, publish};
use super::put_objects::PutObjects;
use super::running::Running;
use super::sessions::{self, OwnSession};
use super::{facts, reach, resolve};
use crate::auth::{Caller, Right};
use crate::catalog::{Condition, RepositoryRow, Source};
use crate::error::{Code, chain};
use crate::images;
use crate::name::FlistName;
use crate::state::Hub;

/// What the history says of where such a flist is from.
const DETAIL: &str = "a .flist file";

/// Bytes that are written to the disk at a time.
const BUFFER: usize = 64 << 10;

/// Chunks that are asked for at a time.
const ASK: usize = 4096;

/// Missing chunks from which on no others are looked for.
const MOST_MISSING: usize = 100_000;

/// The first bytes of a gzip stream: 0-flist's files begin so.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The right to upload into a repository, and a place among the running uploads.
pub struct Place {
    repository: RepositoryRow,
    caller: Caller,
    running: Running,
}

/// Checks who is calling, before anything of the body is read. `None`: the caller's own repository.
pub async fn place(
    hub: &Hub,
    caller: &Caller,
    repository: Option<&str>,
) -> Result<Place, ActionError> {
    let repository = match repository {
        Some(name) => resolve::repository(hub, caller, Right::Write, name).await?,
        None => resolve::own_repository(hub, caller).await?,
    };
    Ok(Place { repository, caller: caller.clone(), running: sessions::place(hub)? })
}

/// A `.flist` file that is taken in.
pub struct FlistUpload {
    place: Place,
    name: FlistName,
    condition: Condition,
    feed: Feed,
    work: JoinHandle<Result<File, ActionError>>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlistUploaded {
    /// The name and what it points at.
    pub published: Published,
    /// Its entries by kind.
    pub counts: Counts,
}

impl Place {
    /// Starts taking in a file whose bytes are still to come, for that name.
    pub async fn start(
        self,
        hub: &Hub,
        name: &str,
        condition: Condition,
    ) -> Result<FlistUpload, ActionError> {
        let name = FlistName::parse(name)?;
        expect(hub, &self.repository, &name, &condition).await?;
        let directory = images::spool(hub).map_err(kept)?;
        let (feed, reader) = feed();
        let work = spawn_blocking(move || {
            let file = tempfile::tempfile_in(directory).map_err(kept)?;
            keep(reader, file)
        });
        Ok(FlistUpload { place: self, name, condition, feed, work })
    }
}

impl FlistUpload {
    /// Takes the file's bytes. Fails as soon as it is clear that they are none of a `.flist` file.
    pub async fn take(
        mut self,
        hub: &Hub,
        body: &mut (impl Stream<Item = Result<Bytes, ActionError>> + Unpin),
    ) -> Result<Self, ActionError> {
        match self.feed.pump(body, hub.config.limits.flist_file_bytes).await? {
            Pumped::Whole => Ok(self),
            Pumped::ReaderGone => match (&mut self.work).await? {
                Err(error) => Err(error),
                Ok(_) => Err(ActionError::internal("a .flist file was kept before its end")),
            },
        }
    }

    /// Ends the file, checks and publishes it. Once begun this goes on to its end, also if nobody waits for
    /// it any more.
    pub async fn finish(self, hub: &Hub) -> Result<FlistUploaded, ActionError> {
        let hub = hub.clone();
        tokio::spawn(async move { self.finish_here(&hub).await }).await?
    }

    async fn finish_here(self, hub: &Hub) -> Result<FlistUploaded, ActionError> {
        let Self { place, name, condition, feed, work } = self;
        let Place { repository, caller, running: _running } = place;
        feed.end().await;
        let file = work.await??;
        let most = hub.config.limits.flist_file_bytes;
        let reach = reach::of(hub, &caller, &repository);
        let visible = Visible::new(hub.store.clone(), reach.clone());
        let (file, missing) = spawn_blocking(move || missing(file, most, &visible)).await??;
        if !missing.is_empty() {
            return Err(ActionError::Missing(missing));
        }
        let session = sessions::open_in(hub, &caller, &repository).await?;
        let session = OwnSession::new(hub, &session);
        let reach = reach.with_session(session.id());
        let store = session.view(&reach);
        let level = hub.config.store.compression_level;
        let manifest = spawn_blocking(move || put(file, most, &store, level)).await??;
        let publication = Publication {
            detail: Some(DETAIL.to_owned()),
            condition,
            reach,
            ..Publication::new(hub, &caller, repository, name, Source::UploadFlist, manifest)
        };
        // Before the name changes: what is answered then cannot fail any more.
        let facts = facts::of(hub, manifest).await?;
        Ok(FlistUploaded { published: publish(hub, publication).await?, counts: facts.counts })
    }
}

/// Something is wrong with the disk that the file is kept on.
fn kept(error: io::Error) -> ActionError {
    match error.kind() {
        ErrorKind::StorageFull => ActionError::Full(error.into()),
        _ => ActionError::internal(error),
    }
}

/// Keeps the bytes, once the first of them are those of a `.flist` file.
fn keep(mut reader: FeedReader, mut file: File) -> Result<File, ActionError> {
    let mut first = Vec::with_capacity(MAGIC.len());
    let cut_off = |_| ActionError::BodyEnded;
    reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut first).map_err(cut_off)?;
    if first != MAGIC {
        return Err(not_a_flist(&first));
    }
    file.write_all(&first).map_err(kept)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = reader.read(&mut buffer).map_err(cut_off)?;
        let (part, _) = buffer.split_at(length);
        if part.is_empty() {
            return Ok(file);
        }
        file.write_all(part).map_err(kept)?;
    }
}

fn not_a_flist(first: &[u8]) -> ActionError {
    let message = if first.starts_with(&GZIP) {
        "this is gzip, perhaps a .flist of 0-flist; this hub takes .flist files of its own, or an archive of \
         the files themselves"
            .to_owned()
    } else {
        FileError::Magic.to_string()
    };
    ActionError::Unprocessable { code: Code::BAD_FLIST, message }
}

/// Reads the file, strictly, from its beginning; gives the manifest's id.
fn read(
    file: &mut File,
    most: u64,
    emit: &mut dyn FnMut(Chunk) -> Result<(), StoreError>,
) -> Result<ChunkId, ActionError> {
    file.rewind().map_err(kept)?;
    let read = read_flist(BufReader::new(&*file), None, most, &mut |object| emit(object));
    read.map(|(id, _)| id).map_err(|error| match error {
        FileError::Store(error) => error.into(),
        FileError::Read(error) => kept(error),
        FileError::TooLarge { .. } => ActionError::TooLarge(error.to_string()),
        error => ActionError::Unprocessable { code: Code::BAD_FLIST, message: chain(&error) },
    })
}

/// Those of the chunks that the file refers to which may not be used, in order; the first of them, if they
/// are very many.
fn missing(
    mut file: File,
    most: u64,
    visible: &Visible,
) -> Result<(File, Vec<ChunkId>), ActionError> {
    let (mut asked, mut missing) = (BTreeSet::new(), BTreeSet::new());
    read(&mut file, most, &mut |object| {
        // What does not decode was refused before it came here.
        let references = references(&object).map_err(StoreError::backend)?;
        let chunks = references.iter().filter(|reference| reference.kind == Kind::Content);
        asked.extend(chunks.map(|reference| reference.id));
        if asked.len() >= ASK && missing.len() < MOST_MISSING {
            let ids: Vec<ChunkId> = std::mem::take(&mut asked).into_iter().collect();
            missing.extend(visible.missing(&ids)?);
        }
        Ok(())
    })?;
    let ids: Vec<ChunkId> = asked.into_iter().collect();
    missing.extend(visible.missing(&ids)?);
    Ok((file, missing.into_iter().collect()))
}

/// Stores what the file carries.
fn put(mut file: File, most: u64, store: &InSession, level: i32) -> Result<ChunkId, ActionError> {
    let mut objects = PutObjects::new(store, level)?;
    let manifest = read(&mut file, most, &mut |object| objects.take(object))?;
    objects.finish()?;
    Ok(manifest)
}
