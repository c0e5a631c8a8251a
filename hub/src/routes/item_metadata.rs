//! What is said of a name's STAC item through the native API. The items themselves are in `routes::stac`.

use axum::Json;
use axum::extract::{Path, State};
use flisthub_flist::wire::{ItemMetadata, ItemMetadataInfo};

use super::extract::JsonBody;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use crate::actions::items::settings;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::Hub;

type Answer = Result<Json<ItemMetadataInfo>, ApiError>;

errors! {
    /// A category that this hub does not have, or too much of everything.
    Setting { 400 BAD_METADATA }
}

/// What is said of a name's item, and what became of it.
///
/// The collections are those that the item is in, whoever said so; the warnings tell what is wrong with the metadata, in
/// the name's files too.
#[utoipa::path(
    get, path = "/flists/{repository}/{name}/metadata", operation_id = "get_metadata", tag = "names",
    params(params::Name),
    responses(
        (status = 200, description = "What was set, and what became of it.", body = ItemMetadataInfo, example = json!({
            "repository": "alice", "name": "flood", "categories": ["dataset"], "metadata": {"license": "MIT"},
            "collections": ["dataset"], "warnings": [],
        })),
        errors::Caller, errors::Named, errors::Timed,
    ),
)]
pub(super) async fn get(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Answer {
    Ok(Json(settings::get(&hub, &caller, (&repository, &name)).await?))
}

/// Says what a name's item is to say, in the place of what was said here before.
///
/// It weighs more than what the name's files say. `categories` are the collections in which the name is an item; without
/// them its files or its repository say so. What is set goes with the name when it is renamed, and is gone when it is
/// deleted, until an undelete brings it back.
#[utoipa::path(
    put, path = "/flists/{repository}/{name}/metadata", operation_id = "set_metadata", tag = "names",
    params(params::Name), security(("bearer" = [])),
    request_body(content = ItemMetadata, example = json!({"categories": ["dataset"], "metadata": {"license": "MIT"}})),
    responses(
        (status = 200, description = "What is set, and what became of it.", body = ItemMetadataInfo),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::JsonBody, errors::Writes, Setting,
    ),
)]
pub(super) async fn put(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    JsonBody(asked): JsonBody<ItemMetadata>,
) -> Answer {
    Ok(Json(settings::put(&hub, &caller, (&repository, &name), asked).await?))
}

/// Forgets what was set: from then on only the name's files and its repository say what its item is.
#[utoipa::path(
    delete, path = "/flists/{repository}/{name}/metadata", operation_id = "forget_metadata", tag = "names",
    params(params::Name), security(("bearer" = [])),
    responses(
        (status = 200, description = "What became of it.", body = ItemMetadataInfo),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Writes,
    ),
)]
pub(super) async fn remove(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
) -> Answer {
    let nothing = ItemMetadata::default();
    Ok(Json(settings::put(&hub, &caller, (&repository, &name), nothing).await?))
}
