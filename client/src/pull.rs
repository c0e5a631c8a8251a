//! A name, from a hub into a directory: one request for the `.flist` file, then chunks in batches.
//!
//! Every byte is checked on the way: the `.flist` file against the id that the hub gave for the name,
//! each chunk against its id in the tree.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use flisthub_converter::{ExtractError, ExtractOptions, ExtractReport, extract};
use flisthub_flist::wire::FlistInfo;
use flisthub_flist::{FileError, Manifest, read_flist};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Frame, PutReport, Stat, StoreError, StoreStats,
};
use tokio::runtime::Handle;

use crate::download::Download;
use crate::error::ClientError;
use crate::hub::{HubClient, flist_id};
use crate::object_file::ObjectFile;
use crate::remote_store::{RemoteStore, Traffic};

/// How often the `.flist` file is fetched, when the connection breaks or the name is published anew in
/// between.
const ATTEMPTS: u32 = 3;

/// Why a pull failed.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The hub did not do its part.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The hub's `.flist` file is not that of the name.
    #[error("the .flist file of {name} cannot be used")]
    File {
        /// The name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: Box<FileError>,
    },
    /// There is no room for the tree's directories in the temporary directory.
    #[error("no temporary file can be made")]
    Temporary(#[source] io::Error),
    /// The tree could not be written. What was written stays.
    #[error(transparent)]
    Extract(#[from] ExtractError),
}

/// A flist whose directories are here and whose chunks are in the hub.
pub struct Pull {
    info: FlistInfo,
    flist: ChunkId,
    manifest: Manifest,
    store: PulledStore,
}

impl Pull {
    /// Looks the name up and fetches its `.flist` file. Needs no token where reading is public.
    pub fn begin(
        hub: &HubClient,
        runtime: &Handle,
        (repository, name): (&str, &str),
    ) -> Result<Self, PullError> {
        let mut left = ATTEMPTS;
        let mut info = runtime.block_on(hub.flist(repository, name))?;
        loop {
            let flist = flist_id(&info)?;
            let mut objects = ObjectFile::new().map_err(PullError::Temporary)?;
            left -= 1;
            match fetch(hub, runtime, &info, flist, &mut objects) {
                Ok(Ok((flist, manifest))) => {
                    let remote = RemoteStore::reader(hub.clone(), runtime.clone(), repository);
                    let store = PulledStore { objects, remote };
                    return Ok(Self { info, flist, manifest, store });
                }
                // Somebody may have published the name anew between the two requests.
                Ok(Err(source)) => {
                    let now = runtime.block_on(hub.flist(repository, name))?;
                    if left == 0 || now.flist == info.flist {
                        let name = format!("{repository}/{name}");
                        return Err(PullError::File { name, source: Box::new(source) });
                    }
                    info = now;
                }
                Err(ClientError::Interrupted { .. } | ClientError::Stalled { .. }) if left > 0 => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What the name pointed at when the pull began.
    pub fn info(&self) -> &FlistInfo {
        &self.info
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The flist's id.
    pub fn flist(&self) -> ChunkId {
        self.flist
    }

    /// Where the flist can be read: directories here, chunks from the hub, all verified.
    pub fn store(&self) -> &dyn ChunkStore {
        &self.store
    }

    /// The counters of chunks, which go on counting.
    pub fn traffic(&self) -> Arc<Traffic> {
        self.store.remote.traffic()
    }

    /// Bytes of the objects that the `.flist` file brought.
    pub fn object_bytes(&self) -> u64 {
        self.store.objects.bytes()
    }

    /// Writes the tree into `destination`, which must be empty or absent.
    pub fn extract(
        &self,
        destination: &Path,
        options: &ExtractOptions,
    ) -> Result<ExtractReport, PullError> {
        Ok(extract(&self.store, self.flist, destination, options)?)
    }
}

/// Reads the `.flist` file while it arrives.
fn fetch(
    hub: &HubClient,
    runtime: &Handle,
    info: &FlistInfo,
    flist: ChunkId,
    objects: &mut ObjectFile,
) -> Result<Result<(ChunkId, Manifest), FileError>, ClientError> {
    let download = runtime.block_on(hub.flist_file(&info.repository, &info.name))?;
    // Each object is one that the id leads to; the length only bounds how many.
    let limit = download.length().unwrap_or(u64::MAX);
    let mut reader = BlockingDownload { runtime, download, part: Bytes::new(), failure: None };
    let mut keep = |object: Chunk| objects.keep(&object);
    let read = read_flist(&mut reader, Some(flist), limit, &mut keep);
    match reader.failure {
        // What the reader made of it says less.
        Some(failure) => Err(failure),
        None => Ok(read),
    }
}

/// A download as a blocking reader.
struct BlockingDownload<'a> {
    runtime: &'a Handle,
    download: Download,
    part: Bytes,
    failure: Option<ClientError>,
}

impl Read for BlockingDownload<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() && self.failure.is_none() {
            match self.runtime.block_on(self.download.next()) {
                Ok(Some(part)) => self.part = part,
                Ok(None) => return Ok(0),
                Err(error) => self.failure = Some(error),
            }
        }
        if self.failure.is_some() {
            return Err(io::Error::other("the connection broke"));
        }
        let length = self.part.len().min(buffer.len());
        let (head, _) = buffer.split_at_mut(length);
        self.part.copy_to_slice(head);
        Ok(length)
    }
}

/// Objects of the tree from the file, chunks from the hub.
struct PulledStore {
    objects: ObjectFile,
    remote: RemoteStore,
}

impl ChunkStore for PulledStore {
    fn stat(&self, ids: &[ChunkId]) -> Result<Vec<Option<Stat>>, StoreError> {
        self.remote.stat(ids)
    }

    fn get(&self, ids: &[ChunkId]) -> Result<Vec<Option<Chunk>>, StoreError> {
        let mut found = ids.iter().map(|id| self.objects.get(id)).collect::<Result<Vec<_>, _>>()?;
        let remote: Vec<ChunkId> =
            ids.iter().zip(&found).filter(|(_, here)| here.is_none()).map(|(id, _)| *id).collect();
        if !remote.is_empty() {
            let mut fetched = self.remote.get(&remote)?.into_iter();
            for slot in found.iter_mut().filter(|slot| slot.is_none()) {
                *slot = fetched.next().flatten();
            }
        }
        Ok(found)
    }

    fn get_frames(&self, ids: &[ChunkId]) -> Result<Vec<Option<Frame>>, StoreError> {
        self.remote.get_frames(ids)
    }

    fn put(&self, frames: &[Frame]) -> Result<PutReport, StoreError> {
        self.remote.put(frames)
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.remote.stats()
    }
}
