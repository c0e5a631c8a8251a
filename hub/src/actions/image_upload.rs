//! An image that comes in a request's body: an archive that `docker save` wrote, or an OCI layout in a tar
//! archive. It is spooled to the hub's disk, since its parts come in any order, then converted and published.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use flisthub_converter::IngestOptions;
use flisthub_converter::image::{
    ConvertOptions, Converted, LocalSource, NoCache, Spool, convert_image,
};
use flisthub_storage::InSession;
use futures_util::Stream;

use super::conversions::given_platform;
use super::convert::{Conversion, published};
use super::error::ActionError;
use super::feed::{FeedReader, Pumped, feed};
use super::publish::expect;
use super::sessions::{self, OwnSession};
use super::{reach, resolve, upload};
use crate::auth::{Caller, Right};
use crate::catalog::Condition;
use crate::images;
use crate::name::FlistName;
use crate::state::Hub;

/// What messages call the archive.
const PLACE: &str = "the uploaded archive";

/// What is asked for beside the archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Which of the archive's images, by its name or tag; `None`: the only one.
    pub tag: Option<String>,
    /// For which platform; `None`: the hub's own.
    pub platform: Option<String>,
    /// Whether to add a `.startup.toml`.
    pub startup: bool,
    /// What must be true of the name.
    pub condition: Condition,
}

/// Says, once it is dropped, that nobody waits for the conversion any more.
#[derive(Default)]
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Takes the archive in, and makes the target, a repository and a name, point at the image's flist.
pub async fn take(
    hub: &Hub,
    caller: &Caller,
    target: (&str, &str),
    asked: Asked,
    body: &mut (impl Stream<Item = Result<Bytes, ActionError>> + Unpin),
) -> Result<Conversion, ActionError> {
    let started = Instant::now();
    let repository = resolve::repository(hub, caller, Right::Write, target.0).await?;
    let name = FlistName::parse(target.1)?;
    let platform = given_platform(hub, asked.platform.as_deref())?;
    // After all that may be wrong with the request itself (RFC 9110, 13.2.1).
    expect(hub, &repository, &name, &asked.condition).await?;
    let running = sessions::place(hub)?;
    let session = sessions::open_in(hub, caller, &repository).await?;
    let session = OwnSession::new(hub, &session);
    let gone = Gone::default();
    let options = ConvertOptions {
        ingest: IngestOptions { cancel: Some(Arc::clone(&gone.0)), ..upload::options(hub) },
        layer_bytes: hub.config.limits.upload_bytes,
        platform,
        layers_at_a_time: hub.config.images.layers_at_a_time,
        startup: asked.startup,
        parts: None,
    };
    let reach = reach::of(hub, caller, &repository).with_session(session.id());
    let store = session.view(&reach);
    let directory = images::spool(hub).map_err(ActionError::internal)?;
    let spool =
        Spool { directory, limits: options.ingest.limits, cancel: Some(Arc::clone(&gone.0)) };
    let (feed, reader) = feed();
    let mut work = tokio::task::spawn_blocking(move || {
        let _running = running;
        convert(reader, asked.tag.as_deref(), &spool, (&store, &options))
    });
    let converted = match feed.pump(body, hub.config.limits.upload_bytes).await? {
        Pumped::Whole => {
            feed.end().await;
            work.await??
        }
        // It has seen enough to know that nothing comes of it.
        Pumped::ReaderGone => (&mut work).await??,
    };
    let target = (repository, name);
    let how = (None, asked.condition);
    let published = published(hub, caller, (&converted, reach), target, how).await?;
    Ok(Conversion { converted, published, seconds: started.elapsed().as_secs_f64() })
}

fn convert(
    reader: FeedReader,
    tag: Option<&str>,
    spool: &Spool,
    (store, options): (&InSession, &ConvertOptions),
) -> Result<Converted, ActionError> {
    let read = LocalSource::read(reader, PLACE, tag, spool);
    let source = read.map_err(ActionError::of_image)?;
    convert_image(&source, store, &NoCache, options).map_err(ActionError::of_image)
}
