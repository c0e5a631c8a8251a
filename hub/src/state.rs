//! What the running hub is made of. Handlers and actions get it; nothing is global.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flisthub_storage::{ChunkId, Clock, Maintain, RocksOptions, RocksStore};
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use crate::auth::Passwords;
use crate::auth::jwt::Verifier;
use crate::backup;
use crate::catalog::{Catalog, CatalogError, FlistFacts, Location};
use crate::config::Config;
use crate::cursors::Cursors;
use crate::data::DataDirectory;
use crate::ending::Ending;
use crate::gate::Gate;
use crate::images::Images;
use crate::jobs::{Jobs, Kinds};
use crate::limits::Limits;
use crate::listening::Listening;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::place::{self, PlaceError};
use crate::remembered::Remembered;
use crate::signatures::Signatures;
use crate::stac::{Settings, SettingsError, load_settings};
use crate::thumbnails::Thumbnails;
use crate::unpublished::Unpublished;

/// Bytes of SQLite's header: a shorter file is none to SQLite, which makes a new database of it.
const SMALLEST_CATALOG: u64 = 100;

/// Exports that run at a time. Each has some threads that pack, and up to about 64 MiB.
pub(crate) const EXPORTS: usize = 4;

/// Searches of items that run at a time: fewer than the catalog has connections, so that all else goes on beside them.
pub(crate) const SEARCHES: usize = 4;

/// Flists that are read whole at a time to find out facts of them.
pub(crate) const SURVEYS: usize = 2;

/// Flists whose facts are remembered, about 100 bytes each.
const FACTS: usize = 100_000;

/// The hub. Cheap to clone; clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    /// Users, repositories, names.
    pub catalog: Catalog,
    /// Chunks, tree objects, upload sessions.
    pub store: Arc<dyn Maintain>,
    /// The same, as what it is: a store that bounds what each user has sent and not published.
    pub unpublished: Arc<Unpublished>,
    /// Between publishes and the sweep.
    pub gate: Arc<Gate>,
    /// Long tasks: upkeep one at a time, conversions beside it.
    pub jobs: Arc<Jobs>,
    /// What the conversion of images needs.
    pub images: Arc<Images>,
    /// What a backup copies; `None` for a hub that was put together from its parts.
    pub disk: Option<Arc<Disk>>,
    /// What was read of flists by path.
    pub objects: Arc<Objects>,
    /// Hides in cursors what counts others' work.
    pub cursors: Arc<Cursors>,
    /// Shows of addresses that they were given out here.
    pub signatures: Arc<Signatures>,
    /// What was found of repositories and names.
    pub remembered: Arc<Remembered>,
    /// What was found out of flists that somebody asked for.
    pub facts: Arc<Cache<ChunkId, FlistFacts>>,
    /// Thumbnails that were made lately.
    pub thumbnails: Arc<Thumbnails>,
    /// Whether the hub serves although it lost something: then nothing is taken for whole because a name
    /// points at it. It stays so, over restarts, until a scrub finds everything there.
    pub lossy: Arc<AtomicBool>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The configuration.
    pub config: Arc<Config>,
    /// What the STAC catalogue is called, and which categories it has.
    pub stac: Arc<Settings>,
    /// What is counted of its work.
    pub metrics: Arc<Metrics>,
    /// Whether it stops.
    pub ending: Ending,
    /// Who else may say who is calling.
    pub issuers: Arc<Verifier>,
    /// Where it listens.
    pub listening: Listening,
    /// What each caller took.
    pub limits: Arc<Limits>,
    /// Where passwords are worked on.
    pub passwords: Arc<Passwords>,
    /// One permit for each archive upload that may run.
    pub uploads: Arc<Semaphore>,
    /// One permit for each request that may take in chunks at a time.
    pub writers: Arc<Semaphore>,
    /// One permit for each request that may give out chunks or flists at a time. Readers need no token,
    /// so they wait for each other and never hold up a push.
    pub readers: Arc<Semaphore>,
    /// One permit for each export or diff that may run. They read whole trees, and need no token either: they
    /// have places of their own.
    pub exports: Arc<Semaphore>,
    /// One permit for each search of items that may run.
    pub searches: Arc<Semaphore>,
    /// One permit for each flist that may be read whole to find out facts of it. Who asks needs no token, and
    /// must not hold up other readers.
    pub surveys: Arc<Semaphore>,
    /// One permit for each question of which ids are missing that may be answered at a time. It asks the store and
    /// the catalog, on a thread that others need too.
    pub questions: Arc<Semaphore>,
    /// One permit for each flist that may be checked before it is published.
    pub publishes: Arc<Semaphore>,
}

/// What a hub has on disk.
pub struct Disk {
    /// The data directory.
    pub data: DataDirectory,
    /// The chunk store in it.
    pub store: Arc<RocksStore>,
}

