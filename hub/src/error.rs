//! The one place that knows which error is which HTTP status. What an error looks like on the wire
//! depends on the face and is written by `routes::face`.

use std::error::Error;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use flisthub_storage::ChunkId;

use crate::actions::{ActionError, Thing};
use crate::auth::{AuthError, Denied};

/// What a caller is told. Goes into the response as an extension; the face makes a body of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    /// The status.
    pub status: StatusCode,
    /// A stable word for the problem.
    pub code: &'static str,
    /// What was wrong, where, and what to do.
    pub message: String,
    /// The message that 0-hub's clients know, where theirs is another one.
    pub zero_hub: Option<&'static str>,
    /// Ids that are not there, for `missing_objects`.
    pub missing: Arc<[ChunkId]>,
}

/// An error on its way out.
#[derive(Debug)]
pub struct ApiError(ErrorBody);

impl ErrorBody {
    /// An error with nothing but a status, a code and a message.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), zero_hub: None, missing: Arc::new([]) }
    }

    /// The error of a status that something below the handlers answered: the router, an extractor, a
    /// time limit.
    pub fn of_status(status: StatusCode, message: Option<String>) -> Self {
        let code = match status {
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            StatusCode::REQUEST_TIMEOUT => "timeout",
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
            StatusCode::PRECONDITION_FAILED => "precondition_failed",
            StatusCode::RANGE_NOT_SATISFIABLE => "range_not_satisfiable",
            status if status.is_client_error() => "bad_request",
            _ => "internal",
        };
        let reason = || status.canonical_reason().unwrap_or("error").to_lowercase();
        Self::new(status, code, message.unwrap_or_else(reason))
    }
}

impl From<ActionError> for ApiError {
    fn from(error: ActionError) -> Self {
        let message = error.to_string();
        let body = |status, code| ErrorBody::new(status, code, message.clone());
        Self(match error {
            ActionError::Auth(error) => return error.into(),
            ActionError::Denied(Denied::Anonymous) => {
                body(StatusCode::UNAUTHORIZED, "unauthorized")
            }
            ActionError::Denied(Denied::Scope | Denied::NotOwner | Denied::NotOperator) => {
                body(StatusCode::FORBIDDEN, "forbidden")
            }
            ActionError::NotFound { what, .. } => ErrorBody {
                zero_hub: Some(match what {
                    Thing::User | Thing::Repository => "user not found",
                    // 0-hub has no jobs, keeps no configuration and exports nothing.
                    Thing::Flist | Thing::Job | Thing::ImageConfig | Thing::Path => {
                        "source not found"
                    }
                }),
                ..body(StatusCode::NOT_FOUND, "not_found")
            },
            ActionError::NoSession => body(StatusCode::NOT_FOUND, "no_session"),
            ActionError::Invalid { code, .. } => body(StatusCode::BAD_REQUEST, code),
            ActionError::Unprocessable { code, .. } => body(StatusCode::UNPROCESSABLE_ENTITY, code),
            ActionError::TooLarge(_) => body(StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            ActionError::Conflict(_) => body(StatusCode::CONFLICT, "conflict"),
            ActionError::Missing(ids) => {
                ErrorBody { missing: ids.into(), ..body(StatusCode::CONFLICT, "missing_objects") }
            }
            ActionError::Absent(ids) => {
                ErrorBody { missing: ids.into(), ..body(StatusCode::NOT_FOUND, "missing_objects") }
            }
            ActionError::Conversion { code, .. } => {
                let (code, status) = conversion(&code);
                body(status, code)
            }
            ActionError::Swept(_) => body(StatusCode::GONE, "swept"),
            ActionError::Busy(_) => body(StatusCode::SERVICE_UNAVAILABLE, "busy"),
            ActionError::BodyEnded => body(StatusCode::BAD_REQUEST, "body_ended"),
            ActionError::TooSlow(_) => body(StatusCode::REQUEST_TIMEOUT, "too_slow"),
            ActionError::Full(cause) => {
                log(&*cause);
                body(StatusCode::INSUFFICIENT_STORAGE, "disk_full")
            }
            ActionError::ReadOnly(cause) => {
                log(&*cause);
                body(StatusCode::SERVICE_UNAVAILABLE, "read_only")
            }
            ActionError::Damaged(cause) => {
                log(&*cause);
                body(StatusCode::INTERNAL_SERVER_ERROR, "damaged")
            }
            ActionError::Internal(cause) => return Self::internal(&*cause),
        })
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let message = error.to_string();
        let code = match error {
            AuthError::Missing => "unauthorized",
            AuthError::Malformed => "invalid_authorization",
            AuthError::Unknown => "invalid_token",
            AuthError::Expired => "token_expired",
            AuthError::Catalog(error) => return ActionError::from(error).into(),
        };
        Self(ErrorBody::new(StatusCode::UNAUTHORIZED, code, message))
    }
}

impl ApiError {
    /// An error that a route finds by itself.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self(ErrorBody::new(status, code, message))
    }

