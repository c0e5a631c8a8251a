//! An archive on its way in: converted while it arrives, in an upload session of its own, then
//! published. Whatever goes wrong, the session ends and no name changes.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use flisthub_converter::{ConvertError, IngestOptions, Ingested, ingest_archive};
use flisthub_flist::Counts;
use flisthub_flist::wire::UploadReport;
use flisthub_storage::{ChunkStore, Compressor, InSession, Reach};
use futures_util::Stream;
use tokio::task::JoinHandle;

use super::error::ActionError;
use super::feed::{Feed, FeedReader, Pumped, feed};
use super::items::Set;
use super::publish::{Publication, Published, expect, publish};
use super::running::Running;
use super::sessions::{self, OwnSession};
use super::{reach, resolve};
use crate::auth::Caller;
use crate::catalog::{Condition, RepositoryRow, Source};
use crate::error::Code;
use crate::name::FlistName;
use crate::state::Hub;

/// Most bytes that keys and values for the manifest may have together: they are held in memory.
const MAX_VALUES: usize = 64 << 10;

/// Keys that 0-hub sets by other means; an upload cannot.
const PROTECTED: &[&str] = &["readme", "backend", "entrypoint", "environ", "port", "volume"];

/// The right to upload into the caller's own repository, and a place among the running uploads.
pub struct Place {
    repository: RepositoryRow,
    session: OwnSession,
    reach: Reach,
    caller: Caller,
    _running: Running,
}

/// Checks who is calling, before anything of the body is read.
pub async fn place(hub: &Hub, caller: &Caller) -> Result<Place, ActionError> {
    let repository = resolve::own_repository(hub, caller).await?;
    let running = sessions::place(hub)?;
    let session = sessions::open(hub, caller, &repository.name).await?;
    let session = OwnSession::new(hub, &session);
    let reach = reach::of(hub, caller, &repository);
    Ok(Place { repository, session, reach, caller: caller.clone(), _running: running })
}

/// An archive that is being converted.
pub struct Upload {
    place: Place,
    name: FlistName,
    feed: Feed,
    work: JoinHandle<Result<Ingested, ActionError>>,
    started: Instant,
}

/// What an upload made.
#[derive(Debug, Clone, PartialEq)]
pub struct Uploaded {
    /// The name and what it points at.
    pub published: Published,
    /// Its entries by kind.
    pub counts: Counts,
    /// What it took.
    pub report: UploadReport,
}

impl Place {
    /// Starts converting an archive whose bytes are still to come. The name is `file` without its
    /// archive ending.
    pub async fn start(self, hub: &Hub, file: &str) -> Result<Upload, ActionError> {
        let name = FlistName::of_upload(file)?;
        expect(hub, &self.repository, &name, &Condition::NONE).await?;
        let (feed, reader) = feed();
        let store = self.session.view(&self.reach);
        let options = options(hub);
        let work = tokio::task::spawn_blocking(move || convert(reader, &store, &options));
        Ok(Upload { place: self, name, feed, work, started: Instant::now() })
    }
}

impl Upload {
    /// Takes the archive's bytes. Fails as soon as the archive is found to be bad.
    pub async fn take(
        mut self,
        hub: &Hub,
        body: &mut (impl Stream<Item = Result<Bytes, ActionError>> + Unpin),
    ) -> Result<Self, ActionError> {
        match self.feed.pump(body, hub.config.limits.upload_bytes).await? {
            Pumped::Whole => Ok(self),
            Pumped::ReaderGone => match (&mut self.work).await? {
                Err(error) => Err(error),
                Ok(_) => Err(ActionError::internal("an archive was converted before its end")),
            },
        }
    }

    /// Ends the archive and publishes it, with free values for its manifest, in these categories if any are said. Once
    /// begun this goes on to its end, also if nobody waits for it any more.
    pub async fn finish(
        self,
        hub: &Hub,
        values: BTreeMap<String, String>,
        categories: Option<Vec<String>>,
    ) -> Result<Uploaded, ActionError> {
        let hub = hub.clone();
        let finish = async move { self.finish_here(&hub, values, categories).await };
        tokio::spawn(finish).await?
    }

