//! The conversion of an image, as a job does it: from its source into an upload session of its own, then
//! published. Whatever goes wrong, the session ends and no name changes.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use flisthub_converter::IngestOptions;
use flisthub_converter::image::{
    ConvertOptions, Converted, EngineKind, EngineSource, ImageError, ImageSource, LayerCache,
    NoCache, Platform, Spool, convert_image,
};
use flisthub_storage::{ChunkStore, InSession, Monitor, Part, Progress, Reach};
use tokio::runtime::Handle;

use super::conversions::given_platform;
use super::error::{ActionError, Thing};
use super::items::Set;
use super::publish::{Publication, Published, publish};
use super::registries::registry_source;
use super::sessions::{self, OwnSession};
use super::still;
use super::{reach, resolve};
use crate::auth::{Caller, Credential, Identity, Origin, Right, Scope};
use crate::catalog::{Condition, RepositoryRow, Source};
use crate::error::chain;
use crate::images::{self, KnownLayers, LayerFiles};
use crate::jobs::{ConvertSpec, ImageFrom};
use crate::name::FlistName;
use crate::state::Hub;

/// How often it is looked whether the conversion should end.
const TICK: Duration = Duration::from_millis(200);

/// Why an image was not converted.
#[derive(Debug, thiserror::Error)]
pub enum ConversionError {
    /// The image, or where it should be.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The hub.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// The credentials came to an earlier process.
    #[error(
        "the hub was started anew since this was asked for, and credentials are never written down; ask \
         for it again"
    )]
    CredentialsGone,
}

/// A published image.
#[derive(Debug)]
pub struct Conversion {
    /// The image, its flist, and what it took.
    pub converted: Converted,
    /// The name that points at it.
    pub published: Published,
    /// How long it took.
    pub seconds: f64,
}

/// Converts an image and publishes what comes out. Blocks: call it on a blocking thread of the runtime.
pub fn convert(
    hub: &Hub,
    spec: &ConvertSpec,
    monitor: &dyn Monitor,
) -> Result<Conversion, ConversionError> {
    let started = Instant::now();
    let handle = Handle::current();
    let (caller, repository) = handle.block_on(who_and_where(hub, spec))?;
    let session = handle.block_on(sessions::open_in(hub, &caller, &repository))?;
    let session = OwnSession::new(hub, &session);
    let reach = reach::of(hub, &caller, &repository).with_session(session.id());
    let work = Work { hub, spec, caller: &caller, session: &session, reach: &reach, monitor };
    let mut converted = work.run(true)?;
    let name = FlistName::parse(&spec.name).map_err(ActionError::from)?;
    let target = || (repository.clone(), name.clone());
    cancelled(monitor)?;
    monitor.progress(Progress { phase: "publish", done: 0, total: None });
    let publish = |converted: &Converted| {
        let made = (converted, reach.clone());
        let how = (spec.categories.clone(), Condition::NONE);
        handle.block_on(published(hub, &caller, made, target(), how))
    };
    let mut done = publish(&converted);
    if converted.reused > 0 && matches!(done, Err(ActionError::Missing(_))) {
        monitor.note("a known layer is no longer whole; all layers are fetched".to_owned());
        converted = work.run(false)?;
        done = publish(&converted);
    }
    let published = done?;
    work.keep_layers(&converted, &repository);
    Ok(Conversion { converted, published, seconds: started.elapsed().as_secs_f64() })
}

/// The last moment at which nothing is changed yet.
fn cancelled(monitor: &dyn Monitor) -> Result<(), ImageError> {
    if monitor.cancelled() { Err(ImageError::Cancelled) } else { Ok(()) }
}

/// Publishes an image's flist, which was made with that reach, and remembers which layers it is made of.
pub(super) async fn published(
    hub: &Hub,
    caller: &Caller,
    (converted, reach): (&Converted, Reach),
    (repository, name): (RepositoryRow, FlistName),
    (categories, condition): (Option<Vec<String>>, Condition),
) -> Result<Published, ActionError> {
    let manifest = converted.ingested.flist;
    let detail = Some(converted.image.with_digest());
    let repository_id = repository.id;
    let new = Publication::new(hub, caller, repository, name, Source::Convert, manifest);
    let set = Set::of(categories);
    let new = Publication { detail, reach, set, condition, ..new };
    let published = publish(hub, new).await?;
    let layers: Vec<String> =
        converted.image.layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    // It is published: the next image fetches its layers again, and that is all.
    if let Err(error) = hub.catalog.set_image_layers(repository_id, manifest, &layers).await {
        tracing::warn!(error = chain(&error), flist = %manifest, "layers are not remembered");
    }
    Ok(published)
}

/// Who asked, and the repository that they asked for, if they may still write to it: a job may have waited
/// for long.
async fn who_and_where(
    hub: &Hub,
    spec: &ConvertSpec,
) -> Result<(Caller, RepositoryRow), ActionError> {
    let user = hub.catalog.user_by_id(spec.user_id).await?;
    let user = user.filter(|account| account.disabled.is_none());
    let user = user.ok_or_else(|| ActionError::not_found(Thing::User, "who asked for this"))?.user;
    let caller = Caller::User(Box::new(Identity {
        user,
        scope: if spec.admin { Scope::Admin } else { Scope::Write },
        only: spec.only.clone(),
        member_of: spec.member_of.clone(),
        acts_for: None,
        credential: Credential::Job { token: spec.token },
        origin: Origin::default(),
    }));
    let repository = resolve::repository(hub, &caller, Right::Write, &spec.repository).await?;
    still::may_write(hub, &caller, &repository).await?;
    Ok((caller, repository))
}

