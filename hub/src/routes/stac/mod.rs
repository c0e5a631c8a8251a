//! The STAC API, `/api/stac`: the catalogue of what is published, for all who search for data. It has a document of its
//! own, which is made of what stands at the handlers.

mod aggregations;
mod answer;
mod asked;
mod collection_list;
mod collections;
mod doubts;
mod format;
mod found;
mod items;
mod landing;
mod members;
mod writes;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::UtoipaMethodRouterExt as _;
use utoipa_axum::routes;

use super::listed::{Listed, get};
use super::openapi::unknown;
use super::sharinghub::as_bearer;
use super::{admit, face, openapi, time_limit};
use crate::error::ApiError;
use crate::stac::written;
use crate::state::Hub;

/// Where the API describes itself.
pub(super) const DESCRIPTION: &str = "/api/stac/api";

/// As what.
pub(super) const DESCRIPTION_TYPE: &str = "application/vnd.oai.openapi+json;version=3.1";

/// Where it does so for people.
pub(super) const PAGE: &str = "/api/stac/api.html";

/// Where it is searched.
pub(super) const SEARCH: &str = "/api/stac/search";

/// Bytes of a search: a thousand ids, or a geometry of two thousand positions.
const MOST_BODY: usize = 512 << 10;

/// The STAC API.
pub(super) fn face(hub: &Hub) -> Listed {
    let described = Listed::with_openapi(openapi::of_stac())
        .routes(routes!(landing::landing))
        .routes(routes!(landing::conformance))
        .routes(routes!(collection_list::collections))
        .routes(routes!(collections::children))
        .routes(routes!(collections::collection))
        .routes(routes!(collections::browse))
        .routes(routes!(members::sortables))
        .routes(routes!(members::sortables_of))
        .routes(routes!(members::queryables))
        .routes(routes!(members::queryables_of))
        .routes(routes!(members::collection_sortables))
        .routes(routes!(members::collection_queryables))
        .routes(routes!(aggregations::aggregations))
        .routes(routes!(aggregations::aggregations_of))
        .routes(
            routes!(aggregations::aggregate, aggregations::aggregate_by_body)
                .layer(DefaultBodyLimit::max(MOST_BODY)),
        )
        .routes(
            routes!(aggregations::aggregate_of, aggregations::aggregate_of_by_body)
                .layer(DefaultBodyLimit::max(MOST_BODY)),
        )
        .routes(
            routes!(items::items, writes::create).layer(DefaultBodyLimit::max(written::MAX_POSTED)),
        )
        .routes(
            routes!(items::item, writes::put, writes::patch, writes::remove)
                .layer(DefaultBodyLimit::max(written::MAX_BYTES)),
        )
        .routes(
            routes!(items::search, items::search_by_body).layer(DefaultBodyLimit::max(MOST_BODY)),
        );
    let document = openapi::finish(described.openapi());
    described
        .route("/api/stac", get(landing::landing))
        .merge(openapi::constants(&document, (DESCRIPTION, DESCRIPTION_TYPE), PAGE))
        .no_such_method(no_such_method)
        .else_below("/api/stac/{*path}", no_such_route)
        .layer(time_limit(hub))
        .layer(from_fn_with_state(hub.clone(), admit::admit))
        // Around it: who is calling depends on it.
        .layer(from_fn(as_bearer))
        .layer(CatchPanicLayer::new())
        .layer(map_response(face::stac))
        .with_state(hub.clone())
}

async fn no_such_route(uri: Uri) -> ApiError {
    unknown::route(&uri, "/api/stac/")
}

async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    unknown::method(&method, &uri)
}
