//! What a killed hub must have left: every acknowledged name whole, nothing else to be seen; and a sweep
//! then leaves exactly what names and their history reach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use flisthub_flist::{VerifyLimits, hold_flist, references, verify};
use flisthub_hub::config::Config;
use flisthub_hub::data::DataDirectory;
use flisthub_hub::jobs::{JobSpec, work};
use flisthub_hub::name::RepositoryName;
use flisthub_hub::state::Hub;
use flisthub_storage::{ChunkId, Clock, Silent, SystemClock, scrub};

use super::ledger::Ledger;
use super::load::Sample;
use crate::postgres;

/// The machine's time, and some.
struct Shifted(AtomicU64);

impl Clock for Shifted {
    fn now(&self) -> u64 {
        SystemClock.now() - HOUR + self.0.load(SeqCst)
    }
}

/// Before the machine's time: what is put then is old already when the hub starts.
const HOUR: u64 = 3_600;
/// Far enough ahead that every upload session is over and everything old. Not further: the catalog
/// remembers of what time sweeps were.
const LATER: u64 = HOUR + 10;

/// Opens what is left and checks it; if `all`, with a sweep and a scrub. At the end `old` is put, which
/// nothing refers to.
pub(super) async fn check(data: &Path, ledger: &Ledger, all: bool, old: &[&Sample]) {
    let clock = Arc::new(Shifted(AtomicU64::new(HOUR)));
    let data = DataDirectory::open(data).unwrap();
    let config = postgres::config(data.path(), Config::default());
    let hub = Hub::open(&data, config, clock.clone()).await.unwrap();
    let found = names(&hub).await;
    ledger.compare(found.clone());
    let alice = alice(&hub).await;
    for flist in found.values() {
        let all: Vec<ChunkId> = whole(&hub, *flist).into_iter().collect();
        let held = hub.store.held(alice, &all).unwrap();
        assert!(held.into_iter().all(|held| held), "all of {flist} is in the membership index");
    }
    if all {
        clock.0.store(LATER, SeqCst);
        swept(&hub).await;
    }
    clock.0.store(0, SeqCst);
    for sample in old {
        let frames: Vec<_> = sample.local.frames.values().cloned().collect();
        hub.store.put(&frames).unwrap();
        // As if a name that is gone had pointed at it.
        hold_flist(&*hub.store, alice, sample.local.flist, &mut Err).unwrap();
    }
    hub.store.flush().unwrap();
    hub.catalog.close().await;
}

/// The number of Alice's repository.
async fn alice(hub: &Hub) -> u64 {
    let alice = RepositoryName::parse("alice").unwrap();
    let Some(alice) = hub.catalog.repository(&alice).await.unwrap() else { panic!("no alice") };
    alice.id.try_into().unwrap()
}

async fn names(hub: &Hub) -> BTreeMap<String, ChunkId> {
    let alice = alice(hub).await.try_into().unwrap();
    let rows = hub.catalog.names(alice, "", 10_000).await.unwrap();
    rows.into_iter().map(|row| (row.name, row.points_at.flist().unwrap())).collect()
}

/// Reads all of a flist, which checks every byte against its id; gives the ids.
fn whole(hub: &Hub, flist: ChunkId) -> BTreeSet<ChunkId> {
    verify(&*hub.store, flist, &VerifyLimits::default(), &[]).unwrap();
    let (mut open, mut found) = (vec![flist], BTreeSet::new());
    while let Some(id) = open.pop() {
        if found.insert(id) {
            let object = hub.store.get(&[id]).unwrap().remove(0);
            let object = object.unwrap_or_else(|| panic!("{id} of flist {flist} is missing"));
            open.extend(references(&object).unwrap().iter().map(|one| one.id));
        }
    }
    found
}

async fn swept(hub: &Hub) {
    let now = hub.clock.now();
    let (own, spec) = (hub.clone(), JobSpec::Sweep { dry_run: false, grace_seconds: Some(0) });
    let work = move || work::run(&own, &spec, &Silent);
    tokio::task::spawn_blocking(work).await.unwrap().unwrap();
    let roots = hub.catalog.roots(now).await.unwrap();
    let reached: BTreeSet<ChunkId> = roots.into_iter().flat_map(|root| whole(hub, root)).collect();
    let rows = hub.store.rows(None, usize::MAX).unwrap();
    let left: BTreeSet<ChunkId> = rows.iter().map(|row| row.id).collect();
    assert_eq!(left, reached, "what is in use, and nothing else");
    let report = scrub(&*hub.store, None, &Silent).unwrap();
    assert_eq!((report.objects, report.damaged), (left.len() as u64, vec![]));
}
