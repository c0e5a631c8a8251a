//! What must hold of a data directory that a power cut left, whatever was being done.

use std::path::Path;
use std::sync::Arc;

use flisthub_flist::{Content, Piece, Tree, VerifyLimits, pieces, verify};
use flisthub_hub::catalog::{Catalog, Named};
use flisthub_hub::data::DataDirectory;
use flisthub_hub::name::RepositoryName;
use flisthub_storage::{ChunkId, ChunkStore as _, RocksOptions, RocksStore, SystemClock};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use super::load::{Caller, Pointer};

/// Opens what is left in `data` and checks it. What was asked for and not answered may have happened or
/// not; `callers` know afterwards.
pub(super) async fn check(data: &Path, callers: &mut [Caller]) {
    let data = DataDirectory::open(data).unwrap();
    database_is_sound(&data.catalog()).await;
    let clock = Arc::new(SystemClock);
    let store = RocksStore::open(&data.chunks(), &RocksOptions::default(), clock).unwrap();
    let catalog = Catalog::open(&data.catalog()).await.unwrap();
    // Also what names pointed at before: the history leads to it.
    for flist in catalog.roots(0).await.unwrap() {
        flist_is_whole(&store, flist);
    }
    let rows = names(&catalog).await;
    catalog.close().await;
    for caller in callers {
        for pointer in &mut caller.names {
            let row = rows.iter().find(|row| row.name == pointer.name);
            settle(pointer, row.and_then(|row| row.points_at.flist()));
        }
        everything_sent_is_sound_or_absent(&store, caller);
    }
}

/// The name points at what was acknowledged, or at what was asked for since.
fn settle(pointer: &mut Pointer, found: Option<ChunkId>) {
    let right = found == pointer.settled || pointer.asked.contains(&found);
    assert!(right, "{pointer:?} points at {found:?}");
    pointer.settled = found;
    pointer.asked.clear();
}

async fn database_is_sound(file: &Path) {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let rows = sqlx::query("pragma integrity_check").fetch_all(&mut connection).await.unwrap();
    let said: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(said, ["ok"]);
}

async fn names(catalog: &Catalog) -> Vec<Named> {
    let alice = RepositoryName::parse("alice").unwrap();
    match catalog.repository(&alice).await.unwrap() {
        Some(repository) => catalog.names(repository.id, "", 10_000).await.unwrap(),
        None => Vec::new(),
    }
}

/// Every object of the flist decodes and fits the others; every chunk is there and is what its id says.
fn flist_is_whole(store: &RocksStore, id: ChunkId) {
    verify(store, id, &VerifyLimits::default(), &[]).unwrap();
    let mut chunks = Vec::new();
    for entry in Tree::open(store, id).unwrap().walk(store) {
        if let Content::File { pieces: listed, .. } = &entry.unwrap().1.content {
            for piece in pieces(store, listed) {
                if let Piece::Chunk { id, .. } = piece.unwrap() {
                    chunks.push(id);
                }
            }
        }
    }
    let found = store.get(&chunks).unwrap();
    assert!(found.iter().all(Option::is_some), "{id} lost a chunk");
}

/// Reads whatever is left of all that was ever sent. It may be gone where nothing refers to it; what the
/// store says is there must be right.
fn everything_sent_is_sound_or_absent(store: &RocksStore, caller: &Caller) {
    let sent: Vec<ChunkId> = caller.sent.iter().copied().collect();
    for ids in sent.chunks(64) {
        let (known, found) = (store.stat(ids).unwrap(), store.get(ids).unwrap());
        for (known, found) in known.iter().zip(&found) {
            assert_eq!(known.is_some(), found.is_some());
        }
    }
}
