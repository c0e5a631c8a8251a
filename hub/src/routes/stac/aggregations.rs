//! Aggregations: which there are, and what they tell of the items that a search finds.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answer::{self, JSON};
use super::asked::{address, pairs};
use super::items::{Everywhere, Searching};
use crate::actions::stac;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::extract::OpenJsonBody;
use crate::routes::openapi::errors;
use crate::stac::aggregations::{Aggregate, definitions, of_body, of_query};
use crate::stac::catalog::{collection_address, root_address};
use crate::state::Hub;

/// Parameters of aggregations, for the document: they are read by `crate::stac::aggregations`.
#[expect(dead_code, reason = "the document alone reads the fields")]
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Aggregating {
    /// Names of aggregations, with commas between them: `/aggregations` lists them. Without any there is no answer to
    /// anything.
    aggregations: Option<String>,
    /// How long the parts of `datetime_frequency` are: `year`, `quarter`, `month`, `week`, `day`, `hour`, `minute` or
    /// `second`.
    #[param(example = "month")]
    datetime_frequency_interval: Option<String>,
    /// Digits of the geohashes.
    #[param(minimum = 1, maximum = 12)]
    grid_geohash_frequency_precision: Option<u8>,
    /// Zoom of the tiles.
    #[param(maximum = 29)]
    grid_geotile_frequency_precision: Option<u8>,
    /// Digits of the geohashes.
    #[param(minimum = 1, maximum = 12)]
    centroid_geohash_grid_frequency_precision: Option<u8>,
    /// Zoom of the tiles.
    #[param(maximum = 29)]
    centroid_geotile_grid_frequency_precision: Option<u8>,
    /// Digits of the geohashes.
    #[param(minimum = 1, maximum = 12)]
    geometry_geohash_grid_frequency_precision: Option<u8>,
    /// Zoom of the tiles.
    #[param(maximum = 29)]
    geometry_geotile_grid_frequency_precision: Option<u8>,
    /// Resolution of the cells of H3.
    #[param(maximum = 15)]
    grid_geohex_frequency_precision: Option<u8>,
    /// Resolution of the cells of H3.
    #[param(maximum = 15)]
    centroid_geohex_grid_frequency_precision: Option<u8>,
    /// Ids of items, with commas between them.
    ids: Option<String>,
    /// As in a search.
    bbox: Option<String>,
    /// As in a search.
    datetime: Option<String>,
    /// As in a search.
    q: Option<String>,
    /// As in a search.
    filter: Option<String>,
    /// As in a search.
    #[param(rename = "filter-lang")]
    filter_lang: Option<String>,
    /// As in a search.
    #[param(rename = "filter-crs")]
    filter_crs: Option<String>,
    /// As in a search.
    query: Option<String>,
}

/// Aggregations over the items of all collections.
///
/// A bucket is of one key; `overflow` says how many items are in no bucket: because they have no such value, or because
/// there are more than 10,000 buckets.
#[utoipa::path(
    get, path = "/api/stac/aggregate", operation_id = "aggregate", tag = "items",
    params(Everywhere, Aggregating),
    responses(
        (status = 200, description = "What is asked for.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed, Searching,
    ),
)]
pub(super) async fn aggregate(
    State(hub): State<Hub>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (pairs, root) = (pairs(&uri)?, root_address(&hub.public_url()));
    let itself = address(&format!("{root}aggregate"), &pairs);
    answered(&hub, &caller, &headers, (of_query(&pairs)?, &itself)).await
}

/// The same, by a body.
///
/// Its members are called as the parameters of `GET`, and are those of a search.
#[utoipa::path(
    post, path = "/api/stac/aggregate", operation_id = "aggregate_by_body", tag = "items",
    request_body(content = Value, example = json!({"collections": ["dataset"], "aggregations": ["total_count"]})),
    responses(
        (status = 200, description = "What is asked for.", body = Value),
        errors::Caller, errors::Timed, errors::JsonBody, Searching,
    ),
)]
pub(super) async fn aggregate_by_body(
    State(hub): State<Hub>,
    caller: Caller,
    OpenJsonBody(body): OpenJsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    let itself = format!("{}aggregate", root_address(&hub.public_url()));
    answered(&hub, &caller, &HeaderMap::new(), (of_body(&body)?, &itself)).await
}

