//! The face that 0-hub's clients know: their paths, their envelope, their words. Statuses are right where
//! 0-hub's were not; `docs/0-hub-compatibility.md` lists each difference.
//!
//! Some of these routes change something by a `GET`, because 0-hub's do. They are made by `by_get` and take
//! a [`TokenCaller`], whom only the `Authorization` header can name: a page that a browser shows can make it
//! send a `GET` with all its cookies, and no such header.

mod active_user;
mod changes;
mod inspect;
mod listings;
mod upload_flist;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use tower_http::catch_panic::CatchPanicLayer;

pub(super) use self::inspect::hex;
use super::listed::{Listed, by_get, get, post};
use super::{conversions, face, merge, no_such_route, time_limit, upload};
use crate::catalog::Target;
use crate::name::FLIST_ENDING;
use crate::state::Hub;

/// All of it.
pub(super) fn face(hub: &Hub) -> Listed {
    // `intake` bounds the bodies; a form is never held.
    let unbounded = DefaultBodyLimit::disable;
    let own_flist = get(inspect::own_dump).delete(changes::delete).other("INFO", inspect::own_info);
    Listed::default()
        .route("/api/flist", get(listings::all_names))
        .route("/api/repositories", get(listings::repositories))
        .route("/api/fileslist", get(listings::all_entries))
        .route("/api/flist/{repository}", get(listings::entries))
        .route("/api/flist/{repository}/tags/{tag}", get(listings::members))
        .route("/api/flist/{repository}/{flist}", get(inspect::dump).other("INFO", inspect::info))
        .route("/api/flist/{repository}/{flist}/light", get(inspect::light))
        .route("/api/flist/{repository}/{flist}/taglink", get(inspect::tag_link))
        .route("/api/flist/{repository}/{flist}/metadata", get(inspect::metadata))
        .route("/api/flist/me", get(inspect::me))
        .route("/api/flist/me/{flist}", own_flist)
        .route("/api/flist/me/{source}/link/{link}", by_get(changes::link))
        .route("/api/flist/me/{link}/crosslink/{repository}/{source}", by_get(changes::crosslink))
        .route("/api/flist/me/{link}/crosstag/{repository}/{tag}", by_get(changes::crosstag))
        .route(
            "/api/flist/me/{tag}/{member}/tag/{repository}/{flist}",
            by_get(changes::tag).delete(changes::untag),
        )
        .route("/api/flist/me/{source}/rename/{destination}", by_get(changes::rename))
        .layer(time_limit(hub))
        // These take in much, or may have to look at a whole tree.
        .route("/api/flist/me/promote/{repository}/{source}/{name}", by_get(changes::promote))
        .route("/api/flist/me/upload", post(upload::upload).layer(unbounded()))
        .route("/api/flist/me/upload-flist", post(upload_flist::upload).layer(unbounded()))
        .route("/api/flist/me/docker", post(conversions::zero_hub))
        .route("/api/flist/me/merge/{target}", post(merge::zero_hub_merge))
        .else_below("/api/{*path}", no_such_route)
        .layer(from_fn_with_state(hub.clone(), super::admit::admit))
        // Around it: who is calling depends on it.
        .layer(from_fn(active_user::note))
        .layer(CatchPanicLayer::new())
        .layer(map_response(face::envelope))
        .with_state(hub.clone())
}

/// A name as 0-hub writes it.
fn file_name(name: &str) -> String {
    format!("{name}{FLIST_ENDING}")
}

/// What a name in `repository` links to, as 0-hub's listings write it: without a repository where it is the
/// same.
fn shown_target(repository: &str, target: &Target) -> String {
    let file = file_name(&target.name);
    if target.repository == repository { file } else { format!("{}/{file}", target.repository) }
}

/// A tag as 0-hub writes it.
fn shown_tag(target: &Target) -> String {
    format!("{}/tags/{}", target.repository, target.name)
}
