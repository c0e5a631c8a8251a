//! What the membership index costs: when a tree is taken in, when a client asks what is missing, and when a
//! tree is promoted into a repository that has it or has not. Each beside the same without the index.

mod elsewhere;
mod over_http;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use flisthub_flist::{Content, Manifest, Metadata, Piece, Pieces, TreeBuilder, TreePath};
use flisthub_flist::{VerifyLimits, hold_flist, verify};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore as _, Compressor, DEFAULT_LEVEL, InSession, Kind, Membership as _,
    Owner, Profile, Reach, RocksOptions, RocksStore, Session, SessionId, Sessions, SystemClock,
};
use tokio::runtime::Handle;

use crate::hub::Programs;
use crate::stats::Samples;

/// Repositories.
const OWN: Owner = 7;
const OTHER: Owner = 8;

/// A kind of tree: how many files, and bytes of each.
pub(crate) const TREES: [(usize, usize); 3] =
    [(100_000, 16), (50_000, 4 << 10), (20_000, 16 << 10)];

/// Ids in a question.
pub(crate) const ASKED: usize = 100_000;

/// Taking a tree in, in milliseconds: compressing, putting and the barrier, and the index.
#[derive(Debug, Default)]
pub(crate) struct Ingest {
    pub(crate) without: Samples,
    pub(crate) with: Samples,
    /// Of the latter, writing the index.
    pub(crate) hold: Samples,
}

/// Who holds what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// All is one pool: the index is not looked at.
    Anybody,
    /// The repository that is asked in.
    Own,
    /// Another that may be read.
    Readable,
    /// One that may not be read.
    Secret,
    /// It is not stored.
    Nobody,
}

impl Holder {
    pub(crate) const ALL: [Self; 5] =
        [Self::Anybody, Self::Own, Self::Readable, Self::Secret, Self::Nobody];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Anybody => "stored, one pool for all",
            Self::Own => "held by the repository",
            Self::Readable => "held by another that may be read",
            Self::Secret => "held by one that may not be read",
            Self::Nobody => "not stored",
        }
    }

    fn reach(self) -> Reach {
        match self {
            Self::Anybody => Reach::everything(),
            Self::Own | Self::Nobody => Reach::new(Some(OWN), |_| Ok(false)),
            Self::Readable => Reach::new(Some(OTHER), |owner| Ok(owner == OWN)),
            Self::Secret => Reach::new(Some(OTHER), |_| Ok(false)),
        }
    }

    fn is_missing(self) -> bool {
        matches!(self, Self::Secret | Self::Nobody)
    }
}

/// What was measured. Times in milliseconds, rates in ids a second.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) runs: u32,
    pub(crate) ingests: Vec<Ingest>,
    pub(crate) missing: Vec<Samples>,
    /// The repository asks for what it holds, after a start: nothing is remembered of the index.
    pub(crate) missing_first: Samples,
    /// Checking a tree of 100,000 files beside itself and entering it where it is not, and where it is.
    pub(crate) promote_new: Samples,
    pub(crate) promote_known: Samples,
    pub(crate) over_http: over_http::Results,
    pub(crate) elsewhere: elsewhere::Results,
}

