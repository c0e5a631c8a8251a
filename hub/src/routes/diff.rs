//! `GET /api/v1/diff`: what differs between two flists, one change a line.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use flisthub_flist::wire::DiffLine;
use serde::Deserialize;

use super::extract::QueryOf;
use super::openapi::errors::{self, errors};
use crate::actions::diff as comparing;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::Hub;

/// Media type of lines of JSON.
const LINES: &str = "application/x-ndjson";

errors! {
    /// What is wrong with what is to be compared.
    Comparing { 400 BAD_QUERY, 404 NOT_FOUND, 410 SWEPT }
}

/// What is to be compared.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DiffQuery {
    /// The first flist, as `repository/name` or `repository/name@revision`.
    #[param(example = "alice/base@1")]
    from: String,
    /// The second flist, likewise.
    #[param(example = "alice/base")]
    to: String,
}

/// What differs between two flists, from the first to the second.
///
/// One JSON object a line: a change, in the order of a walk through the tree, and at the end `{"summary": …}`. An
/// answer that ends without the summary was cut off by an error. Only directories that differ are read.
#[utoipa::path(
    get, path = "/diff", operation_id = "diff", tag = "contents", params(DiffQuery),
    responses(
        (status = 200, description = "The changes.", body = DiffLine, content_type = "application/x-ndjson"),
        errors::Caller, errors::Objects, Comparing,
    ),
)]
pub(super) async fn diff(
    State(hub): State<Hub>,
    caller: Caller,
    QueryOf(asked): QueryOf<DiffQuery>,
) -> Result<Response, ApiError> {
    let lines = comparing::diff(&hub, &caller, &asked.from, &asked.to).await?;
    Ok(([(CONTENT_TYPE, LINES)], Body::from_stream(lines)).into_response())
}
