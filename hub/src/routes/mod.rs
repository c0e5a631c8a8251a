//! The one list of routes. A handler extracts, calls one action and wraps the answer; the rules are in
//! `actions`, the statuses in `error`.

mod accept;
mod admit;
mod audit;
mod condition;
mod content_type;
mod conversions;
mod cors;
mod count;
mod diff;
mod directory_page;
mod download;
mod drain;
mod export;
mod export_query;
mod extract;
mod face;
mod file_body;
mod file_path;
mod files;
mod flist_file;
mod form;
mod health;
mod intake;
mod item_metadata;
mod job_events;
mod jobs;
mod json_stream;
mod language;
mod listed;
mod login;
mod members;
mod merge;
mod names;
mod native;
mod observe;
mod openapi;
mod page;
mod range;
mod ranged;
mod repositories;
mod sharinghub;
mod sheet;
mod signed_query;
mod signed_urls;
mod stac;
mod stars;
mod tags;
mod thumbnail;
mod tokens;
mod upload;
mod users;
mod zero_hub;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use flisthub_flist::percent;
use flisthub_flist::wire::{MAX_CHUNK_IDS, MAX_MISSING_IDS};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use utoipa_axum::router::UtoipaMethodRouterExt as _;
use utoipa_axum::routes;

pub use self::file_path::note_path;
pub(crate) use self::health::metrics_router;
pub use self::listed::Route;
use self::listed::{Listed, get};
use self::openapi::unknown::Known;
pub use self::sharinghub::plain_slashes;
use crate::state::Hub;

/// Bytes of an id on the wire.
const ID: usize = 32;

/// Everything the hub answers.
pub fn router(hub: &Hub) -> Router {
    everything(hub).split().0
}

/// What it answers, by pattern and method, as it stands in [`router`].
pub fn routes(hub: &Hub) -> Vec<Route> {
    let mut routes = everything(hub).split().1;
    routes.sort_unstable();
    routes
}

fn everything(hub: &Hub) -> Listed {
    let native = Listed::with_openapi(openapi::base()).nest("/api/v1", native_face(hub));
    let root = root(hub);
    let mut api = native.openapi().clone();
    api.merge(root.openapi().clone());
    let document = openapi::finish(&api);
    let known = Known::of(&document);
    let native = native.no_such_method(openapi::unknown::no_such_method).layer(from_fn(
        move |request, next| openapi::unknown::refuse(known.clone(), request, next),
    ));
    let everything = Listed::default()
        .merge(zero_hub::face(hub))
        .merge(native)
        .merge(root)
        .merge(sharinghub::face(hub))
        .merge(stac::face(hub))
        .merge(downloads(hub))
        .merge(openapi::routes(&document))
        .layer(DefaultBodyLimit::max(hub.config.limits.body_bytes))
        .layer(from_fn_with_state(drain::Places::of(hub), drain::drain))
        .layer(RequestBodyTimeoutLayer::new(Duration::from_secs(hub.config.limits.idle_seconds)));
    let everything = match cors::Sites::of(&hub.config.cors) {
        Some(sites) => everything.layer(from_fn_with_state(sites, cors::answer)),
        None => everything,
    };
    everything
        .layer(from_fn_with_state(hub.clone(), observe::observe))
        .layer(from_fn_with_state(Arc::clone(&hub.metrics), count::count))
}

/// The native API.
fn native_face(hub: &Hub) -> Listed {
    let ids = |most: usize| DefaultBodyLimit::max(most * ID);
    let missing = routes!(native::missing).layer(ids(MAX_MISSING_IDS));
    let get_chunks = routes!(native::get_chunks).layer(ids(MAX_CHUNK_IDS));
    Listed::default()
        .routes(routes!(login::login))
        .routes(routes!(login::logout))
        .routes(routes!(native::me))
        .routes(routes!(login::change_password))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::change))
        .routes(routes!(audit::list))
        .routes(routes!(repositories::get, repositories::change))
        .routes(routes!(audit::of_repository))
        .routes(routes!(stars::star, stars::unstar))
        .routes(routes!(members::list))
        .routes(routes!(members::set, members::remove))
        .routes(routes!(native::open_session))
        .routes(routes!(files::root))
        .routes(routes!(files::files))
        .routes(routes!(signed_urls::sign))
        .routes(routes!(thumbnail::thumbnail))
        .routes(routes!(conversions::start))
        .routes(routes!(native::close_session))
        .routes(routes!(native::repositories, repositories::create))
        .routes(routes!(native::flists))
        .routes(missing)
        .routes(get_chunks)
        .routes(routes!(jobs::list, jobs::start))
        .routes(routes!(jobs::job, jobs::cancel))
        .layer(time_limit(hub))
        // For as long as the job takes.
        .routes(routes!(job_events::events))
        // These take in much, or check a whole tree: no time limit but the one between two parts.
        .routes(routes!(native::put_chunks))
        .routes(routes!(native::flist, native::publish, native::delete))
        .routes(routes!(conversions::image_config, conversions::upload))
        .routes(routes!(item_metadata::get, item_metadata::put, item_metadata::remove))
        .routes(routes!(names::undelete))
        .routes(routes!(names::promote))
        .routes(routes!(names::link))
        .routes(routes!(names::rename))
        .routes(routes!(names::log))
        .routes(routes!(names::rollback))
        .routes(routes!(tags::tag))
        .routes(routes!(tags::put, tags::remove))
        .routes(routes!(diff::diff))
        .routes(routes!(export::export))
        .routes(routes!(merge::merge))
        .routes(routes!(flist_file::upload))
        .else_below("/{*path}", openapi::unknown::no_such_route)
        .layer(from_fn_with_state(hub.clone(), admit::admit))
        // Around it: who is calling depends on it. The files of items are here.
        .layer(from_fn(sharinghub::as_bearer))
        .layer(CatchPanicLayer::new())
        .layer(map_response(face::problem))
        .with_state(hub.clone())
}

/// What is at the root and described.
fn root(hub: &Hub) -> Listed {
    Listed::default()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .layer(time_limit(hub))
        .layer(CatchPanicLayer::new())
        .layer(map_response(face::text))
        .with_state(hub.clone())
}

/// Downloads, and what is at the root.
fn downloads(hub: &Hub) -> Listed {
    Listed::default()
        .route("/{repository}/{file}", get(download::download))
        .route("/{repository}/tags/{tag}/{file}", get(download::through_tag))
        .else_everywhere(no_such_route)
        .layer(from_fn_with_state(hub.clone(), admit::admit))
        // Items have `.flist` files and archives among their assets.
        .layer(from_fn(sharinghub::as_bearer))
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

/// Of a route that is there; `Allow` says which methods it takes.
async fn no_such_method() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}
