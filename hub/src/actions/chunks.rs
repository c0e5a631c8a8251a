//! Chunks and objects over the native API: which are missing, taking them in, giving them out.

use std::collections::HashSet;

use bytes::{Bytes, BytesMut};
use flisthub_flist::wire::{MAX_CHUNK_IDS, MAX_MISSING_IDS};
use flisthub_storage::wire::{RecordReader, WireError, read_ids, write_ids, write_record};
use flisthub_storage::{ChunkId, ChunkStore, Frame, InSession, PutReport, Visible};
use futures_util::Stream;

use super::error::ActionError;
use super::feed::{FeedReader, Pumped, feed};
use super::running::turn;
use super::stream::{Items, produce_in};
use super::{reach, resolve, sessions};
use crate::auth::{Caller, Right};
use crate::error::Code;
use crate::state::Hub;

/// Frame bytes that go to the store in one write.
const WRITE_BATCH: usize = 4 << 20;

/// Chunks that are read from the store at a time: at most 16 MiB.
const READ_BATCH: usize = 16;

/// Of a list of ids, those that the hub does not have or the caller may not use, each once; both in wire form. The
/// others are claimed: a sweep leaves them alone for at least half the grace.
pub async fn missing(
    hub: &Hub,
    caller: &Caller,
    session: &str,
    body: &[u8],
) -> Result<Bytes, ActionError> {
    let view = view(hub, caller, session).await?;
    let ids = each_once(ids_of(body, MAX_MISSING_IDS)?);
    // Not among those that send: a push asks while it sends.
    let place = turn(hub, Some(&hub.limits.asking), &hub.questions).await?;
    let work = tokio::task::spawn_blocking(move || {
        let _running = place;
        view.missing(&ids)
    });
    let missing = work.await??;
    Ok(write_ids(&missing))
}

/// Takes in a body of chunk records. Everything before a bad record stays stored, as unpublished space.
pub async fn put(
    hub: &Hub,
    caller: &Caller,
    session: &str,
    mut body: impl Stream<Item = Result<Bytes, ActionError>> + Unpin,
) -> Result<PutReport, ActionError> {
    let view = view(hub, caller, session).await?;
    let permit = turn(hub, Some(&hub.limits.sending), &hub.writers).await?;
    let (feed, reader) = feed();
    let work = tokio::task::spawn_blocking(move || {
        let _running = permit;
        store_records(&view, reader)
    });
    if feed.pump(&mut body, hub.config.limits.chunks_request_bytes).await? == Pumped::Whole {
        feed.end().await;
    }
    work.await?
}

/// The store as the caller sees it in their session.
async fn view(hub: &Hub, caller: &Caller, session: &str) -> Result<InSession, ActionError> {
    let (session, repository) = sessions::check(hub, caller, session).await?;
    let reach = reach::of(hub, caller, &repository);
    Ok(InSession::new(hub.store.clone(), session.id, &reach))
}

fn store_records(view: &InSession, mut body: FeedReader) -> Result<PutReport, ActionError> {
    let mut records = RecordReader::default();
    let mut batch = Batch { view, frames: Vec::new(), bytes: 0, report: PutReport::default() };
    let read = read_records(&mut body, &mut records, &mut batch);
    // Good records before a bad one are kept: the client need not send them again.
    batch.write()?;
    read.map(|()| batch.report)
}

fn read_records(
    body: &mut FeedReader,
    records: &mut RecordReader,
    batch: &mut Batch<'_>,
) -> Result<(), ActionError> {
    while let Some(part) = body.next_part().map_err(|_| ActionError::BodyEnded)? {
        records.push(&part);
        while let Some((frame, _)) = records.next_record().map_err(|error| bad_chunk(&error))? {
            batch.add(frame)?;
        }
    }
    records.finish().map_err(|error| bad_chunk(&error))
}

/// Frames on their way to the store.
struct Batch<'a> {
    view: &'a InSession,
    frames: Vec<Frame>,
    bytes: usize,
    report: PutReport,
}

impl Batch<'_> {
    fn add(&mut self, frame: Frame) -> Result<(), ActionError> {
        self.bytes += frame.bytes().len();
        self.frames.push(frame);
        if self.bytes >= WRITE_BATCH { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), ActionError> {
        self.report.add(self.view.put(&self.frames)?);
        self.frames.clear();
        self.bytes = 0;
        Ok(())
    }
}

/// Gives out chunks that a repository holds, or another that the caller may read, as records, in the order
/// asked. All others are absent, stored or not, and are named before anything is sent.
pub async fn get(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    body: &[u8],
) -> Result<Items<Bytes>, ActionError> {
    let repository = resolve::repository(hub, caller, Right::Read, repository).await?;
    let ids = ids_of(body, MAX_CHUNK_IDS)?;
    let visible = Visible::new(hub.store.clone(), reach::of(hub, caller, &repository));
    let place = turn(hub, Some(&hub.limits.fetching), &hub.readers).await?;
    let wanted = each_once(ids.clone());
    let absent = tokio::task::spawn_blocking(move || visible.missing(&wanted)).await??;
    if !absent.is_empty() {
        return Err(ActionError::Absent(absent));
    }
    produce_in(hub, place, move |hub, sink| {
        for ids in ids.chunks(READ_BATCH) {
            let records = records_of(&*hub.store, ids);
            let failed = records.is_err();
            sink.send(records)?;
            if failed {
                break;
            }
        }
        Ok(())
    })
    .await
}

fn records_of(store: &dyn ChunkStore, ids: &[ChunkId]) -> Result<Bytes, ActionError> {
    let mut records = BytesMut::new();
    for (id, frame) in ids.iter().zip(store.get_frames(ids)?) {
        let frame = frame.ok_or_else(|| ActionError::Absent(vec![*id]))?;
        write_record(&frame, &mut records);
    }
    Ok(records.freeze())
}

fn ids_of(body: &[u8], most: usize) -> Result<Vec<ChunkId>, ActionError> {
    let ids = read_ids(body).map_err(|error| ActionError::Invalid {
        code: Code::BAD_IDS,
        message: error.to_string(),
    })?;
    if ids.len() > most {
        return Err(ActionError::TooLarge(format!("at most {most} ids can be asked for at once")));
    }
    Ok(ids)
}

/// Asked many times, an id that others hold would tell by the time of the answer that it is there.
fn each_once(mut ids: Vec<ChunkId>) -> Vec<ChunkId> {
    let mut asked = HashSet::with_capacity(ids.len());
    ids.retain(|id| asked.insert(*id));
    ids
}

/// Names the record, its id and the rule it breaks.
fn bad_chunk(error: &WireError) -> ActionError {
    let message = match error {
        WireError::Frame { source, .. } => format!("{error}: {source}"),
        _ => error.to_string(),
    };
    ActionError::Invalid { code: Code::BAD_CHUNK, message }
}
