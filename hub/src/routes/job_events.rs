//! Following a job on the native API: server-sent events, from now to the job's end.
//!
//! Events `log` carry the number of their line as id, so that a client whose connection broke goes on
//! where it was. `job` tells how far the job is; `end` is the last.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;

use super::openapi::errors::{self, errors};
use super::openapi::params;
use crate::actions::jobs;
use crate::auth::Caller;
use crate::error::{ApiError, Code, chain};
use crate::jobs::{self as news, Followed, wire};
use crate::state::Hub;

/// How often something is sent where nothing is new: a caller that is gone is noticed then.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

errors! {
    /// The line after which the log is to go on.
    Resumed { 400 BAD_EVENT_ID }
}

/// Follows a job, as server-sent events, from now to its end.
///
/// `log` is a line of the log, whose number is the event's id; `job` is the job, when its state or its progress has
/// changed; `end` is the job with its result, and the last event. A client whose connection broke sends the id of the
/// last event as `Last-Event-ID`.
#[utoipa::path(
    get, path = "/jobs/{job}/events", operation_id = "follow_job", tag = "jobs", security(("bearer" = [])),
    params(
        params::Job,
        ("Last-Event-ID" = Option<u64>, Header, description = "The number of the last line that came."),
    ),
    responses(
        (status = 200, description = "The events.", body = String, content_type = "text/event-stream",
         example = "event: log\nid: 1\ndata: {\"line\":1,\"at\":1790000000,\"text\":\"3 layers\"}\n\n"),
        errors::Caller, errors::Login, errors::Named, Resumed,
    ),
)]
pub(super) async fn events(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let after = last_line(&headers)?;
    let followed = jobs::follow(&hub, &caller, &id, after).await?;
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    let events = stream_of(followed).map(Ok::<_, Infallible>);
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

/// The line after which the log goes on.
fn last_line(headers: &HeaderMap) -> Result<u64, ApiError> {
    let Some(id) = headers.get("last-event-id") else { return Ok(0) };
    let line = id.to_str().ok().and_then(|id| id.trim().parse().ok());
    line.ok_or_else(|| {
        let message = "last-event-id must be the id of an event that came before: a line's number";
        ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_EVENT_ID, message)
    })
}

/// All events, in order. Ends after `end`, and when the hub stops.
fn stream_of(followed: Followed) -> impl Stream<Item = Event> {
    let batches = stream::unfold(Some(followed), |followed| async {
        let mut followed = followed?;
        match followed.next().await? {
            Ok(events) => {
                let ended = events.iter().any(|event| matches!(event, news::Event::Ended(_)));
                Some((events, (!ended).then_some(followed)))
            }
            Err(error) => {
                tracing::error!(error = chain(&error), "a job can no longer be followed");
                None
            }
        }
    });
    batches.flat_map(|events| stream::iter(events.into_iter().filter_map(event)))
}

fn event(event: news::Event) -> Option<Event> {
    match event {
        news::Event::Moved(row) => data("job", &wire::job(row)),
        news::Event::Line(line) => {
            let line = wire::line(line);
            Some(data("log", &line)?.id(line.line.to_string()))
        }
        news::Event::Ended(row) => data("end", &wire::job(row)),
    }
}

/// JSON never has a line end in it, so it is one line of an event.
fn data(name: &str, value: &impl Serialize) -> Option<Event> {
    Some(Event::default().event(name).data(serde_json::to_string(value).ok()?))
}
