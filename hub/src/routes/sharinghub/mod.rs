//! What SharingHub's companions call beside STAC: what its pages are told, whether a project is there, whose token it
//! is, downloads, tags. STAC itself is in `routes::stac`.

mod about;
mod download;
mod slashes;
mod token;

use axum::http::header::{CACHE_CONTROL, HeaderValue, VARY};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;

pub use self::slashes::plain_slashes;
pub(super) use self::token::{HEADER as TOKEN_HEADER, as_bearer};
use super::listed::{Listed, get};
use super::{admit, face, time_limit};
use crate::state::Hub;

/// All of it.
pub(super) fn face(hub: &Hub) -> Listed {
    let archive = "/api/download/{repository}/{name}/{archive}";
    Listed::default()
        .route("/api/config", get(about::config))
        .route("/api/auth/info", get(about::token))
        .route("/api/check/{*path}", get(about::check))
        .route("/api/proxy/tags", get(about::tags))
        .route("/api/download/{repository}/{name}/repository/{*path}", get(download::file))
        .layer(time_limit(hub))
        // For as long as the archive takes.
        .route(archive, get(download::archive))
        .layer(map_response(by_caller))
        .no_such_method(super::no_such_method)
        .layer(from_fn_with_state(hub.clone(), admit::admit))
        // Around it: who is calling depends on it.
        .layer(from_fn(as_bearer))
        .layer(CatchPanicLayer::new())
        .layer(map_response(face::stac))
        .with_state(hub.clone())
}

/// Says that an answer, be it an error, depends on who asks: a cache in between must not give it to others.
async fn by_caller(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    headers.append(VARY, HeaderValue::from_static("authorization, x-gitlab-token"));
    response
}
