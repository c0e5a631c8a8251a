//! The laws of a chunk store, of the remote one over a real hub.

use flisthub_client::{HubClient, Patience, RemoteStore};
use flisthub_storage::{Chunk, ChunkId, ChunkStore, Compressor, DEFAULT_LEVEL, Frame, Kind};
use tokio::runtime::Runtime;

use crate::fixture::noise;
use crate::support::Hub;

fn frame(kind: Kind, bytes: Vec<u8>) -> Frame {
    let chunk = Chunk::new(kind, bytes).unwrap();
    Compressor::new(DEFAULT_LEVEL).unwrap().compress(&chunk).unwrap()
}

fn frames() -> Vec<Frame> {
    let mut frames: Vec<Frame> = (0..600_u16)
        .map(|seed| frame(Kind::Content, noise(seed.into(), 1000 + usize::from(seed) * 37)))
        .collect();
    frames.push(frame(Kind::Content, vec![0; 1 << 20]));
    frames.push(frame(Kind::Content, noise(7, 1 << 20)));
    frames.extend(Kind::ALL.map(|kind| frame(kind, b"the same bytes".to_vec())));
    frames
}

#[test]
fn the_remote_store_keeps_the_laws() {
    // Nothing is published here: in one pool what was sent is everybody's at once, as the laws want it.
    let hub = Hub::start_with("[access]\npublic_pool = true\n");
    let runtime = Runtime::new().unwrap();
    let client = HubClient::new(&hub.url, Some(&hub.token), Patience::default()).unwrap();
    let session = runtime.block_on(client.open_session("alice")).unwrap().session;
    let handle = runtime.handle().clone();
    let store = RemoteStore::in_session(client.clone(), handle.clone(), "alice", session);
    let frames = frames();
    let ids: Vec<ChunkId> = frames.iter().map(Frame::id).collect();

    assert_eq!(store.missing(&ids).unwrap(), ids);
    assert_eq!(store.put(&frames).unwrap().new, frames.len() as u64);
    // At once, from this handle: law 1.
    assert_eq!(store.missing(&ids).unwrap(), []);
    assert!(store.get_frames(&ids).unwrap().iter().all(Option::is_some));
    store.flush().unwrap();
    assert_eq!(store.stored().new, frames.len() as u64);

    // From every handle once the hub has it, byte for byte: laws 1 and 5. In the order asked, the
    // absent ones None.
    let public = HubClient::new(&hub.url, None, Patience::default()).unwrap();
    let reader = RemoteStore::reader(public, handle, "alice");
    let absent = Kind::Content.id_of(b"absent");
    let mut asked = ids.clone();
    asked.reverse();
    asked.insert(300, absent);
    asked.push(absent);
    let found = reader.get_frames(&asked).unwrap();
    assert!(found[300].is_none() && found.last().unwrap().is_none());
    let found: Vec<Frame> = found.into_iter().flatten().rev().collect();
    assert!(found == frames);
    let stats = reader.stat(&ids).unwrap();
    for (stat, frame) in stats.into_iter().map(Option::unwrap).zip(&frames) {
        assert_eq!((stat.kind, stat.length), (frame.kind(), frame.length()));
        assert_eq!(stat.frame_length as usize, frame.bytes().len());
    }

    // Idempotent: law 2.
    store.put(&frames).unwrap();
    store.flush().unwrap();
    assert_eq!(store.stored().new, frames.len() as u64);
    assert_eq!(store.stored().known, frames.len() as u64);
}
