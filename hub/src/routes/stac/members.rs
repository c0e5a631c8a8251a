//! What items can be sorted by and asked for: schemas of their members, the same for every collection.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answer::{self, SCHEMA};
use crate::actions::stac;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::openapi::errors;
use crate::stac::catalog::{collection_address, root_address};
use crate::stac::parameters::SORTABLES;
use crate::stac::{QUERYABLES, SortKey};
use crate::state::Hub;

/// What items can be sorted by.
#[utoipa::path(
    get, path = "/api/stac/sortables", operation_id = "get_sortables", tag = "items",
    responses(
        (status = 200, description = "A schema.", body = Value, content_type = "application/schema+json"),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed,
    ),
)]
pub(super) async fn sortables(State(hub): State<Hub>, _: Caller, headers: HeaderMap) -> Response {
    let at = format!("{}sortables", root_address(&hub.public_url()));
    answer::value(&headers, SCHEMA, &sorting(&at))
}

/// What items of a collection can be sorted by.
#[utoipa::path(
    get, path = "/api/stac/collections/{collection}/sortables", operation_id = "get_sortables_of", tag = "items",
    params(("collection" = String, Path, description = "The collection's id.")),
    responses(
        (status = 200, description = "A schema.", body = Value, content_type = "application/schema+json"),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed,
    ),
)]
pub(super) async fn sortables_of(
    State(hub): State<Hub>,
    _: Caller,
    Path(collection): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    stac::known(&hub, &collection)?;
    let at = format!("{}/sortables", collection_address(&hub.public_url(), &collection));
    Ok(answer::value(&headers, SCHEMA, &sorting(&at)))
}

/// What items can be asked for in a filter. Other properties can be asked for, too.
#[utoipa::path(
    get, path = "/api/stac/queryables", operation_id = "get_queryables", tag = "items",
    responses(
        (status = 200, description = "A schema.", body = Value, content_type = "application/schema+json"),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed,
    ),
)]
pub(super) async fn queryables(State(hub): State<Hub>, _: Caller, headers: HeaderMap) -> Response {
    let at = format!("{}queryables", root_address(&hub.public_url()));
    answer::value(&headers, SCHEMA, &asking(&at))
}

/// What items of a collection can be asked for in a filter. Other properties can be asked for, too.
#[utoipa::path(
    get, path = "/api/stac/collections/{collection}/queryables", operation_id = "get_queryables_of", tag = "items",
    params(("collection" = String, Path, description = "The collection's id.")),
    responses(
        (status = 200, description = "A schema.", body = Value, content_type = "application/schema+json"),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed,
    ),
)]
pub(super) async fn queryables_of(
    State(hub): State<Hub>,
    _: Caller,
    Path(collection): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    stac::known(&hub, &collection)?;
    let at = format!("{}/queryables", collection_address(&hub.public_url(), &collection));
    Ok(answer::value(&headers, SCHEMA, &asking(&at)))
}

fn sorting(at: &str) -> Value {
    let properties = SORTABLES.map(|(name, key, _)| {
        let described = match key {
            SortKey::Id | SortKey::Collection | SortKey::Title => json!({"type": "string"}),
            SortKey::Stars => json!({"type": "integer"}),
            _ => json!({"type": "string", "format": "date-time"}),
        };
        (name.to_owned(), described)
    });
    schema(at, "What items can be sorted by", &properties.into_iter().collect(), false)
}

fn asking(at: &str) -> Value {
    let properties = QUERYABLES.iter().map(|known| (known.name.to_owned(), known.schema()));
    schema(at, "What items can be asked for", &properties.collect(), true)
}

fn schema(at: &str, title: &str, properties: &Map<String, Value>, and_others: bool) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": at, "type": "object",
        "title": title, "properties": properties, "additionalProperties": and_others,
    })
}