/// One conversion.
struct Work<'a> {
    hub: &'a Hub,
    spec: &'a ConvertSpec,
    caller: &'a Caller,
    session: &'a OwnSession,
    reach: &'a Reach,
    monitor: &'a dyn Monitor,
}

impl Work<'_> {
    /// Converts, with the layers that are known already or without.
    fn run(&self, with_known: bool) -> Result<Converted, ConversionError> {
        let hub = self.hub;
        let platform = given_platform(hub, self.spec.platform.as_deref())?;
        self.monitor.note(format!("converting {} for {platform}", self.spec.image));
        let cancel = Arc::new(AtomicBool::new(false));
        let source = self.source(&cancel)?;
        let store = self.session.view(self.reach);
        let known = self.known(&store).filter(|_| with_known);
        let cache: &dyn LayerCache = known.as_ref().map_or(&NoCache, |known| known);
        let converted = self.watched(&*source, &store, cache, (platform, &cancel))?;
        self.monitor.note(format!(
            "{} has {} layers, {} of them known already",
            converted.image.with_digest(),
            converted.image.layers.len(),
            converted.reused
        ));
        Ok(converted)
    }

    /// The layers that are known on this hub.
    fn known<'a>(&'a self, store: &'a InSession) -> Option<KnownLayers<'a>> {
        let (hub, disk) = (self.hub, self.hub.disk.as_ref()?);
        let most = hub.config.images.layer_cache_bytes;
        let files = LayerFiles::new(disk.data.layers(), most, hub.clock.now());
        let (caller, handle) = (self.caller, Handle::current());
        Some(KnownLayers { hub, caller, store, files, handle })
    }

    /// Lets the repository hold the layers too: what later layers of the image replaced is not in its flist,
    /// and whoever may read the image may use its layers again.
    fn keep_layers(&self, converted: &Converted, repository: &RepositoryRow) {
        let store = self.session.view(self.reach);
        let (Some(known), Some(owner)) = (self.known(&store), reach::owner(repository.id)) else {
            return;
        };
        // As in a publish: the store is not opened again between the rows below and those above.
        let _inside = Handle::current().block_on(self.hub.gate.enter());
        for layer in &converted.image.layers {
            if let Err(error) = known.keep(&layer.diff_id, owner) {
                let error = chain(&error);
                tracing::warn!(error, layer = %layer.diff_id, "a layer is not kept for its readers");
            }
        }
    }

    fn source(&self, cancel: &Arc<AtomicBool>) -> Result<Box<dyn ImageSource>, ConversionError> {
        let (hub, spec) = (self.hub, self.spec);
        let (kind, socket) = match spec.source {
            ImageFrom::Registry => {
                let credentials = match &spec.credentials {
                    None => None,
                    Some(fingerprint) => {
                        let held = hub.images.vault.get(fingerprint);
                        Some(held.ok_or(ConversionError::CredentialsGone)?)
                    }
                };
                let image = pinned(&spec.image, spec.digest.as_deref());
                let source = registry_source(hub, &image, credentials)?;
                return Ok(Box::new(source.cancelled_by(Arc::clone(cancel))));
            }
            ImageFrom::Docker => (EngineKind::Docker, &hub.config.images.docker_socket),
            ImageFrom::Podman => (EngineKind::Podman, &hub.config.images.podman_socket),
        };
        let directory = images::spool(hub).map_err(ActionError::internal)?;
        let limits = hub.config.limits.archive();
        let spool = Spool { directory, limits, cancel: Some(Arc::clone(cancel)) };
        let source = EngineSource::new(kind, socket, &spec.image, spool, Handle::current())?;
        Ok(Box::new(source))
    }

    /// Converts while another thread tells how far it is, and hears whether it should end.
    fn watched(
        &self,
        source: &dyn ImageSource,
        store: &dyn ChunkStore,
        cache: &dyn LayerCache,
        (platform, cancel): (Platform, &Arc<AtomicBool>),
    ) -> Result<Converted, ImageError> {
        let latest: Arc<Mutex<Vec<Part>>> = Arc::default();
        let told = Arc::clone(&latest);
        let options = ConvertOptions {
            ingest: IngestOptions {
                cancel: Some(Arc::clone(cancel)),
                ..super::upload::options(self.hub)
            },
            layer_bytes: self.hub.config.limits.upload_bytes,
            platform,
            layers_at_a_time: self.hub.config.images.layers_at_a_time,
            startup: self.spec.startup,
            parts: Some(Arc::new(move |parts: &[Part]| {
                parts.clone_into(&mut told.lock().unwrap_or_else(PoisonError::into_inner));
            })),
        };
        let (end, ended) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let latest = &latest;
            scope.spawn(move || {
                // Ends when the sender below is dropped.
                while ended.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                    self.tell(latest);
                    if self.monitor.cancelled() {
                        cancel.store(true, Relaxed);
                    }
                }
                self.tell(latest);
            });
            let converted = convert_image(source, store, cache, &options);
            drop(end);
            converted
        })
    }

    fn tell(&self, latest: &Mutex<Vec<Part>>) {
        let parts = latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let done = parts.iter().map(|part| part.done).sum();
        let total = parts.iter().map(|part| part.total).sum();
        self.monitor.progress(Progress { phase: "layers", done, total });
        self.monitor.parts(&parts);
    }
}

/// The image by the digest that its name stood for when the job was asked for.
fn pinned(image: &str, digest: Option<&str>) -> String {
    match digest {
        Some(digest) if !image.contains('@') => format!("{image}@{digest}"),
        _ => image.to_owned(),
    }
}
