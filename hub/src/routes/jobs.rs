//! Jobs on the native API.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use flisthub_flist::wire::{JobDetail, JobInfo, JobPage};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::extract::json_object;
use super::openapi::errors::{self, errors};
use super::openapi::params;
use super::page::{Page, PageQuery};
use crate::actions::jobs;
use crate::auth::Caller;
use crate::error::{ApiError, Code};
use crate::jobs::{JobSpec, wire};
use crate::state::Hub;

/// A job of upkeep to be done.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the document's view of `JobSpec`, some of which is asked for elsewhere"
)]
enum JobRequest {
    /// Delete what nothing refers to.
    Sweep {
        /// Only tell what would be deleted.
        #[schema(default = false, required = false)]
        dry_run: bool,
        /// Seconds for which anything that was put or asked for stays; as configured unless given.
        grace_seconds: Option<u64>,
    },
    /// Read and hash everything again.
    Scrub {
        /// Bytes a second to read at most; as fast as it goes unless given.
        rate_bytes_per_second: Option<u64>,
    },
    /// Tell what takes how much space.
    Space {},
    /// Tell which names and paths keep an object.
    Why {
        /// The object's id.
        #[schema(pattern = "^[0-9a-f]{64}$")]
        id: String,
    },
    /// Compose STAC items of names again.
    Items {
        /// Only in that repository; everywhere unless given.
        repository: Option<String>,
        /// Only of that name in it.
        name: Option<String>,
    },
}

errors! {
    /// What is wrong with a job that is asked for.
    Starting { 400 BAD_JOB, 409 CONFLICT, 422 ONLY_AT_THE_MACHINE }
    /// A job that has ended cannot be asked to end.
    Ended { 409 CONFLICT }
}

/// Starts a job of upkeep.
///
/// Needs the scope `admin`. The same job (kind and arguments) waits at most once, and at most 100 jobs wait.
#[utoipa::path(
    post, path = "/jobs", operation_id = "start_job", tag = "jobs", security(("bearer" = [])),
    request_body(content = JobRequest, examples(
        ("sweep" = (
            summary = "What would a sweep delete?",
            value = json!({"kind": "sweep", "dry_run": true}),
        )),
        ("scrub" = (value = json!({"kind": "scrub", "rate_bytes_per_second": 100_000_000}))),
        ("space" = (value = json!({"kind": "space"}))),
    )),
    responses(
        (status = 202, description = "The job, queued.", body = JobInfo,
         headers(("Location" = String, description = "The job's own path."))),
        errors::Caller, errors::Token, errors::Timed, errors::JsonBody, errors::Writes, Starting,
    ),
)]
pub(super) async fn start(
    State(hub): State<Hub>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    jobs::may_start(&caller)?;
    let asked: Value = match json_object(request, &hub, Code::BAD_JOB).await {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal),
    };
    let bad = |message: String| ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_JOB, message);
    if asked.get("kind").is_some_and(|kind| kind == "convert") {
        return Err(bad("conversions are asked for with POST /api/v1/conversions".to_owned()));
    }
    let spec: JobSpec = serde_json::from_value(asked).map_err(|error| bad(error.to_string()))?;
    let row = jobs::start(&hub, &caller, &spec).await?;
    let location = format!("/api/v1/jobs/{}", row.id);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(wire::job(row))).into_response())
}

/// The caller's jobs, for admins everybody's, newest first.
///
/// Without their `result` and `parts`.
#[utoipa::path(
    get, path = "/jobs", operation_id = "list_jobs", tag = "jobs", security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of them.", body = JobPage,
         headers(("Link" = Option<String>, description = "The next page, `rel=\"next\"`."))),
        errors::Caller, errors::Login, errors::Timed, errors::Paged,
    ),
)]
pub(super) async fn list(
    State(hub): State<Hub>,
    caller: Caller,
    asked: Page,
) -> Result<Response, ApiError> {
    let page = jobs::list(&hub, &caller, asked.cursor.as_deref(), Some(asked.limit)).await?;
    let jobs = page.rows.into_iter().map(wire::job).collect();
    let page = JobPage { jobs, next: page.next };
    Ok(asked.answer(&page, page.next.as_deref()))
}

/// A job, with its result and the last 100 lines of its log.
#[utoipa::path(
    get, path = "/jobs/{job}", operation_id = "get_job", tag = "jobs", security(("bearer" = [])),
    params(params::Job),
    responses(
        (status = 200, description = "The job.", body = JobDetail),
        errors::Caller, errors::Login, errors::Timed, errors::Named,
    ),
)]
pub(super) async fn job(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobDetail>, ApiError> {
    let (row, log) = jobs::get(&hub, &caller, &id).await?;
    let log = log.into_iter().map(wire::line).collect();
    Ok(Json(JobDetail { job: wire::job(row), log }))
}

/// Asks a job to end.
///
/// A queued one has ended then, a running one ends soon.
#[utoipa::path(
    delete, path = "/jobs/{job}", operation_id = "cancel_job", tag = "jobs", security(("bearer" = [])),
    params(params::Job),
    responses(
        (status = 202, description = "It is asked to end."),
        errors::Caller, errors::Token, errors::Timed, errors::Named, errors::Writes, Ended,
    ),
)]
pub(super) async fn cancel(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    jobs::cancel(&hub, &caller, &id).await?;
    Ok(StatusCode::ACCEPTED)
}
