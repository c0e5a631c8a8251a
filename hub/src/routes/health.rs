//! Whether the hub lives, whether it takes work, and what it has counted.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::openapi::errors;
use crate::actions::ActionError;
use crate::auth::{Caller, allow_operate};
use crate::ending;
use crate::error::{ApiError, Code};
use crate::metrics::TEXT_TYPE;
use crate::state::Hub;

/// Whether the hub lives.
///
/// It says so whatever state its catalog and its disk are in: starting it again would mend neither.
#[utoipa::path(
    get, path = "/healthz", operation_id = "get_health", tag = "hub",
    responses(
        (status = 200, description = "It does.", body = String, content_type = "text/plain; charset=utf-8"),
        errors::Timed,
    ),
)]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether to send work to the hub: a balancer asks.
#[utoipa::path(
    get, path = "/readyz", operation_id = "get_readiness", tag = "hub",
    responses(
        (status = 200, description = "It takes work.", body = String,
         content_type = "text/plain; charset=utf-8"),
        (status = 503, description = "Not now: it ends, or its disk or its catalog fails.", body = String,
         content_type = "text/plain; charset=utf-8"),
        errors::Timed,
    ),
)]
pub(super) async fn readyz(State(hub): State<Hub>) -> Result<&'static str, ApiError> {
    if ending::ready(&hub).await {
        Ok("ready\n")
    } else {
        // Why not is the operators' business: the log and the metrics tell.
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, Code::BUSY, "not ready"))
    }
}

/// What the hub has counted and measured, for Prometheus.
///
/// It tells about everybody's data, so it needs a token with the scope `admin`. An operator can have it served
/// without one on an address of its own.
#[utoipa::path(
    get, path = "/metrics", operation_id = "get_metrics", tag = "hub",
    responses(
        (status = 200, description = "OpenMetrics text.", body = String,
         content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        errors::Caller, errors::Token, errors::Timed,
    ),
    security(("bearer" = [])),
)]
pub(super) async fn metrics(State(hub): State<Hub>, caller: Caller) -> Result<Response, ApiError> {
    allow_operate(&caller).map_err(ActionError::from)?;
    Ok(text(&hub).await)
}

/// The metrics and nothing else, without a token: for an address that only the operator's network reaches.
pub(crate) fn metrics_router(hub: &Hub) -> Router {
    Router::new()
        .route("/metrics", get(|State(hub): State<Hub>| async move { text(&hub).await }))
        .layer(super::time_limit(hub))
        .with_state(hub.clone())
}

async fn text(hub: &Hub) -> Response {
    ([(CONTENT_TYPE, TEXT_TYPE)], hub.metrics.text(hub).await).into_response()
}
