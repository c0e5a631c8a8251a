//! Bodies and queries of the native API, taken in so that what is wrong with them is an error of the hub's
//! own: with one code, and with a message that names the field.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Code};

/// A JSON body. One that is not JSON, has other fields than it should or values that they cannot have is
/// `bad_request`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => {
                let message = error.body_text();
                Err(ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_REQUEST, message)
                    .into_response())
            }
            // `face` makes a problem of it.
            Err(other) => Err(other.into_response()),
        }
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
