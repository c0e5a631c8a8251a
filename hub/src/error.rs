//! The one place that knows which error is which HTTP status. What an error looks like on the wire
//! depends on the face and is written by `routes::face`.

pub mod codes;

use std::error::Error;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use flisthub_storage::ChunkId;

pub use self::codes::Code;
use crate::actions::{ActionError, Thing};
use crate::auth::jwt::JwtError;
use crate::auth::{AuthError, Denied};
use crate::jobs::INTERRUPTED;
use crate::limits::{TooMany, TooMuch};
use crate::stac::parameters::ParameterError;

/// What a caller is told. Goes into the response as an extension; the face makes a body of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    /// The status.
    pub status: StatusCode,
    /// A stable word for the problem.
    pub code: Code,
    /// What was wrong, where, and what to do.
    pub message: String,
    /// The message that 0-hub's clients know, where theirs is another one.
    pub zero_hub: Option<&'static str>,
    /// Ids that are not there, for `missing_objects`.
    pub missing: Arc<[ChunkId]>,
    /// Seconds after which to try again, where that is known.
    pub retry_after: Option<u64>,
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct ApiError(ErrorBody);

impl ErrorBody {
    /// An error with nothing but a status, a code and a message.
    pub fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            zero_hub: None,
            missing: Arc::new([]),
            retry_after: None,
        }
    }

    /// The error of a status that something below the handlers answered: the router, an extractor, a
    /// time limit.
    pub fn of_status(status: StatusCode, message: Option<String>) -> Self {
        let code = match status {
            StatusCode::NOT_FOUND => Code::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED => Code::METHOD_NOT_ALLOWED,
            StatusCode::REQUEST_TIMEOUT => Code::TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE => Code::TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::PRECONDITION_FAILED => Code::PRECONDITION_FAILED,
            StatusCode::RANGE_NOT_SATISFIABLE => Code::RANGE_NOT_SATISFIABLE,
            StatusCode::TOO_MANY_REQUESTS => Code::TOO_MANY_REQUESTS,
            status if status.is_client_error() => Code::BAD_REQUEST,
            _ => Code::INTERNAL,
        };
        let message = match status {
            // What the library says of it are the names of its own parts.
            StatusCode::PAYLOAD_TOO_LARGE => {
                Some("the body has more bytes than this address takes".to_owned())
            }
            _ => message,
        };
        let reason = || status.canonical_reason().unwrap_or("error").to_lowercase();
        Self::new(status, code, message.unwrap_or_else(reason))
    }
}

