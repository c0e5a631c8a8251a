//! Jobs on the native API.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use flisthub_flist::wire::{JobDetail, JobPage};
use serde::Deserialize;

use crate::actions::jobs;
use crate::auth::Caller;
use crate::error::{ApiError, Code};
use crate::jobs::{JobSpec, wire};
use crate::state::Hub;

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    cursor: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn start(
    State(hub): State<Hub>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    jobs::may_start(&caller)?;
    let Json(spec) = match Json::<JobSpec>::from_request(request, &hub).await {
        Ok(spec) => spec,
        // A kind or a field that does not exist is as wrong as a bracket that is missing.
        Err(JsonRejection::JsonDataError(error)) => {
            return Err(ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_JOB, error.body_text()));
        }
        Err(other) => return Ok(other.into_response()),
    };
    let row = jobs::start(&hub, &caller, &spec).await?;
    let location = format!("/api/v1/jobs/{}", row.id);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(wire::job(row))).into_response())
}

pub(super) async fn list(
    State(hub): State<Hub>,
    caller: Caller,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<JobPage>, ApiError> {
    let Query(Asked { cursor, limit }) = asked.map_err(|error| {
        ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_PAGE, error.body_text())
    })?;
    let page = jobs::list(&hub, &caller, cursor.as_deref(), limit).await?;
    let jobs = page.rows.into_iter().map(wire::job).collect();
    Ok(Json(JobPage { jobs, next: page.next }))
}

pub(super) async fn job(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobDetail>, ApiError> {
    let (row, log) = jobs::get(&hub, &caller, &id).await?;
    let log = log.into_iter().map(wire::line).collect();
    Ok(Json(JobDetail { job: wire::job(row), log }))
}

pub(super) async fn cancel(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    jobs::cancel(&hub, &caller, &id).await?;
    Ok(StatusCode::ACCEPTED)
}
