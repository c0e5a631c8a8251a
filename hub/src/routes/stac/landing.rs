//! Where the catalogue begins: the landing page, and what the API conforms to.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::aggregations;
use super::answer::{self, GEOJSON, JSON, SCHEMA};
use super::{DESCRIPTION, DESCRIPTION_TYPE, PAGE};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::language::languages;
use crate::routes::openapi::errors;
use crate::stac::catalog::{collection_address, root, root_address};
use crate::state::Hub;

/// What the API conforms to.
const CONFORMS_TO: &[&str] = &[
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#sort",
    "https://api.stacspec.org/v1.1.0/ogcapi-features#sort",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#fields",
    "https://api.stacspec.org/v1.0.0-rc.1/ogcapi-features#free-text",
    "https://api.stacspec.org/v1.0.0/ogcapi-features/extensions/transaction",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/simpletx",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/item-search#sort",
    "https://api.stacspec.org/v1.1.0/item-search#sort",
    "https://api.stacspec.org/v1.0.0/item-search#fields",
    "https://api.stacspec.org/v1.0.0-rc.1/item-search#free-text",
    "https://api.stacspec.org/v1.0.0-rc.1/item-search#advanced-free-text",
    "https://api.stacspec.org/v1.0.0-rc.1/ogcapi-features#advanced-free-text",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#free-text",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#advanced-free-text",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#filter",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#query",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#fields",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#sort",
    "https://api.stacspec.org/v1.1.0/collection-search#sort",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/simple-query",
    "https://api.stacspec.org/v1.0.0-rc.3/browseable",
    "https://api.stacspec.org/v1.0.0-rc.2/children",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "https://api.stacspec.org/v1.0.0/item-search#filter",
    "https://api.stacspec.org/v1.0.0/item-search#query",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#query",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
    "https://api.stacspec.org/v0.3.0/aggregation",
    "https://api.stacspec.org/v0.3.0/aggregation#query",
    "https://api.stacspec.org/v0.3.0/aggregation#filter",
    // What drafts called some of them: there are clients that look for these.
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-operators",
];

/// The rest of a link that leads to what can be sorted by.
pub(super) const SORTABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/sortables";

/// The landing page: the root catalog, with links to all that the API has.
#[utoipa::path(
    get, path = "/api/stac/", operation_id = "get_root", tag = "catalogue",
    responses(
        (status = 200, description = "The root catalog.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed,
    ),
)]
pub(super) async fn landing(
    State(hub): State<Hub>,
    _: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let base = hub.public_url();
    let mut body = root(&hub.stac, &base, &languages(&headers));
    body.insert("conformsTo".to_owned(), json!(CONFORMS_TO));
    add_links(&mut body, links(&hub, &base, &languages(&headers)));
    Ok(answer::value(&headers, JSON, &body.into()))
}

/// What the API conforms to.
#[utoipa::path(
    get, path = "/api/stac/conformance", operation_id = "get_conformance", tag = "catalogue",
    responses(
        (status = 200, description = "The classes.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed,
    ),
)]
pub(super) async fn conformance(_: Caller, headers: HeaderMap) -> Response {
    answer::value(&headers, JSON, &json!({ "conformsTo": CONFORMS_TO }))
}

/// Adds links to those that a body has.
pub(super) fn add_links(body: &mut Map<String, Value>, more: Vec<Value>) {
    if let Some(Value::Array(links)) = body.get_mut("links") {
        links.extend(more);
    }
}

/// The rest of a link that leads to what can be asked for.
pub(super) const QUERYABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/queryables";

/// Links to what the API has.
fn links(hub: &Hub, base: &str, languages: &[String]) -> Vec<Value> {
    let root = root_address(base);
    let link =
        |rel: &str, kind: &str, href: String| json!({"rel": rel, "type": kind, "href": href});
    let search = |method: &str| {
        let href = format!("{root}search");
        json!({"rel": "search", "type": GEOJSON, "href": href, "method": method})
    };
    let mut links = vec![
        link("service-desc", DESCRIPTION_TYPE, format!("{base}{DESCRIPTION}")),
        link("service-doc", "text/html", format!("{base}{PAGE}")),
        link("conformance", JSON, format!("{root}conformance")),
        link("data", JSON, format!("{root}collections")),
        link("children", JSON, format!("{root}children")),
        link(SORTABLES, SCHEMA, format!("{root}sortables")),
        link(QUERYABLES, SCHEMA, format!("{root}queryables")),
        search("GET"),
        search("POST"),
    ];
    links.extend(aggregations::links(&root));
    links.extend(hub.stac.categories.iter().map(|category| {
        let href = collection_address(base, &category.id);
        let title = category.title(languages);
        json!({"rel": "child", "type": JSON, "href": href, "title": title})
    }));
    links
}
