//! Thumbnails of rasters. Whoever asks has opened the file, and so may read it.

use bytes::Bytes;
use flisthub_flist::File;
use tokio::task::spawn_blocking;

use crate::actions::error::ActionError;
use crate::actions::running::turn;
use crate::actions::still;
use crate::auth::Caller;
use crate::error::Code;
use crate::stac::{self, ThumbnailError};
use crate::state::Hub;

/// The thumbnail of a file as PNG, with at most so many pixels on its longer side: one that was made lately, or made in
/// one of the places of searches. It keeps its place until it is made, also if nobody waits for it any more.
pub async fn thumbnail(
    hub: &Hub,
    caller: &Caller,
    (repository, file): (&str, &File),
    side: u32,
) -> Result<Bytes, ActionError> {
    let content = file.content_id();
    if let Some(kept) = hub.thumbnails.get(content, side) {
        return Ok(kept);
    }
    let place = turn(hub, Some(&hub.limits.searches), &hub.searches).await?;
    // The place may have taken a while.
    still::may_read(hub, caller, repository).await?;
    // Somebody else may have waited for the same.
    if let Some(kept) = hub.thumbnails.get(content, side) {
        return Ok(kept);
    }
    let (of_hub, file) = (hub.clone(), file.clone());
    let making = spawn_blocking(move || {
        let made = stac::thumbnail(&*of_hub.store, &file, side).map(Bytes::from);
        if let Ok(picture) = &made {
            of_hub.thumbnails.keep(content, side, picture.clone());
        }
        drop(place);
        made
    });
    making.await?.map_err(told)
}

fn told(error: ThumbnailError) -> ActionError {
    match error {
        ThumbnailError::Load(error) => ActionError::of_load(error),
        other => {
            if matches!(other, ThumbnailError::Failed) {
                tracing::error!("the reader of rasters fails at a file");
            }
            ActionError::Unprocessable { code: Code::NO_THUMBNAIL, message: other.to_string() }
        }
    }
}
