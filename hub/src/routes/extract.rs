//! Bodies and queries of the native API, taken in so that what is wrong with them is an error of the hub's
//! own: with one code, and with a message that names the field.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::actions::ActionError;
use crate::auth::AuthError;
use crate::error::{ApiError, Code};
use crate::state::Hub;

/// A JSON body. One that is not JSON, has other fields than it should or values that they cannot have is
/// `bad_request`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Hub> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, hub: &Hub) -> Result<Self, Response> {
        json_object(request, hub, Code::BAD_REQUEST).await.map(Self)
    }
}

/// The same on a route that wants no token.
pub(super) struct OpenJsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Hub> for OpenJsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, hub: &Hub) -> Result<Self, Response> {
        let (parts, body) = body_in_time(request, hub).await?;
        read_object(parts, body, hub, Code::BAD_REQUEST).await.map(Self)
    }
}

/// The JSON object that a request carries, which must come within the time of a request. One that has other
/// fields than it should, or values that they cannot have, is an error of that code. A list is none: its
/// items would be taken for the fields in their order.
pub(super) async fn json_object<T: DeserializeOwned>(
    request: Request,
    hub: &Hub,
    code: Code,
) -> Result<T, Response> {
    let (parts, body) = small_body(request, hub).await?;
    read_object(parts, body, hub, code).await
}

async fn read_object<T: DeserializeOwned>(
    parts: Parts,
    body: Bytes,
    hub: &Hub,
    code: Code,
) -> Result<T, Response> {
    let wrong = |message| ApiError::new(StatusCode::BAD_REQUEST, code, message).into_response();
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let object = body.trim_ascii_start().starts_with(b"{");
    match axum::Json::from_request(request, hub).await {
        Ok(_) | Err(JsonRejection::JsonDataError(_)) if !object => {
            Err(wrong("the body must be a JSON object".to_owned()))
        }
        Ok(axum::Json(value)) => Ok(value),
        Err(JsonRejection::JsonDataError(error)) => Err(wrong(error.body_text())),
        Err(other) => Err(other.into_response()),
    }
}

/// A body of a caller with a token that is held in memory, with what came before it. It must come within
/// the time of a request, however little of it comes at a time.
pub(super) async fn small_body(request: Request, hub: &Hub) -> Result<(Parts, Bytes), Response> {
    // Every such route wants a token: nobody else gets to send the body.
    if !request.headers().contains_key(AUTHORIZATION) {
        return Err(ApiError::from(AuthError::Missing).into_response());
    }
    body_in_time(request, hub).await
}

async fn body_in_time(request: Request, hub: &Hub) -> Result<(Parts, Bytes), Response> {
    let (parts, body) = request.into_parts();
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), hub);
    let patience = Duration::from_secs(hub.config.limits.request_seconds);
    match tokio::time::timeout(patience, body).await {
        Ok(Ok(body)) => Ok((parts, body)),
        Ok(Err(refused)) if refused.status() == StatusCode::BAD_REQUEST => {
            Err(ApiError::from(ActionError::BodyEnded).into_response())
        }
        Ok(Err(refused)) => Err(refused.into_response()),
        // The face makes an error of it, as of the time limit that other routes have.
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT.into_response()),
    }
}

/// A query. One with other parameters than it should have, or with values that they cannot have, is
/// `bad_query`.
pub(super) struct QueryOf<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read: Result<axum::extract::Query<T>, QueryRejection> =
            axum::extract::Query::from_request_parts(parts, state).await;
        match read {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => {
                Err(ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_QUERY, error.body_text()))
            }
        }
    }
}
