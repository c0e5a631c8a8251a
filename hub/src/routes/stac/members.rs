//! What items and collections can be sorted by and asked for: schemas of their members. What the items of a collection
//! can be asked for is what they have.

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
use crate::stac::parameters::{COLLECTION_SORTABLES, CollectionKey, sortables as known_sortables};
use crate::stac::{COLLECTION_QUERYABLES, QUERYABLES, Queryable, SortKey};
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

/// What items of a collection can be asked for in a filter: what is known of all items, and what the newest 200 of them
/// have that the caller may see. Other properties can be asked for, too.
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
    caller: Caller,
    Path(collection): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let observed = stac::observed(&hub, &caller, &collection).await?;
    let at = format!("{}/queryables", collection_address(&hub.public_url(), &collection));
    let about = "What is known of all items, and what items of the collection have";
    let texts = ("What items of the collection can be asked for", about);
    Ok(answer::value(&headers, SCHEMA, &schema(&at, texts, &observed.schemas(), true)))
}

/// What collections can be sorted by.
#[utoipa::path(
    get, path = "/api/stac/collection-sortables", operation_id = "get_collection_sortables", tag = "catalogue",
    responses(
        (status = 200, description = "A schema.", body = Value, content_type = "application/schema+json"),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed,
    ),
)]
pub(super) async fn collection_sortables(
    State(hub): State<Hub>,
    _: Caller,
    headers: HeaderMap,
) -> Response {
    let at = format!("{}collection-sortables", root_address(&hub.public_url()));
    let properties = COLLECTION_SORTABLES.map(|(name, key)| {
        let (title, is_time) = match key {
            CollectionKey::Id => ("Id", false),
            CollectionKey::Title => ("Title", false),
            CollectionKey::License => ("License", false),
            CollectionKey::Start => ("Begin of the first item", true),
            CollectionKey::End => ("End of the last item", true),
        };
        (name.to_owned(), sorted(title, is_time))
    });
    let texts = ("What collections can be sorted by", "Members of collections for `sortby`");
    let schema = schema(&at, texts, &properties.into_iter().collect(), false);
    answer::value(&headers, SCHEMA, &schema)
}

/// What collections can be asked for in a filter. Other members can be asked for, too.
#[utoipa::path(
    get, path = "/api/stac/collection-queryables", operation_id = "get_collection_queryables", tag = "catalogue",
    responses(
        (status = 200, description = "A schema.", body = Value, content_type = "application/schema+json"),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed,
    ),
)]
pub(super) async fn collection_queryables(
    State(hub): State<Hub>,
    _: Caller,
    headers: HeaderMap,
) -> Response {
    let at = format!("{}collection-queryables", root_address(&hub.public_url()));
    let texts = ("What collections can be asked for", "Members of collections for `filter`");
    let schema = schema(&at, texts, &schemas(COLLECTION_QUERYABLES), true);
    answer::value(&headers, SCHEMA, &schema)
}

fn sorting(at: &str) -> Value {
    let properties = known_sortables().map(|(name, key)| {
        let described = match key {
            SortKey::Id => sorted("Id", false),
            SortKey::Collection => sorted("Collection", false),
            SortKey::Title => sorted("Title", false),
            SortKey::Datetime => sorted("When the data is from", true),
            SortKey::Created => sorted("When it was first published", true),
            SortKey::Updated => sorted("When it was last published", true),
            SortKey::Start => sorted("Begin of its time", true),
            SortKey::End => sorted("End of its time", true),
            SortKey::Stars => json!({"type": "integer", "title": "How many users starred it"}),
            SortKey::Property(_) => QUERYABLES
                .iter()
                .find(|known| name.strip_prefix("properties.") == Some(known.name))
                .map_or_else(|| json!({}), Queryable::schema),
        };
        (name, described)
    });
    let texts = ("What items can be sorted by", "Members of items for `sortby`");
    schema(at, texts, &properties.into_iter().collect(), false)
}

fn sorted(title: &str, is_time: bool) -> Value {
    if is_time {
        return json!({"type": "string", "format": "date-time", "title": title});
    }
    json!({"type": "string", "title": title})
}

fn asking(at: &str) -> Value {
    let texts = ("What items can be asked for", "Properties of items that are known, for `filter`");
    schema(at, texts, &schemas(QUERYABLES), true)
}

fn schemas(known: &[Queryable]) -> Map<String, Value> {
    known.iter().map(|known| (known.name.to_owned(), known.schema())).collect()
}

fn schema(
    at: &str,
    (title, about): (&str, &str),
    properties: &Map<String, Value>,
    and_others: bool,
) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": at, "type": "object",
        "title": title, "description": about, "properties": properties,
        "additionalProperties": and_others,
    })
}
