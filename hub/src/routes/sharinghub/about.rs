//! What is told of the catalogue, of a name, of a token and of tags, in SharingHub's words.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::sharinghub::{self, Checked};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::extract::QueryOf;
use crate::stac::ConfigBody;
use crate::state::Hub;

/// What SharingHub's pages are told. Anybody may know, but for who sends a token that is worth nothing.
pub(super) async fn config(State(hub): State<Hub>, _: Caller) -> Json<ConfigBody> {
    Json(hub.stac.config_body(&hub.public_url()))
}

/// The token that came with the request, if it is a good one; an empty text if none came.
pub(super) async fn token(_: Caller, headers: HeaderMap) -> Response {
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let token = header.and_then(|header| header.trim().split_once(' '));
    let token = token.map_or("", |(_, token)| token.trim());
    ([(CACHE_CONTROL, "no-store")], Json(json!({ "access_token": token }))).into_response()
}

/// What is wanted of a check.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CheckQuery {
    /// Whether to say more than that it is there. Python's clients write `True`.
    info: String,
}

/// Whether there is a name with that path, and what the caller may do with it.
pub(super) async fn check(
    State(hub): State<Hub>,
    caller: Caller,
    Path(path): Path<String>,
    QueryOf(query): QueryOf<CheckQuery>,
) -> Result<Response, ApiError> {
    let checked = sharinghub::check(&hub, &caller, &path).await?;
    if !matches!(query.info.as_str(), "true" | "True" | "1") {
        return Ok(().into_response());
    }
    let Checked { number, name, path, categories, access_level } = checked;
    let body = json!({
        "id": number, "name": name, "path": path, "categories": categories, "access_level": access_level,
    });
    Ok(Json(body).into_response())
}

/// The tags that items have which the caller may see, and those that the configuration proposes.
pub(super) async fn tags(State(hub): State<Hub>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let tags = sharinghub::tags(&hub, &caller).await?;
    let mut body = hub.stac.told.tags.clone();
    body.insert("topics_from_gitlab".to_owned(), json!(tags));
    Ok(Json(Value::Object(body)))
}
