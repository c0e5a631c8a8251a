//! The one list of routes. A handler extracts, calls one action and wraps the answer; the rules are in
//! `actions`, the statuses in `error`.

mod conversions;
mod download;
mod drain;
mod export;
mod export_query;
mod extract;
mod face;
mod intake;
mod job_events;
mod jobs;
mod json_stream;
mod merge;
mod native;
mod observe;
mod openapi;
mod range;
mod upload;
mod zero_hub;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, map_response};
use axum::routing::{delete, get, post};
use flisthub_flist::wire::{MAX_CHUNK_IDS, MAX_MISSING_IDS};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::Hub;

/// Bytes of an id on the wire.
const ID: usize = 32;

/// Everything the hub answers.
pub fn router(hub: &Hub) -> Router {
    let (native, api) = OpenApiRouter::with_openapi(openapi::base())
        .nest("/api/v1", native_face(hub))
        .split_for_parts();
    Router::new()
        .merge(zero_hub_face(hub))
        .merge(native)
        .merge(downloads(hub))
        .merge(openapi::routes(&api))
        .layer(DefaultBodyLimit::max(hub.config.limits.body_bytes))
        .layer(from_fn(drain::drain))
        .layer(RequestBodyTimeoutLayer::new(Duration::from_secs(hub.config.limits.idle_seconds)))
        .layer(from_fn(observe::observe))
}

/// The routes that 0-hub's clients know.
fn zero_hub_face(hub: &Hub) -> Router {
    // `intake` bounds the body; a form is never held.
    let upload = post(upload::upload).layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/api/flist", get(zero_hub::all_names))
        .route("/api/repositories", get(zero_hub::repositories))
        .route("/api/fileslist", get(zero_hub::all_entries))
        .route("/api/flist/{repository}", get(zero_hub::entries))
        .route("/api/flist/{repository}/{flist}", get(zero_hub::dump))
        .route("/api/flist/me", get(zero_hub::me))
        .route("/api/flist/me/{flist}", get(zero_hub::own_dump).delete(zero_hub::delete))
        .layer(time_limit(hub))
        .route("/api/flist/me/upload", upload)
        .route("/api/flist/me/docker", post(conversions::zero_hub))
        .route("/api/flist/me/merge/{target}", post(merge::zero_hub_merge))
        .route("/api/{*path}", axum::routing::any(no_such_route))
        .layer(CatchPanicLayer::new())
        .layer(map_response(face::envelope))
        .with_state(hub.clone())
}

/// The native API.
fn native_face(hub: &Hub) -> OpenApiRouter {
    let ids = |most: usize| DefaultBodyLimit::max(most * ID);
    let missing = post(native::missing).layer(ids(MAX_MISSING_IDS));
    let get_chunks = post(native::get_chunks).layer(ids(MAX_CHUNK_IDS));
    let image = get(conversions::image_config).post(conversions::upload);
    OpenApiRouter::default()
        .routes(routes!(native::me))
        .routes(routes!(native::open_session))
        .route("/conversions", post(conversions::start))
        .route("/sessions/{session}", delete(native::close_session))
        .route("/repositories", get(native::repositories))
        .route("/flists/{repository}", get(native::flists))
        .route("/sessions/{session}/missing", missing)
        .route("/repositories/{repository}/chunks", get_chunks)
        .route("/jobs", get(jobs::list).post(jobs::start))
        .route("/jobs/{job}", get(jobs::job).delete(jobs::cancel))
        .layer(time_limit(hub))
        // For as long as the job takes.
        .route("/jobs/{job}/events", get(job_events::events))
        // These take in much, or check a whole tree: no time limit but the one between two parts.
        .route("/sessions/{session}/chunks", post(native::put_chunks))
        .routes(routes!(native::flist, native::publish, native::delete))
        .route("/flists/{repository}/{name}/image", image)
        .route("/flists/{repository}/{name}/undelete", post(native::undelete))
        .route("/flists/{repository}/{name}/export", get(export::export))
        .route("/flists/{repository}/{name}/merge", post(merge::merge))
        .route("/{*path}", axum::routing::any(no_such_route))
        .layer(CatchPanicLayer::new())
        .layer(map_response(face::problem))
        .with_state(hub.clone())
}

/// Downloads, and what is at the root.
fn downloads(hub: &Hub) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .layer(time_limit(hub))
        .route("/{repository}/{file}", get(download::download))
        .fallback(no_such_route)
        .layer(CatchPanicLayer::new())
        .layer(map_response(face::text))
        .with_state(hub.clone())
}

fn time_limit(hub: &Hub) -> TimeoutLayer {
    let limit = Duration::from_secs(hub.config.limits.request_seconds);
    TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, limit)
}

async fn no_such_route() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// Whether the hub can do its work: 200 when the catalog answers.
async fn healthz(State(hub): State<Hub>) -> (StatusCode, &'static str) {
    match hub.catalog.ping().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the catalog does not answer\n"),
    }
}
