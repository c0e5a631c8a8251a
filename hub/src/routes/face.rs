//! What errors look like: 0-hub's envelope on its routes, RFC 9457 problems on `/api/v1`, STAC's and
//! SharingHub's members on theirs, plain text on downloads. Handlers and layers answer with a status and perhaps an `ErrorBody`; here it gets its body.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use flisthub_flist::wire::{PROBLEM_TYPE, Problem};
use serde::Serialize;
use serde_json::json;

use crate::error::ErrorBody;

/// The most ids that a problem lists: the client sends those and asks again.
const LISTED: usize = 100_000;

/// The most ids that 0-hub's envelope lists: its clients show them to people.
const LISTED_HERE: usize = 1000;

/// The longest text of an extractor's own that is kept as a message.
const OWN_TEXT: usize = 4096;

/// 0-hub's success: an envelope, with a payload or without.
pub(super) fn success<T: Serialize>(payload: Option<&T>) -> Response {
    let body = match payload {
        None => json!({ "status": "success" }),
        Some(payload) => json!({ "status": "success", "payload": payload }),
    };
    line(&body)
}

/// A JSON value and a line end, as 0-hub writes it.
pub(super) fn line(value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Gives errors 0-hub's envelope.
pub(super) async fn envelope(response: Response) -> Response {
    dress(response, |error| {
        let message = error.zero_hub.unwrap_or(&error.message);
        let mut body = json!({ "status": "error", "message": message });
        if !error.missing.is_empty() {
            let ids = error.missing.iter().take(LISTED_HERE).map(ToString::to_string).collect();
            body.as_object_mut().map(|body| body.insert("missing".to_owned(), ids));
        }
        line(&body)
    })
    .await
}

/// Gives errors a problem of RFC 9457.
pub(super) async fn problem(response: Response) -> Response {
    dress(response, |error| {
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: error.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: error.status.as_u16(),
            code: error.code.word().to_owned(),
            detail: error.message.clone(),
            missing: error.missing.iter().take(LISTED).map(ToString::to_string).collect(),
        };
        let mut response = Json(problem).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE));
        response
    })
    .await
}

/// Gives errors the members that STAC's clients and SharingHub's read.
pub(super) async fn stac(response: Response) -> Response {
    dress(response, |error| {
        let (code, message) = (error.code.word(), &error.message);
        Json(json!({ "code": code, "description": message, "detail": message })).into_response()
    })
    .await
}

/// Gives errors a line of text.
pub(super) async fn text(response: Response) -> Response {
    dress(response, |error| format!("{}\n", error.message).into_response()).await
}

/// Replaces an error's body, and keeps its status and its other headers.
async fn dress(response: Response, body: impl FnOnce(&ErrorBody) -> Response) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (mut parts, own) = response.into_parts();
    let error = match parts.extensions.remove::<ErrorBody>() {
        Some(error) => error,
        // What a panic or a failure inside says is for the log.
        None if status.is_server_error() => ErrorBody::of_status(status, None),
        None => ErrorBody::of_status(status, own_text(own).await),
    };
    let dressed = body(&error);
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(CONTENT_TYPE);
    let (of_body, body) = dressed.into_parts();
    parts.headers.extend(of_body.headers);
    Response::from_parts(parts, body)
}

/// What an extractor or layer of others has to say.
async fn own_text(body: Body) -> Option<String> {
    let bytes = to_bytes(body, OWN_TEXT).await.ok()?;
    String::from_utf8(bytes.into()).ok().filter(|text| !text.is_empty())
}
