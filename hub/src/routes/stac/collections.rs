//! A collection, all of them as children of the root, and the way to all items by links alone.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::aggregations;
use super::answer::{self, GEOJSON, JSON, SCHEMA};
use super::asked::{address, from_there, pairs};
use super::landing::{QUERYABLES, SORTABLES, add_links};
use crate::actions::stac::{self, ShownCollection};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::language::languages;
use crate::routes::openapi::errors;
use crate::routes::percent;
use crate::stac::catalog::{self, STAC_VERSION, collection_address, root_address};
use crate::stac::parameters::{Search, of_query};
use crate::stac::{Direction, SortKey};
use crate::state::Hub;

/// Items that a page of links has.
const LINKS: u32 = 1_000;

/// A collection as it is written out.
pub(super) fn body(
    hub: &Hub,
    shown: &ShownCollection<'_>,
    base: &str,
    languages: &[String],
) -> Map<String, Value> {
    let ShownCollection { category, extent } = shown;
    let mut body = catalog::collection(&hub.stac, category, base, extent, languages);
    let at = collection_address(base, &category.id);
    add_links(
        &mut body,
        vec![
            json!({"rel": "child", "type": JSON, "href": format!("{at}/browse"), "title": "All items"}),
            json!({"rel": SORTABLES, "type": SCHEMA, "href": format!("{at}/sortables")}),
            json!({"rel": QUERYABLES, "type": SCHEMA, "href": format!("{at}/queryables")}),
        ],
    );
    add_links(&mut body, aggregations::links(&format!("{at}/")));
    body
}

async fn bodies(hub: &Hub, caller: &Caller, headers: &HeaderMap) -> Result<Vec<Value>, ApiError> {
    let (base, languages) = (hub.public_url(), languages(headers));
    let shown = stac::collections(hub, caller).await?;
    Ok(shown.iter().map(|shown| body(hub, shown, &base, &languages).into()).collect())
}

fn links(base: &str, name: &str) -> Value {
    let root = root_address(base);
    json!([
        {"rel": "self", "type": JSON, "href": format!("{root}{name}")},
        {"rel": "root", "type": JSON, "href": root},
    ])
}

/// What is below the root catalog: its collections.
#[utoipa::path(
    get, path = "/api/stac/children", operation_id = "list_children", tag = "catalogue",
    responses(
        (status = 200, description = "The collections.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed,
    ),
)]
pub(super) async fn children(
    State(hub): State<Hub>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let children = bodies(&hub, &caller, &headers).await?;
    let page = json!({"children": children, "links": links(&hub.public_url(), "children")});
    Ok(answer::value(&headers, JSON, &page))
}

/// One collection.
#[utoipa::path(
    get, path = "/api/stac/collections/{collection}", operation_id = "get_collection", tag = "catalogue",
    params(("collection" = String, Path, description = "The collection's id.", example = "dataset")),
    responses(
        (status = 200, description = "The collection.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed,
    ),
)]
pub(super) async fn collection(
    State(hub): State<Hub>,
    caller: Caller,
    Path(collection): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let shown = stac::collection(&hub, &caller, &collection).await?;
    let body = body(&hub, &shown, &hub.public_url(), &languages(&headers));
    Ok(answer::value(&headers, JSON, &body.into()))
}

/// A catalog of all items of a collection, for who follows links alone. One that goes on has a `child` with the rest.
#[utoipa::path(
    get, path = "/api/stac/collections/{collection}/browse", operation_id = "browse_items", tag = "items",
    params(
        ("collection" = String, Path, description = "The collection's id."),
        ("after" = Option<String>, Query, description = "Where it begins: as the link says that leads here."),
    ),
    responses(
        (status = 200, description = "A catalog.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed, super::items::Searching,
    ),
)]
pub(super) async fn browse(
    State(hub): State<Hub>,
    caller: Caller,
    Path(collection): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    stac::known(&hub, &collection)?;
    let pairs = pairs(&uri)?;
    let search = Search {
        collections: Some(vec![collection.clone()]),
        sort: vec![(SortKey::Id, Direction::Ascending)],
        limit: Some(LINKS),
        ..of_query(&pairs, &["after"])?
    };
    let found = stac::ids(&hub, &caller, search).await?;
    let base = hub.public_url();
    let at = collection_address(&base, &collection);
    let (itself, root) = (format!("{at}/browse"), root_address(&base));
    let first = found.ids.first().map(String::as_str).unwrap_or_default();
    let mut links = vec![
        json!({"rel": "self", "type": JSON, "href": address(&itself, &pairs)}),
        json!({"rel": "root", "type": JSON, "href": root}),
        json!({"rel": "parent", "type": JSON, "href": at}),
    ];
    links.extend(found.ids.iter().map(|id| {
        let href = format!("{at}/items/{}", percent::encode(id.as_bytes()));
        json!({"rel": "item", "type": GEOJSON, "href": href})
    }));
    links.extend(found.next.map(|cursor| {
        let href = address(&itself, &from_there(&pairs, &cursor));
        json!({"rel": "child", "type": JSON, "href": href, "title": "More items"})
    }));
    let catalog = json!({
        "stac_version": STAC_VERSION, "type": "Catalog", "id": format!("{collection}/{first}"),
        "title": "Items", "description": "Items of the collection, by id", "links": links,
    });
    Ok(answer::value(&headers, JSON, &catalog))
}