/// Aggregations over the items of a collection.
#[utoipa::path(
    get, path = "/api/stac/collections/{collection}/aggregate", operation_id = "aggregate_of", tag = "items",
    params(
        ("collection" = String, Path, description = "The collection's id."),
        Everywhere, Aggregating,
    ),
    responses(
        (status = 200, description = "What is asked for.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed, Searching,
    ),
)]
pub(super) async fn aggregate_of(
    State(hub): State<Hub>,
    caller: Caller,
    Path(collection): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    stac::known(&hub, &collection)?;
    let pairs = pairs(&uri)?;
    let asked = within(of_query(&pairs)?, &collection);
    let itself = address(&of_collection(&hub, &collection, "aggregate"), &pairs);
    answered(&hub, &caller, &headers, (asked, &itself)).await
}

/// The same, by a body.
#[utoipa::path(
    post, path = "/api/stac/collections/{collection}/aggregate", operation_id = "aggregate_of_by_body", tag = "items",
    params(("collection" = String, Path, description = "The collection's id.")),
    request_body(content = Value, example = json!({"aggregations": ["total_count"]})),
    responses(
        (status = 200, description = "What is asked for.", body = Value),
        errors::Caller, errors::Named, errors::Timed, errors::JsonBody, Searching,
    ),
)]
pub(super) async fn aggregate_of_by_body(
    State(hub): State<Hub>,
    caller: Caller,
    Path(collection): Path<String>,
    OpenJsonBody(body): OpenJsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    stac::known(&hub, &collection)?;
    let asked = within(of_body(&body)?, &collection);
    let itself = of_collection(&hub, &collection, "aggregate");
    answered(&hub, &caller, &HeaderMap::new(), (asked, &itself)).await
}

/// Which aggregations there are.
#[utoipa::path(
    get, path = "/api/stac/aggregations", operation_id = "get_aggregations", tag = "items",
    responses(
        (status = 200, description = "Their names, and what they give.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed,
    ),
)]
pub(super) async fn aggregations(
    State(hub): State<Hub>,
    _: Caller,
    headers: HeaderMap,
) -> Response {
    let itself = format!("{}aggregations", root_address(&hub.public_url()));
    answer::value(&headers, JSON, &listed(&hub, &itself))
}

/// Which aggregations there are over the items of a collection.
#[utoipa::path(
    get, path = "/api/stac/collections/{collection}/aggregations", operation_id = "get_aggregations_of", tag = "items",
    params(("collection" = String, Path, description = "The collection's id.")),
    responses(
        (status = 200, description = "Their names, and what they give.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed,
    ),
)]
pub(super) async fn aggregations_of(
    State(hub): State<Hub>,
    _: Caller,
    Path(collection): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    stac::known(&hub, &collection)?;
    let itself = of_collection(&hub, &collection, "aggregations");
    Ok(answer::value(&headers, JSON, &listed(&hub, &itself)))
}

/// Links from the root, or from a collection, whose address ends with a slash, to what is here.
pub(super) fn links(at: &str) -> Vec<Value> {
    let link = |method: &str| json!({"rel": "aggregate", "type": JSON, "href": format!("{at}aggregate"), "method": method});
    let listed = json!({"rel": "aggregations", "type": JSON, "href": format!("{at}aggregations")});
    vec![link("GET"), link("POST"), listed]
}

fn of_collection(hub: &Hub, collection: &str, name: &str) -> String {
    format!("{}/{name}", collection_address(&hub.public_url(), collection))
}

/// What is asked for, over one collection alone. Of others that a request names there are no items here.
fn within(mut asked: Aggregate, collection: &str) -> Aggregate {
    let wanted = asked.search.collections.is_none_or(|all| all.iter().any(|id| id == collection));
    asked.search.collections = Some(Vec::from_iter(wanted.then(|| collection.to_owned())));
    asked
}

fn links_of(hub: &Hub, itself: &str) -> Value {
    json!([
        {"rel": "self", "type": JSON, "href": itself},
        {"rel": "root", "type": JSON, "href": root_address(&hub.public_url())},
    ])
}

fn listed(hub: &Hub, itself: &str) -> Value {
    let links = links_of(hub, itself);
    json!({"type": "AggregationCollection", "aggregations": definitions(), "links": links})
}

async fn answered(
    hub: &Hub,
    caller: &Caller,
    headers: &HeaderMap,
    (asked, itself): (Aggregate, &str),
) -> Result<Response, ApiError> {
    let found = stac::aggregate(hub, caller, asked).await?;
    let links = links_of(hub, itself);
    let body =
        format!(r#"{{"type":"AggregationCollection","aggregations":{found},"links":{links}}}"#);
    Ok(answer::text(headers, JSON, body))
}