    async fn finish_here(
        self,
        hub: &Hub,
        values: BTreeMap<String, String>,
        categories: Option<Vec<String>>,
    ) -> Result<Uploaded, ActionError> {
        self.feed.end().await;
        let ingested = self.work.await??;
        let Place { repository, session, reach, caller, .. } = &self.place;
        let ingested = with_values(hub, session.view(reach), ingested, values).await?;
        let (repository, manifest) = (repository.clone(), ingested.flist);
        let new = Publication::new(hub, caller, repository, self.name, Source::Upload, manifest);
        let reach = new.reach.with_session(session.id());
        let published =
            publish(hub, Publication { reach, set: Set::of(categories), ..new }).await?;
        let report = report(&ingested, self.started.elapsed().as_secs_f64());
        let report = UploadReport { item: published.item.clone(), ..report };
        Ok(Uploaded { published, counts: ingested.counts, report })
    }
}

/// How archives and layers are taken in.
pub(super) fn options(hub: &Hub) -> IngestOptions {
    IngestOptions {
        limits: hub.config.limits.archive(),
        profile: hub.config.store.profile,
        level: hub.config.store.compression_level,
        ..IngestOptions::default()
    }
}

fn convert(
    reader: FeedReader,
    store: &dyn ChunkStore,
    options: &IngestOptions,
) -> Result<Ingested, ActionError> {
    ingest_archive(reader, store, options).map_err(|error| match error {
        ConvertError::Limit { .. } => ActionError::TooLarge(error.to_string()),
        ConvertError::Read(_) => ActionError::BodyEnded,
        error if error.is_bad_input() => {
            ActionError::Unprocessable { code: Code::BAD_ARCHIVE, message: error.to_string() }
        }
        ConvertError::Store(error) => error.into(),
        error => ActionError::internal(error),
    })
}

/// Puts free values into the manifest. They come in fields that may follow the archive, so the
/// manifest that the converter made is without them.
async fn with_values(
    hub: &Hub,
    store: InSession,
    mut ingested: Ingested,
    values: BTreeMap<String, String>,
) -> Result<Ingested, ActionError> {
    if values.is_empty() {
        return Ok(ingested);
    }
    let level = hub.config.store.compression_level;
    ingested.manifest.values = values;
    let manifest = ingested.manifest.to_chunk()?;
    ingested.flist = manifest.id();
    let frame = Compressor::new(level)
        .and_then(|mut compressor| compressor.compress(&manifest))
        .map_err(ActionError::internal)?;
    let put = tokio::task::spawn_blocking(move || store.put(&[frame])).await??;
    ingested.report.new_objects += put.new;
    ingested.report.stored_bytes += put.stored_bytes;
    Ok(ingested)
}

/// What an ingest took, as it is told.
pub(crate) fn report(ingested: &Ingested, seconds: f64) -> UploadReport {
    let report = ingested.report;
    UploadReport {
        flist: ingested.flist.to_string(),
        files: report.files,
        entries: report.entries,
        bytes: report.bytes,
        chunks: report.chunks,
        new_chunks: report.new_chunks,
        new_objects: report.new_objects,
        stored_bytes: report.stored_bytes,
        sent_bytes: None,
        seconds,
        item: None,
    }
}

/// Free values for a manifest as they come in, bounded.
#[derive(Debug, Default)]
pub struct Values {
    values: BTreeMap<String, String>,
    bytes: usize,
}

impl Values {
    /// How many bytes a next value may have.
    pub fn room(&self) -> usize {
        MAX_VALUES - self.bytes
    }

    /// Adds one; protected keys are passed over, as 0-hub does.
    pub fn add(&mut self, key: &str, value: String) -> Result<(), ActionError> {
        let bytes = key.len() + value.len();
        if bytes > self.room() {
            let message = format!("the metadata fields have more than {MAX_VALUES} bytes");
            return Err(ActionError::TooLarge(message));
        }
        self.bytes += bytes;
        if !PROTECTED.contains(&key) {
            self.values.insert(key.to_owned(), value);
        }
        Ok(())
    }

    /// All of them.
    pub fn into_map(self) -> BTreeMap<String, String> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bounded_and_protected_keys_passed_over() {
        let mut values = Values::default();
        values.add("colour", "blue".into()).unwrap();
        values.add("entrypoint", "/bin/sh".into()).unwrap();
        assert_eq!(values.room(), MAX_VALUES - 27);
        let too_much = values.add("x", "y".repeat(MAX_VALUES));
        assert!(matches!(too_much, Err(ActionError::TooLarge(_))));
        assert_eq!(values.into_map(), BTreeMap::from([("colour".into(), "blue".into())]));
    }
}