/// Why a hub cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The chunk store cannot be opened.
    #[error(transparent)]
    Store(#[from] flisthub_storage::StoreError),
    /// The catalog cannot be opened.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Nor can it be found.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// What the STAC catalogue is cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The catalog is gone, but not the chunks. A new one would name none of them, and a sweep would
    /// delete them all.
    #[error(
        "{0}: the catalog is missing or empty, but the chunk store holds objects; restore the data \
         directory from a backup"
    )]
    CatalogGone(std::path::PathBuf),
    /// The store lost what was acknowledged.
    #[error(
        "{name} points at flist {flist}, which is not in the chunk store: its log is damaged, or part \
         of it was lost. Restore the data directory from a backup. Without one, `flisthub scrub` \
         names what is lost, and `flisthub serve --accept-loss` serves the rest and takes lost \
         content in again when it is pushed"
    )]
    Lost {
        /// The first such name.
        name: String,
        /// What it points at.
        flist: flisthub_storage::ChunkId,
    },
}

impl Hub {
    /// Opens what is in a data directory. Takes the same time however much that is.
    pub async fn open(
        data: &DataDirectory,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let stac = Arc::new(load_settings(&config.stac.config)?);
        let options = RocksOptions {
            block_cache: config.store.block_cache_bytes,
            write_buffers: config.store.write_buffer_bytes,
            chunk_cache: config.store.chunk_cache_bytes,
            grace: config.store.grace_seconds,
            blob_gc_percent: config.store.reclaim_garbage_percent,
            blob_gc_rate: config.store.reclaim_bytes_per_second,
            open_files: config.store.open_files,
            ..RocksOptions::default()
        };
        // The store first: it admits one process, so a second hub stops here.
        let store = Arc::new(RocksStore::open(&data.chunks(), &options, Arc::clone(&clock))?);
        if let Location::File(file) = place::location(data, &config.catalog)? {
            let length = std::fs::metadata(&file).map_or(0, |found| found.len());
            if length < SMALLEST_CATALOG && !store.rows(None, 1)?.is_empty() {
                return Err(OpenError::CatalogGone(file));
            }
        }
        let catalog = place::open(data, &config.catalog).await?;
        let lossy = match Self::take_over(data, &store, &catalog).await {
            Ok(lossy) => Arc::new(AtomicBool::new(lossy)),
            Err(error) => {
                // The next one that starts need not wait for a lease that nobody uses.
                catalog.close().await;
                return Err(error);
            }
        };
        let disk = Arc::new(Disk { data: data.clone(), store: Arc::clone(&store) });
        Ok(Self { disk: Some(disk), lossy, stac, ..Self::new(catalog, store, clock, config) })
    }

    /// Takes the lease of the catalog. Says whether the hub serves although it lost something.
    async fn take_over(
        data: &DataDirectory,
        store: &RocksStore,
        catalog: &Catalog,
    ) -> Result<bool, OpenError> {
        catalog.hold().await?;
        backup::clear(data.path());
        store.belongs_to(&catalog.hub_id().await?)?;
        Ok(catalog.loss_accepted().await?)
    }

    /// What absolute links to the hub begin with, without a `/` at the end.
    pub fn public_url(&self) -> String {
        self.listening.public_url(&self.config)
    }

    /// Serves although something is lost, and remembers so.
    pub async fn accept_loss(&self) -> Result<(), CatalogError> {
        self.lossy.store(true, Ordering::SeqCst);
        self.catalog.set_loss_accepted(true).await
    }

    /// A scrub found everything there that names need.
    pub async fn nothing_lost(&self) -> Result<(), CatalogError> {
        self.catalog.set_loss_accepted(false).await?;
        self.lossy.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Puts a hub together from its parts.
    pub fn new(
        catalog: Catalog,
        store: Arc<dyn Maintain>,
        clock: Arc<dyn Clock>,
        config: Config,
    ) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        let limits = &config.limits;
        let grace = config.store.grace_seconds;
        let unpublished = Unpublished::new(store, limits, grace, Arc::clone(&clock));
        let unpublished = Arc::new(unpublished);
        Self {
            limits: Arc::new(Limits::new(limits, Arc::clone(&clock))),
            passwords: Arc::default(),
            issuers: Arc::new(Verifier::new(&config.issuers)),
            uploads: places(limits.uploads),
            writers: places(limits.transfers),
            readers: places(limits.transfers),
            exports: places(EXPORTS),
            searches: places(SEARCHES),
            surveys: places(SURVEYS),
            questions: places(limits.transfers),
            publishes: places(limits.publishes),
            jobs: Arc::new(Jobs::new(Arc::new(Kinds))),
            metrics: Arc::default(),
            ending: Ending::default(),
            images: Arc::default(),
            objects: Arc::new(Objects::new(config.store.read_cache_bytes)),
            cursors: Arc::default(),
            signatures: Arc::default(),
            remembered: Arc::default(),
            facts: Arc::new(Cache::new(FACTS)),
            thumbnails: Arc::default(),
            lossy: Arc::default(),
            disk: None,
            gate: Arc::default(),
            catalog,
            store: Arc::clone(&unpublished) as Arc<dyn Maintain>,
            unpublished,
            clock,
            stac: Arc::default(),
            listening: Listening::default(),
            config: Arc::new(config),
        }
    }
}