    /// The code and the message, for what is no answer over HTTP.
    pub(crate) fn into_words(self) -> (&'static str, String) {
        (self.0.code, self.0.message)
    }

    /// Logs what happened, once, and tells the caller nothing of it.
    fn internal(cause: &(dyn Error + 'static)) -> Self {
        log(cause);
        Self(ErrorBody::of_status(StatusCode::INTERNAL_SERVER_ERROR, None))
    }
}

/// The status of a conversion that failed for that reason.
fn conversion(code: &str) -> (&'static str, StatusCode) {
    const STATUSES: &[(&str, StatusCode)] = &[
        ("bad_reference", StatusCode::BAD_REQUEST),
        ("bad_platform", StatusCode::BAD_REQUEST),
        ("host_refused", StatusCode::FORBIDDEN),
        ("registry_unauthorized", StatusCode::FORBIDDEN),
        ("unknown_image", StatusCode::NOT_FOUND),
        ("not_found", StatusCode::NOT_FOUND),
        ("credentials_gone", StatusCode::CONFLICT),
        ("too_large", StatusCode::PAYLOAD_TOO_LARGE),
        ("no_platform", StatusCode::UNPROCESSABLE_ENTITY),
        ("ambiguous_image", StatusCode::UNPROCESSABLE_ENTITY),
        ("unknown_type", StatusCode::UNPROCESSABLE_ENTITY),
        ("bad_image", StatusCode::UNPROCESSABLE_ENTITY),
        ("bad_layer", StatusCode::UNPROCESSABLE_ENTITY),
        ("digest_mismatch", StatusCode::BAD_GATEWAY),
        ("size_mismatch", StatusCode::BAD_GATEWAY),
        ("bad_registry_answer", StatusCode::BAD_GATEWAY),
        ("registry_unreachable", StatusCode::BAD_GATEWAY),
        ("no_engine", StatusCode::BAD_GATEWAY),
    ];
    const OWN: &[(&str, StatusCode)] = &[
        ("forbidden", StatusCode::FORBIDDEN),
        ("conflict", StatusCode::CONFLICT),
        ("bad_docker_config", StatusCode::INTERNAL_SERVER_ERROR),
        ("internal", StatusCode::INTERNAL_SERVER_ERROR),
        ("disk_full", StatusCode::INSUFFICIENT_STORAGE),
        ("read_only", StatusCode::SERVICE_UNAVAILABLE),
        ("busy", StatusCode::SERVICE_UNAVAILABLE),
    ];
    let known = STATUSES.iter().chain(OWN).find(|(known, _)| *known == code);
    known.copied().unwrap_or(("failed", StatusCode::INTERNAL_SERVER_ERROR))
}

/// What happened is for the log alone.
fn log(cause: &(dyn Error + 'static)) {
    tracing::error!(error = chain(cause), "internal error");
}

/// As much of a text as fits into that many bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// An error and all that it comes from, in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        if self.0.status == StatusCode::UNAUTHORIZED {
            let challenge = axum::http::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if self.0.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static("5"));
        }
        response.extensions_mut().insert(self.0);
        response
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