impl From<ActionError> for ApiError {
    fn from(error: ActionError) -> Self {
        let message = error.to_string();
        let body = |status, code| ErrorBody::new(status, code, message.clone());
        let logged = |cause: &(dyn Error + 'static), status, code| {
            log(cause);
            body(status, code)
        };
        let lacking = |ids: Vec<ChunkId>, status| ErrorBody {
            missing: ids.into(),
            ..body(status, Code::MISSING_OBJECTS)
        };
        Self(match error {
            ActionError::Auth(error) => return error.into(),
            ActionError::Denied(denied) => {
                let (status, code) = refusal(denied);
                let zero_hub = (code == Code::READ_ONLY_MODE).then_some("readonly mode");
                ErrorBody { zero_hub, ..body(status, code) }
            }
            ActionError::NotFound { what, .. } => ErrorBody {
                zero_hub: Some(not_there(what)),
                ..body(StatusCode::NOT_FOUND, Code::NOT_FOUND)
            },
            ActionError::NoSession => body(StatusCode::NOT_FOUND, Code::NO_SESSION),
            ActionError::Invalid { code, .. } => body(StatusCode::BAD_REQUEST, code),
            ActionError::Unprocessable { code, .. } => body(StatusCode::UNPROCESSABLE_ENTITY, code),
            ActionError::TooLarge(_) => body(StatusCode::PAYLOAD_TOO_LARGE, Code::TOO_LARGE),
            ActionError::Conflict(_) => body(StatusCode::CONFLICT, Code::CONFLICT),
            ActionError::Taken(_) => body(StatusCode::CONFLICT, Code::NAME_TAKEN),
            ActionError::Circular(_) => body(StatusCode::CONFLICT, Code::CIRCULAR_LINK),
            ActionError::Precondition(_) => {
                body(StatusCode::PRECONDITION_FAILED, Code::PRECONDITION_FAILED)
            }
            ActionError::Missing(ids) => lacking(ids, StatusCode::CONFLICT),
            ActionError::Absent(ids) => lacking(ids, StatusCode::NOT_FOUND),
            ActionError::Conversion { code, .. } => {
                let (code, status) = conversion(&code);
                body(status, code)
            }
            ActionError::Swept(_) => body(StatusCode::GONE, Code::SWEPT),
            ActionError::TooMuch { code, .. } => body(StatusCode::PAYLOAD_TOO_LARGE, code),
            ActionError::TooMany(too_many) => return too_many.into(),
            ActionError::Busy(_) => body(StatusCode::SERVICE_UNAVAILABLE, Code::BUSY),
            ActionError::Unreachable(cause) => {
                logged(&*cause, StatusCode::SERVICE_UNAVAILABLE, Code::CATALOG_UNREACHABLE)
            }
            ActionError::LeaseLost => body(StatusCode::SERVICE_UNAVAILABLE, Code::LEASE_LOST),
            ActionError::Among { error, .. } => ErrorBody { message, ..Self::from(*error).0 },
            ActionError::BodyEnded => body(StatusCode::BAD_REQUEST, Code::BODY_ENDED),
            ActionError::TooSlow(_) => body(StatusCode::REQUEST_TIMEOUT, Code::TOO_SLOW),
            ActionError::Full(cause) => {
                logged(&*cause, StatusCode::INSUFFICIENT_STORAGE, Code::DISK_FULL)
            }
            ActionError::ReadOnly(cause) => {
                logged(&*cause, StatusCode::SERVICE_UNAVAILABLE, Code::READ_ONLY)
            }
            ActionError::Damaged(cause) => {
                logged(&*cause, StatusCode::INTERNAL_SERVER_ERROR, Code::DAMAGED)
            }
            ActionError::Internal(cause) => return Self::internal(&*cause),
        })
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let message = error.to_string();
        let unauthorized = StatusCode::UNAUTHORIZED;
        let (status, code) = match error {
            AuthError::Jwt(JwtError::NoKeys) => {
                (StatusCode::SERVICE_UNAVAILABLE, Code::ISSUER_UNREACHABLE)
            }
            AuthError::Jwt(JwtError::NotTheirs) => (unauthorized, Code::ISSUER_MAY_NOT),
            AuthError::Jwt(JwtError::Expired) | AuthError::Expired => {
                (unauthorized, Code::TOKEN_EXPIRED)
            }
            AuthError::Jwt(_) => (unauthorized, Code::INVALID_JWT),
            AuthError::NoSuchUser(_) => (unauthorized, Code::UNKNOWN_USER),
            AuthError::MayNotActFor(_) => (StatusCode::FORBIDDEN, Code::FORBIDDEN),
            AuthError::Missing => (unauthorized, Code::UNAUTHORIZED),
            AuthError::Malformed => (unauthorized, Code::INVALID_AUTHORIZATION),
            AuthError::Unknown | AuthError::Revoked | AuthError::Disabled => {
                (unauthorized, Code::INVALID_TOKEN)
            }
            AuthError::Login => (unauthorized, Code::LOGIN_REFUSED),
            AuthError::Catalog(error) => return ActionError::from(error).into(),
        };
        Self(ErrorBody::new(status, code, message))
    }
}

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BAD_SEARCH, error.to_string())
    }
}

impl From<TooMany> for ApiError {
    fn from(error: TooMany) -> Self {
        let code = match error.what {
            TooMuch::Requests => Code::TOO_MANY_REQUESTS,
            TooMuch::Attempts => Code::TOO_MANY_ATTEMPTS,
            TooMuch::AtATime => Code::TOO_MANY_AT_A_TIME,
        };
        let body = ErrorBody::new(StatusCode::TOO_MANY_REQUESTS, code, error.to_string());
        Self(ErrorBody { retry_after: Some(error.seconds), ..body })
    }
}

impl ApiError {
    /// An error that a route finds by itself.
    pub fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self(ErrorBody::new(status, code, message))
    }

    /// The same with ids that are not there.
    pub(crate) fn missing(mut self, ids: Vec<ChunkId>) -> Self {
        self.0.missing = ids.into();
        self
    }

    /// The code and the message, for what is no answer over HTTP.
    pub(crate) fn into_words(self) -> (&'static str, String) {
        (self.0.code.word(), self.0.message)
    }

    /// Logs what happened, once, and tells the caller nothing of it.
    fn internal(cause: &(dyn Error + 'static)) -> Self {
        log(cause);
        Self(ErrorBody::of_status(StatusCode::INTERNAL_SERVER_ERROR, None))
    }
}

/// How a caller is told that they may not.
fn refusal(denied: Denied) -> (StatusCode, Code) {
    match denied {
        Denied::Anonymous => (StatusCode::UNAUTHORIZED, Code::UNAUTHORIZED),
        Denied::Unseen => (StatusCode::NOT_FOUND, Code::NOT_FOUND),
        Denied::Scope
        | Denied::Limited
        | Denied::Level(_)
        | Denied::NotOwner
        | Denied::NotOperator
        | Denied::Issued
        | Denied::Wider
        | Denied::Longer => (StatusCode::FORBIDDEN, Code::FORBIDDEN),
        Denied::Password => (StatusCode::FORBIDDEN, Code::LOGIN_REFUSED),
        Denied::ReadOnlyMode => (StatusCode::FORBIDDEN, Code::READ_ONLY_MODE),
    }
}

