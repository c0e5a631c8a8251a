//! `GET` and `HEAD /api/v1/flists/{repository}/{name}/thumbnail/{path}`: a small picture of a raster in a flist's tree.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::extract::QueryOf;
use super::file_path::FilePath;
use super::files::{Pathed, Queried, contain};
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::range::{Resource, Verdict, conditions};
use super::ranged::{bare, say, set, time};
use crate::actions::files::{self, What};
use crate::actions::{ActionError, Thing};
use crate::auth::Caller;
use crate::error::{ApiError, Code};
use crate::stac::{SIDE, SIDES};
use crate::state::Hub;

/// Which way of making thumbnails their tags are of: one that makes others of the same file has another.
const VERSION: u32 = 1;

errors! {
    /// What is to be shown may be none that can be.
    Shown { 422 NO_THUMBNAIL }
}

/// What may be asked for beside the path.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ThumbnailQuery {
    /// The most pixels of its longer side; 512 unless given.
    #[param(minimum = 64, maximum = 1024)]
    size: Option<u32>,
    /// Of what the name pointed at at that revision.
    #[param(minimum = 1)]
    revision: Option<u64>,
}

impl ThumbnailQuery {
    fn side(&self) -> Result<u32, ApiError> {
        let ([least, most], side) = (SIDES, self.size.unwrap_or(SIDE));
        if (least..=most).contains(&side) {
            return Ok(side);
        }
        let message = format!("size: it must be from {least} to {most}");
        Err(ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_QUERY, message))
    }
}

/// A small picture of a raster (`GeoTIFF`, COG) in a flist's tree, as PNG.
///
/// The path is that of the file, as where files are read. Rasters that are smaller are not made larger.
#[utoipa::path(
    method(get, head), path = "/flists/{repository}/{name}/thumbnail/{*path}", operation_id = "read_thumbnail",
    tag = "contents",
    params(
        params::Name, ThumbnailQuery, params::ReadConditions,
        ("path" = String, Path, description = "Where the raster stands in the tree.", example = "2026/11/scene.tif"),
    ),
    responses(
        (status = 200, description = "The picture.", content((Vec<u8> = "image/png")), headers(
            ("ETag" = String, description = "That of the file's content at this size."),
        )),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed, errors::Conditional, errors::Objects, Pathed, Queried,
        Shown,
    ),
)]
pub(super) async fn thumbnail(
    State(hub): State<Hub>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    path: FilePath,
    QueryOf(query): QueryOf<ThumbnailQuery>,
) -> Result<Response, ApiError> {
    let side = query.side()?;
    let name = (path.repository.as_str(), path.name.as_str());
    let opened = files::open(&hub, &caller, name, query.revision, &path.path).await?;
    let file = match &opened.what {
        What::File(file) if !path.directory => file,
        What::File(_) => {
            let what = format!("{}/: that is a file", path.path);
            return Err(ActionError::not_found(Thing::Path, what).into());
        }
        What::Directory(_) => {
            let message = format!("{} is a directory: there is no thumbnail of it", path.path);
            return Err(ActionError::Unprocessable { code: Code::NO_THUMBNAIL, message }.into());
        }
    };
    let resource = Resource {
        tag: format!("\"{}-{side}-{VERSION}\"", file.content_id()),
        changed: None,
        length: 0,
        now: time(hub.clock.now()),
    };
    let mut response = match conditions(&headers, &resource) {
        Some(Verdict::NotModified) => bare(StatusCode::NOT_MODIFIED, &resource),
        Some(_) => bare(StatusCode::PRECONDITION_FAILED, &resource),
        None => {
            let picture =
                files::thumbnail(&hub, &caller, (&opened.row.repository, file), side).await?;
            let mut response = bare(StatusCode::OK, &resource);
            say(&mut response, CONTENT_TYPE, "image/png");
            set(&mut response, CONTENT_LENGTH, &picture.len().to_string());
            *response.body_mut() =
                if method == Method::HEAD { Body::empty() } else { Body::from(picture) };
            response
        }
    };
    say(&mut response, ACCEPT_RANGES, "none");
    say(&mut response, CACHE_CONTROL, "no-cache");
    contain(&mut response);
    Ok(response)
}
