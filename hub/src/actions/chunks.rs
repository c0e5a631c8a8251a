//! Chunks and objects over the native API: which are missing, taking them in, giving them out.

use bytes::{Bytes, BytesMut};
use flisthub_flist::wire::{MAX_CHUNK_IDS, MAX_MISSING_IDS};
use flisthub_storage::wire::{RecordReader, WireError, read_ids, write_ids, write_record};
use flisthub_storage::{ChunkId, Frame, PutReport, SessionId, Sessions};
use futures_util::Stream;

use super::error::ActionError;
use super::feed::{FeedReader, Pumped, feed};
use super::stream::{Items, produce, turn};
use super::{resolve, sessions};
use crate::auth::{Caller, Right};
use crate::error::Code;
use crate::state::Hub;

/// Frame bytes that go to the store in one write.
const WRITE_BATCH: usize = 4 << 20;

/// Chunks that are read from the store at a time: at most 16 MiB.
const READ_BATCH: usize = 16;

/// Of a list of ids, those that the hub does not have; both in wire form. The others are claimed: a
/// sweep leaves them alone for at least half the grace.
pub async fn missing(
    hub: &Hub,
    caller: &Caller,
    session: &str,
    body: &[u8],
) -> Result<Bytes, ActionError> {
    sessions::check(hub, caller, session).await?;
    let ids = ids_of(body, MAX_MISSING_IDS)?;
    let missing = sessions::with_store(hub, move |store| store.claim(&ids)).await?;
    Ok(write_ids(&missing))
}

/// Takes in a body of chunk records. Everything before a bad record stays stored, as unpublished space.
pub async fn put(
    hub: &Hub,
    caller: &Caller,
    session: &str,
    mut body: impl Stream<Item = Result<Bytes, ActionError>> + Unpin,
) -> Result<PutReport, ActionError> {
    let session = sessions::check(hub, caller, session).await?.id;
    let permit = turn(hub, &hub.writers).await?;
    let (feed, reader) = feed();
    let store = hub.store.clone();
    let work = tokio::task::spawn_blocking(move || {
        let _running = permit;
        store_records(&*store, &session, reader)
    });
    if feed.pump(&mut body, hub.config.limits.chunks_request_bytes).await? == Pumped::Whole {
        feed.end().await;
    }
    work.await?
}

fn store_records(
    store: &dyn Sessions,
    session: &SessionId,
    mut body: FeedReader,
) -> Result<PutReport, ActionError> {
    let mut records = RecordReader::default();
    let mut batch =
        Batch { store, session, frames: Vec::new(), bytes: 0, report: PutReport::default() };
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
    store: &'a dyn Sessions,
    session: &'a SessionId,
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
        self.report.add(self.store.put_in(self.session, &self.frames)?);
        self.frames.clear();
        self.bytes = 0;
        Ok(())
    }
}

/// Gives out chunks of a repository as records, in the order asked. Absent ones are named before
/// anything is sent.
pub async fn get(
    hub: &Hub,
    caller: &Caller,
    repository: &str,
    body: &[u8],
) -> Result<Items<Bytes>, ActionError> {
    resolve::repository(hub, caller, Right::Read, repository).await?;
    let ids = ids_of(body, MAX_CHUNK_IDS)?;
    let wanted = ids.clone();
    let absent = sessions::with_store(hub, move |store| store.missing(&wanted)).await?;
    if !absent.is_empty() {
        return Err(ActionError::Absent(absent));
    }
    produce(hub, move |hub, sink| {
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

fn records_of(store: &dyn Sessions, ids: &[ChunkId]) -> Result<Bytes, ActionError> {
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

/// Names the record, its id and the rule it breaks.
fn bad_chunk(error: &WireError) -> ActionError {
    let message = match error {
        WireError::Frame { source, .. } => format!("{error}: {source}"),
        _ => error.to_string(),
    };
    ActionError::Invalid { code: Code::BAD_CHUNK, message }
}