/// Measures everything `runs` times.
pub(crate) fn measure(
    runs: u32,
    work: &Path,
    programs: &Programs,
    handle: &Handle,
) -> anyhow::Result<Results> {
    let directory = work.join("index");
    std::fs::create_dir(&directory)?;
    let mut results = Results { runs, ..Results::default() };
    results.ingests.resize_with(TREES.len(), Ingest::default);
    results.missing.resize_with(Holder::ALL.len(), Samples::default);
    for run in 1..=runs {
        eprintln!("the index: run {run} of {runs}");
        let place = directory.join(format!("store-{run}"));
        in_store(run, &place, &mut results)?;
        std::fs::remove_dir_all(&place)?;
    }
    over_http::measure(runs, &directory, programs, handle, &mut results)?;
    Ok(results)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn in_store(run: u32, place: &Path, results: &mut Results) -> anyhow::Result<()> {
    let store = RocksStore::open(place, &RocksOptions::default(), Arc::new(SystemClock))?;
    let store = Arc::new(store);
    let mut known = None;
    for (tree, ingest) in TREES.into_iter().zip(&mut results.ingests) {
        // Which of the two comes first changes from run to run.
        let indexed_first = run.is_multiple_of(2);
        for indexed in [indexed_first, !indexed_first] {
            let objects = objects(tree, (run, u32::from(indexed)))?;
            let flist = objects.last().map(Chunk::id).context("a manifest")?;
            let began = Instant::now();
            put(&store, &objects)?;
            if indexed {
                let holding = Instant::now();
                hold(&store, OWN, flist)?;
                ingest.hold.push(milliseconds(holding));
            }
            store.flush()?;
            let took = milliseconds(began);
            if indexed {
                ingest.with.push(took);
            } else {
                ingest.without.push(took);
            }
            if indexed && known.is_none() {
                known =
                    Some((flist, objects.iter().map(Chunk::id).take(ASKED).collect::<Vec<_>>()));
            }
        }
    }
    let (flist, ids) = known.context("a tree")?;
    drop(store);
    // As after a start of the hub.
    let store = Arc::new(RocksStore::open(place, &RocksOptions::default(), Arc::new(SystemClock))?);
    ask(&store, &ids, results)?;
    for took in [&mut results.promote_new, &mut results.promote_known] {
        let began = Instant::now();
        verify(&*store, flist, &VerifyLimits::default(), &[flist])?;
        hold(&store, OTHER, flist)?;
        store.flush()?;
        took.push(milliseconds(began));
    }
    Ok(())
}

fn hold(store: &RocksStore, owner: Owner, flist: ChunkId) -> anyhow::Result<()> {
    hold_flist(store, owner, flist, &mut Err)?;
    anyhow::ensure!(store.held(owner, &[flist])? == [true], "it is not held");
    Ok(())
}

/// Asks what is missing, in a session, as each kind of caller.
fn ask(store: &Arc<RocksStore>, ids: &[ChunkId], results: &mut Results) -> anyhow::Result<()> {
    let id = SessionId::random()?;
    let (owner, repository) = ("bench".to_owned(), "bench".to_owned());
    store.open_session(&Session { id, owner, repository, expires: u64::MAX })?;
    let absent: Vec<ChunkId> = ids.iter().map(|id| Kind::Content.id_of(id.as_bytes())).collect();
    // Once for the caches, then for the figure.
    for counts in [false, true] {
        for (holder, rates) in Holder::ALL.into_iter().zip(&mut results.missing) {
            let view = InSession::new(store.clone(), id, &holder.reach());
            let ids = if holder == Holder::Nobody { &absent[..] } else { ids };
            let began = Instant::now();
            let found = view.missing(ids)?.len();
            let seconds = began.elapsed().as_secs_f64();
            let expected = if holder.is_missing() { ids.len() } else { 0 };
            anyhow::ensure!(found == expected, "{holder:?}: {found} are said to be missing");
            #[expect(clippy::cast_precision_loss, reason = "a hundred thousand")]
            let rate = ids.len() as f64 / seconds;
            if counts {
                rates.push(rate);
            } else if holder == Holder::Own {
                results.missing_first.push(rate);
            }
        }
    }
    Ok(())
}

/// A tree's chunks and objects, the manifest last. Each has a content of its own.
fn objects((files, length): (usize, usize), seed: (u32, u32)) -> anyhow::Result<Vec<Chunk>> {
    let mut tree = TreeBuilder::new();
    let mut objects = Vec::new();
    for file in 0..files {
        let mut content = vec![0; length];
        let seed = format!("{seed:?} {length} {file}");
        blake3::Hasher::new().update(seed.as_bytes()).finalize_xof().fill(&mut content);
        let chunk = Chunk::new(Kind::Content, content)?;
        let length = chunk.length();
        let pieces = Pieces::Inline(vec![Piece::Chunk { id: chunk.id(), length }]);
        objects.push(chunk);
        let path = format!("directory-{:03}/file-{file:06}", file % 1000);
        let metadata = Metadata { mode: 0o644, ..Metadata::default() };
        let content = Content::File { size: length.into(), pieces };
        tree.add(&TreePath::parse(path.as_bytes())?, metadata, content)?;
    }
    let built = tree.finish(&mut |object| {
        objects.push(object);
        Ok(())
    })?;
    objects.push(Manifest::of(&built, Profile::default()).to_chunk()?);
    Ok(objects)
}

/// Puts objects as an upload does: asks what is missing, compresses, and writes.
fn put(store: &RocksStore, objects: &[Chunk]) -> anyhow::Result<()> {
    let mut compressor = Compressor::new(DEFAULT_LEVEL)?;
    for batch in objects.chunks(1024) {
        let ids: Vec<ChunkId> = batch.iter().map(Chunk::id).collect();
        anyhow::ensure!(store.missing(&ids)?.len() == ids.len(), "it is new");
        let frames: Result<Vec<_>, _> = batch.iter().map(|one| compressor.compress(one)).collect();
        store.put(&frames?)?;
    }
    Ok(())
}
