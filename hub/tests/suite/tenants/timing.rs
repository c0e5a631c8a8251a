//! How far the time of an answer tells what the answer does not. No test: nothing here can fail by it. Run it on a
//! quiet machine with `cargo test --release -p flisthub-hub --test suite -- --ignored --nocapture timing`; what it
//! said is in `docs/security.md`.

use std::time::{Duration, Instant};

use flisthub_storage::wire::{IDS_TYPE, write_ids};
use flisthub_storage::{ChunkId, Frame, Kind};
use reqwest::Method;

use super::stage::Tenants;
use crate::archives::noise;
use crate::push::{Local, Pusher};

/// How often each is asked, in turns, so that whatever else the machine does befalls all alike.
const TURNS: usize = 300;

/// Files of the secret, for as many ids.
const IDS: usize = 1_000;

/// The middle of what it took, and where a quarter lies below and above.
fn quartiles(mut taken: Vec<Duration>) -> String {
    taken.sort_unstable();
    let at = |part: usize| taken[taken.len() * part / 4].as_micros();
    format!("{} us (half of all from {} to {})", at(2), at(1), at(3))
}

async fn timed(taken: &mut Vec<Duration>, ask: impl Future<Output = ()>) {
    let started = Instant::now();
    ask.await;
    taken.push(started.elapsed());
}

#[tokio::test]
#[ignore = "it measures; `make soak-timing` runs it and prints what it found"]
async fn timing_of_existence() {
    let mut config = flisthub_hub::config::Config::default();
    config.limits.requests_per_second = 0;
    let tenants = Tenants::at(crate::support::TestHub::with(config).await, true).await;
    let contents: Vec<(String, Vec<u8>)> =
        (0..IDS).map(|number| (format!("f{number}"), noise(200, number as u64 + 100))).collect();
    let many: Vec<(&str, &[u8])> =
        contents.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    let archive = crate::archives::files(&many);
    assert_eq!(tenants.hub.upload(&tenants.alice, "many.tar", &archive).await.status(), 200);
    let all = Local::of(&archive).frames;
    let of_alice: Vec<ChunkId> =
        all.values().filter(|frame| frame.kind() == Kind::Content).map(Frame::id).collect();
    let of_nobody: Vec<ChunkId> =
        (0..of_alice.len()).map(|number| Kind::Content.id_of(&number.to_be_bytes())).collect();
    let push = Pusher::open(&tenants.hub, &tenants.mallory, "mallory").await;
    let missing = async |ids: &[ChunkId]| {
        let asked = push.post("missing", IDS_TYPE, write_ids(ids).to_vec()).await;
        assert_eq!(asked.bytes().await.unwrap().len(), ids.len() * 32);
    };
    let (mut nobody, mut another) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        timed(&mut nobody, missing(&of_nobody)).await;
        timed(&mut another, missing(&of_alice)).await;
    }
    println!("missing, 1,000 ids that nobody has: {}", quartiles(nobody));
    println!("missing, 1,000 ids that another tenant has: {}", quartiles(another));
    let chunks = async |ids: &[ChunkId]| {
        let ids = &ids[..1];
        assert_eq!(tenants.chunks(&tenants.mallory, "mallory", ids).await, 404);
    };
    let (mut nobody, mut another) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        timed(&mut nobody, chunks(&of_nobody)).await;
        timed(&mut another, chunks(&of_alice)).await;
    }
    println!("a chunk that nobody has: {}", quartiles(nobody));
    println!("a chunk that another tenant has: {}", quartiles(another));
    let name = async |path: &str| {
        let asked = tenants.ask(&tenants.mallory, Method::GET, path, None).await;
        assert_eq!(asked.0, 404);
    };
    let (mut absent, mut private, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        timed(&mut absent, name("/api/v1/flists/elise/secret")).await;
        timed(&mut private, name("/api/v1/flists/alice/secret")).await;
        timed(&mut empty, name("/api/v1/flists/alice/secrex")).await;
    }
    println!("a name in no repository: {}", quartiles(absent));
    println!("a name in a private one: {}", quartiles(private));
    println!("no name, in a private one: {}", quartiles(empty));
}
