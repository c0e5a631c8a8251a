//! Whether a file is UTF-8, which only its content says.

use std::str;

use bytes::Bytes;
use flisthub_flist::File;
use futures_util::TryStreamExt as _;

use super::parts::Step;
use super::reading::{Reading, read};
use crate::actions::error::ActionError;
use crate::state::Hub;

/// The longest file that is looked at, in bytes: one batch.
const LOOKED_AT: u64 = 1 << 20;

/// Whether all of a file is known to be UTF-8. Of a large file it is not.
pub async fn is_text(hub: &Hub, file: &File) -> Result<bool, ActionError> {
    if file.size > LOOKED_AT {
        return Ok(false);
    }
    let content = file.content_id();
    if let Some(is_text) = hub.objects.is_text(&content) {
        return Ok(is_text);
    }
    let is_text = match read(hub, file, &[Step::Content(0..file.size)]).await? {
        Reading::Whole(bytes) => str::from_utf8(&bytes).is_ok(),
        Reading::Parts(parts) => {
            let parts: Vec<Bytes> = parts.try_collect().await?;
            str::from_utf8(&parts.concat()).is_ok()
        }
    };
    hub.objects.remember_text(content, is_text);
    Ok(is_text)
}
