//! `POST /api/v1/flists/{repository}/{name}/flist-file`: a `.flist` file as the request's body.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{ETAG, HeaderName};
use axum::response::AppendHeaders;
use flisthub_flist::wire::FlistInfo;

use super::condition::{Conditional, tag_of_row};
use super::intake::Paced;
use super::native;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use crate::actions::flist_upload::place;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::Hub;

errors! {
    /// What may be wrong with the file.
    FlistFile { 409 MISSING_OBJECTS, 409 NAME_TAKEN, 422 BAD_FLIST }
}

/// Takes a `.flist` file and makes the name point at it. All content that it refers to must be in flists that the
/// caller may read; what is not is listed, and nothing is stored.
#[utoipa::path(
    post, path = "/flists/{repository}/{name}/flist-file", operation_id = "upload_flist_file",
    tag = "names", params(params::Name), security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "The name pointed elsewhere before.", body = FlistInfo),
        (status = 201, description = "The name is new.", body = FlistInfo),
        errors::Caller, errors::Token, errors::Named, errors::NewName, errors::Streamed,
        errors::Conditional, errors::Writes, errors::Objects, FlistFile,
    ),
)]
pub(super) async fn upload(
    State(hub): State<Hub>,
    caller: Caller,
    Path((repository, name)): Path<(String, String)>,
    Conditional(condition): Conditional,
    body: Body,
) -> Result<(StatusCode, AppendHeaders<[(HeaderName, String); 1]>, Json<FlistInfo>), ApiError> {
    let place = place(&hub, &caller, Some(&repository)).await?;
    let mut body = Paced::new(body, &hub.config.limits);
    let upload = place.start(&hub, &name, condition).await?.take(&hub, &mut body).await?;
    let published = upload.finish(&hub).await?.published;
    let status = if published.created { StatusCode::CREATED } else { StatusCode::OK };
    let tag = AppendHeaders([(ETAG, tag_of_row(&published.row))]);
    Ok((status, tag, Json(native::info(published.row))))
}