/// What 0-hub says where something is not there. It has no jobs, keeps no history and no configuration, and
/// exports nothing.
fn not_there(what: Thing) -> &'static str {
    match what {
        Thing::User | Thing::Repository => "user not found",
        Thing::Tag => "source tag not found",
        Thing::Member => "target not found on this tag",
        Thing::Flist
        | Thing::Token
        | Thing::Revision
        | Thing::Job
        | Thing::ImageConfig
        | Thing::Path
        | Thing::Collection
        | Thing::Item => "source not found",
    }
}

/// The status of a conversion that failed for that reason.
fn conversion(code: &str) -> (Code, StatusCode) {
    const STATUSES: &[(Code, StatusCode)] = &[
        (Code::BAD_REFERENCE, StatusCode::BAD_REQUEST),
        (Code::BAD_PLATFORM, StatusCode::BAD_REQUEST),
        (Code::HOST_REFUSED, StatusCode::FORBIDDEN),
        (Code::REGISTRY_UNAUTHORIZED, StatusCode::FORBIDDEN),
        (Code::UNKNOWN_IMAGE, StatusCode::NOT_FOUND),
        (Code::NOT_FOUND, StatusCode::NOT_FOUND),
        (Code::CREDENTIALS_GONE, StatusCode::CONFLICT),
        (Code::TOO_LARGE, StatusCode::PAYLOAD_TOO_LARGE),
        (Code::NO_PLATFORM, StatusCode::UNPROCESSABLE_ENTITY),
        (Code::AMBIGUOUS_IMAGE, StatusCode::UNPROCESSABLE_ENTITY),
        (Code::UNKNOWN_TYPE, StatusCode::UNPROCESSABLE_ENTITY),
        (Code::BAD_IMAGE, StatusCode::UNPROCESSABLE_ENTITY),
        (Code::BAD_LAYER, StatusCode::UNPROCESSABLE_ENTITY),
        (Code::DIGEST_MISMATCH, StatusCode::BAD_GATEWAY),
        (Code::SIZE_MISMATCH, StatusCode::BAD_GATEWAY),
        (Code::BAD_REGISTRY_ANSWER, StatusCode::BAD_GATEWAY),
        (Code::REGISTRY_UNREACHABLE, StatusCode::BAD_GATEWAY),
        (Code::NO_ENGINE, StatusCode::BAD_GATEWAY),
    ];
    const OWN: &[(Code, StatusCode)] = &[
        (Code::FORBIDDEN, StatusCode::FORBIDDEN),
        (Code::READ_ONLY_MODE, StatusCode::FORBIDDEN),
        (Code::CONFLICT, StatusCode::CONFLICT),
        (Code::BAD_DOCKER_CONFIG, StatusCode::INTERNAL_SERVER_ERROR),
        (Code::INTERNAL, StatusCode::INTERNAL_SERVER_ERROR),
        (Code::TOO_MUCH_UNPUBLISHED, StatusCode::PAYLOAD_TOO_LARGE),
        (Code::DISK_FULL, StatusCode::INSUFFICIENT_STORAGE),
        (Code::READ_ONLY, StatusCode::SERVICE_UNAVAILABLE),
        (Code::BUSY, StatusCode::SERVICE_UNAVAILABLE),
        (Code::CATALOG_UNREACHABLE, StatusCode::SERVICE_UNAVAILABLE),
        (Code::LEASE_LOST, StatusCode::SERVICE_UNAVAILABLE),
    ];
    let known = STATUSES.iter().chain(OWN).find(|(known, _)| *known == code);
    known.copied().unwrap_or((Code::FAILED, StatusCode::INTERNAL_SERVER_ERROR))
}

/// Whose fault it is that a job failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Of whoever asked: what was asked for cannot be, or may not.
    Callers,
    /// Of a server elsewhere, or it is the end of the hub, that cut the job off.
    Others,
    /// Of the hub.
    Ours,
}

impl Fault {
    /// Whose it is, by the word for what went wrong.
    pub(crate) fn of(code: &str) -> Self {
        match conversion(code) {
            _ if code == INTERRUPTED => Self::Others,
            (_, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE) => Self::Others,
            (_, status) if status.is_client_error() => Self::Callers,
            _ => Self::Ours,
        }
    }
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
        let busy = (self.0.status == StatusCode::SERVICE_UNAVAILABLE).then_some(5);
        if let Some(seconds) = self.0.retry_after.or(busy) {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self.0);
        response
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
