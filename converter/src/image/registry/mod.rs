//! Images straight from a registry, without a daemon (OCI distribution specification 1.1; Docker registry
//! HTTP API, version 2).
//!
//! A client of its own, because a reference comes from anybody and makes this program connect: every
//! address on the way, token servers and redirects included, passes [`Outbound`] before it is connected
//! to, and the names in it are resolved by a resolver that refuses what is not public. A ready-made
//! client leaves one or the other to chance. `docs/images.md` says what the rules are.

mod access;
mod address;
mod challenge;
mod credentials;
mod layer;
mod options;
mod outbound;
mod resolver;
mod session;
mod target;
mod transport;
mod well_known;

use std::future::Future;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::Handle;

pub use credentials::Credentials;
pub use options::{Registries, RegistryOptions, SetupError};
pub use outbound::Outbound;

use self::session::{Page, Session};
use super::config::MAX_CONFIG;
use super::{
    Blob, Document, Image, ImageError, ImageSource, Parts, Platform, choose, read_document,
};

/// How deep indexes may lie in one another.
const MAX_INDEXES: usize = 2;

/// One image of a registry.
///
/// Its calls block, and are for threads that may: `spawn_blocking`, not a task.
pub struct RegistrySource {
    session: Arc<Session>,
    handle: Handle,
    cancel: Cancel,
}

/// Set to true by anyone who wants no more of it; looked at while a registry is waited for.
type Cancel = Arc<AtomicBool>;

/// How often that is.
const TICK: Duration = Duration::from_millis(200);

impl RegistrySource {
    /// The image `text`: `debian`, `ghcr.io/owner/name:tag`, `host:port/name@sha256:…`. Connects to
    /// nothing yet. `handle` is the runtime that does the network's work.
    pub fn new(
        registries: &Registries,
        text: &str,
        credentials: Option<Credentials>,
        handle: Handle,
    ) -> Result<Self, ImageError> {
        let session = Arc::new(Session::new(registries, text, credentials)?);
        Ok(Self { session, handle, cancel: Cancel::default() })
    }

    /// Ends what waits for the registry soon after `cancel` is set.
    #[must_use]
    pub fn cancelled_by(self, cancel: Arc<AtomicBool>) -> Self {
        Self { cancel, ..self }
    }

    /// The reference in full: `docker.io/library/debian:latest` for `debian`.
    pub fn reference(&self) -> String {
        self.session.target.whole()
    }

    /// The registry as the reference names it: `docker.io`, `host:port`. Credentials are kept under it.
    pub fn registry(&self) -> &str {
        self.session.target.registry()
    }

    /// The digest of the index or manifest that the reference points at now.
    pub fn resolve_digest(&self) -> Result<super::Digest, ImageError> {
        let session = Arc::clone(&self.session);
        let limit = session.shared.options.resolve_limit;
        self.run(async move { within(&session, limit, session.resolve()).await })
    }

    /// Does work on the runtime and waits for it.
    fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ImageError>> + Send + 'static,
    ) -> Result<T, ImageError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let task = self.handle.spawn(async move {
            // It is waited for below, unless nobody wants it any more.
            let _ = sender.send(work.await);
        });
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(done) => return done,
                Err(mpsc::RecvTimeoutError::Timeout) if self.cancel.load(Relaxed) => {
                    task.abort();
                    return Err(ImageError::Cancelled);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                // A runtime that ends drops the task.
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(ImageError::Internal(io::Error::other("the program is ending")));
                }
            }
        }
    }
}

impl ImageSource for RegistrySource {
    fn image(&self, platform: &Platform) -> Result<Image, ImageError> {
        let session = Arc::clone(&self.session);
        let platform = platform.clone();
        self.run(async move { find(&session, &platform).await })
    }

    fn layer(&self, image: &Image, index: usize) -> Result<Box<dyn Read + Send + '_>, ImageError> {
        let blob = image.layers.get(index).and_then(|layer| layer.blob);
        let blob = blob.ok_or_else(|| ImageError::Bad {
            what: "the image",
            reason: format!("a registry holds no layer {} of it", index.saturating_add(1)),
        })?;
        let session = Arc::clone(&self.session);
        let answer = self.run(async move {
            let limit = session.shared.options.document_limit;
            within(&session, limit, layer::open(&session, blob)).await
        })?;
        let session = Arc::clone(&self.session);
        let reader = layer::start(&self.handle, session, blob, answer);
        Ok(Box::new(reader.cancelled_by(Arc::clone(&self.cancel))))
    }
}

/// Finds the image for a platform and reads its configuration.
async fn find(session: &Session, platform: &Platform) -> Result<Image, ImageError> {
    let limit = session.shared.options.document_limit;
    let (page, parts) = find_manifest(session, platform).await?;
    let Blob { size, .. } = parts.config;
    if size > MAX_CONFIG as u64 {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        return Err(ImageError::ConfigTooLarge { size, most: MAX_CONFIG });
    }
    let reading = session.small_blob("the image's configuration", parts.config);
    let config = within(session, limit, reading).await?;
    Image::of_manifest(session.target.whole(), page.digest, &parts, config, platform)
}

async fn find_manifest(
    session: &Session,
    platform: &Platform,
) -> Result<(Page, Parts), ImageError> {
    let limit = session.shared.options.document_limit;
    let (mut key, mut expected) = (session.target.manifest_key(), None);
    for _ in 0..=MAX_INDEXES {
        let page = within(session, limit, session.manifest(&key, expected)).await?;
        match read_document(&page.bytes, page.media_type.as_deref())? {
            Document::Manifest(parts) => return Ok((page, parts)),
            Document::Index(candidates) => {
                let blob = choose(&candidates, platform)?.blob;
                (key, expected) = (blob.digest.to_string(), Some(blob));
            }
        }
    }
    let reason = format!("more than {MAX_INDEXES} lie in one another");
    Err(ImageError::Bad { what: "the image's index", reason })
}

/// Bounds what a registry can make a caller wait.
async fn within<T>(
    session: &Session,
    limit: Duration,
    work: impl Future<Output = Result<T, ImageError>>,
) -> Result<T, ImageError> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let host = session.target.registry().to_owned();
        let reason = format!("it has not answered for {} seconds", limit.as_secs());
        Err(ImageError::Unreachable { host, reason })
    })
}
