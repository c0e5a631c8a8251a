//! Items: those of a collection, one of them, and those that a search finds.

use axum::extract::{Path, State};
use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use super::answer::{self, GEOJSON};
use super::asked::pairs;
use super::doubts::Doubts;
use super::format::wanted;
use super::found::{Asked, Page};
use crate::actions::stac;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::extract::OpenJsonBody;
use crate::routes::openapi::errors::{self, errors};
use crate::stac::catalog::{collection_address, root_address};
use crate::stac::parameters::{OF_ITEMS, OF_SEARCH, Search, of_body, of_query};
use crate::stac::{Fields, Mode};
use crate::state::Hub;

errors! {
    /// A search.
    Searching { 400 BAD_SEARCH }
}

/// Parameters of searches, for the document: they are read by `crate::stac::parameters`.
#[expect(dead_code, reason = "the document alone reads the fields")]
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// Ids of items, with commas between them.
    ids: Option<String>,
    /// `west,south,east,north`, or six numbers with heights. West may be greater than east: then the box lies over the
    /// antimeridian.
    bbox: Option<String>,
    /// An instant of RFC 3339, or two with `/` between them, of which one may be `..`.
    datetime: Option<String>,
    /// Free text: terms with commas between them, of which one must be there. A term is a phrase, or an expression with
    /// `AND`, `OR`, parentheses, quotation marks, `+` and `-`. `[tag]` asks for a keyword, `:starred` for what the caller
    /// starred.
    q: Option<String>,
    /// A filter of the Common Query Language (CQL2).
    filter: Option<String>,
    /// How it is written; `cql2-text` unless given.
    #[param(rename = "filter-lang", inline)]
    filter_lang: Option<FilterLanguage>,
    /// The reference system of its geometries: `http://www.opengis.net/def/crs/OGC/1.3/CRS84`, and no other.
    #[param(rename = "filter-crs")]
    filter_crs: Option<String>,
    /// Conditions on properties, as JSON: `{"eo:cloud_cover": {"lt": 10}}`.
    query: Option<String>,
    /// Members to sort by, `-` before one for the greatest first.
    sortby: Option<String>,
    /// Members that are wanted, with commas between them; `-` before those that are not.
    fields: Option<String>,
    /// `full`, `preview` or `reference`: how much of each item is written out.
    mode: Option<String>,
    /// `json` or `geojson`, or `parquet`: a table as GeoParquet, where the hub was built with it. Without it the header
    /// `Accept` says which.
    f: Option<String>,
    /// The most items of the page; more than 10,000 are 10,000.
    #[param(minimum = 1)]
    limit: Option<u64>,
    /// Where the page begins: what the `next` link of the page before has.
    after: Option<String>,
}

/// How a filter is written.
#[expect(dead_code, reason = "the document alone reads it")]
#[derive(utoipa::ToSchema)]
pub(super) enum FilterLanguage {
    #[schema(rename = "cql2-text")]
    Text,
    #[schema(rename = "cql2-json")]
    Json,
}

/// Parameters that only a search over all collections has.
#[expect(dead_code, reason = "the document alone reads the fields")]
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Everywhere {
    /// Ids of collections, with commas between them.
    collections: Option<String>,
    /// A geometry of GeoJSON, as JSON. Not together with `bbox`.
    intersects: Option<String>,
}

/// The items of a collection.
#[utoipa::path(
    get, path = "/api/stac/collections/{collection}/items", operation_id = "list_items", tag = "items",
    params(
        ("collection" = String, Path, description = "The collection's id."),
        ("collections" = Option<String>, Query, description = "Ids of collections: without this one there are no items."),
        Filters,
    ),
    responses(
        (status = 200, description = "A page of items.", content((Value = "application/geo+json"), (Vec<u8> = "application/vnd.apache.parquet"))),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed, Searching,
    ),
)]
pub(super) async fn items(
    State(hub): State<Hub>,
    caller: Caller,
    Path(collection): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    stac::known(&hub, &collection)?;
    let pairs = pairs(&uri)?;
    let mut search = of_query(&pairs, OF_ITEMS)?;
    // Some clients say the collection in the query as well. Of others there are no items here.
    let wanted = search.collections.is_none_or(|wanted| wanted.contains(&collection));
    search.collections = Some(Vec::from_iter(wanted.then(|| collection.clone())));
    let at = format!("{}/items", collection_address(&hub.public_url(), &collection));
    answered(&hub, &caller, &headers, search, Asked::Query(at, pairs)).await
}

/// One item.
///
/// Its id is `repository/name`, the slash as it is or as `%2F`. With `@` and a number behind it, it is what the name was
/// at that revision.
#[utoipa::path(
    get, path = "/api/stac/collections/{collection}/items/{*item}", operation_id = "get_item", tag = "items",
    params(
        ("collection" = String, Path, description = "The collection's id."),
        ("item" = String, Path, description = "The item's id.", example = "alice/scenes"),
    ),
    responses(
        (status = 200, description = "The item.", body = Value, content_type = "application/geo+json"),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Named, errors::Timed, errors::Objects,
    ),
)]
pub(super) async fn item(
    State(hub): State<Hub>,
    caller: Caller,
    Path((collection, item)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let shown = stac::item(&hub, &caller, &collection, &item).await?;
    let written = shown.write(&hub.public_url(), Mode::Full, &Fields::default());
    Ok(answer::text(&headers, GEOJSON, written))
}

/// Searches items of all collections.
#[utoipa::path(
    get, path = "/api/stac/search", operation_id = "search_items", tag = "items",
    params(Everywhere, Filters),
    responses(
        (status = 200, description = "A page of items.", content((Value = "application/geo+json"), (Vec<u8> = "application/vnd.apache.parquet"))),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed, Searching,
    ),
)]
pub(super) async fn search(
    State(hub): State<Hub>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let pairs = pairs(&uri)?;
    let search = of_query(&pairs, OF_SEARCH)?;
    answered(&hub, &caller, &headers, search, Asked::Query(address(&hub), pairs)).await
}

/// Searches items of all collections, by a body.
///
/// Its members are called as the parameters of `GET`. `collections`, `ids`, `bbox` and `q` are lists, `intersects` is a
/// geometry, `sortby` a list of objects with `field` and `direction`, `fields` an object with `include` and `exclude`,
/// `query` and `filter` objects, unless `filter-lang` says `cql2-text`.
#[utoipa::path(
    post, path = "/api/stac/search", operation_id = "search_items_by_body", tag = "items",
    request_body(content = Value, example = json!({"collections": ["dataset"], "bbox": [5, 45, 11, 48], "limit": 10})),
    responses(
        (status = 200, description = "A page of items.", content((Value = "application/geo+json"), (Vec<u8> = "application/vnd.apache.parquet"))),
        errors::Caller, errors::Timed, errors::JsonBody, Searching,
    ),
)]
pub(super) async fn search_by_body(
    State(hub): State<Hub>,
    caller: Caller,
    uri: Uri,
    mut headers: HeaderMap,
    OpenJsonBody(mut body): OpenJsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    // SharingHub's pages say the mode in the query all the same, and so does the link to the next page of a table where
    // that begins.
    let pairs = pairs(&uri)?;
    for (name, value) in pairs.clone() {
        of_query(&[(name.clone(), value.clone())], &["mode", "f", "after"])?;
        if name == "after" {
            body.insert(name, value.into());
        } else {
            body.entry(name).or_insert(value.into());
        }
    }
    let search = of_body(&body, OF_SEARCH)?;
    // The answer to a body has no tag that could be asked by.
    headers.remove(IF_NONE_MATCH);
    let asked = Asked::Body(address(&hub), pairs, body);
    answered(&hub, &caller, &headers, search, asked).await
}

fn address(hub: &Hub) -> String {
    format!("{}search", root_address(&hub.public_url()))
}

async fn answered(
    hub: &Hub,
    caller: &Caller,
    headers: &HeaderMap,
    search: Search,
    asked: Asked,
) -> Result<Response, ApiError> {
    let collection = match search.collections.as_deref() {
        Some([one]) if hub.stac.category(one).is_some() => Some(one.clone()),
        _ => None,
    };
    let format = wanted(search.format, headers)?;
    let (fields, mode) = (search.fields.clone(), search.mode);
    let doubts = Doubts::of(search.filter.as_ref());
    let page = Page { asked, collection, fields, mode, format, doubts };
    let found = stac::search(hub, caller, search).await?;
    Ok(page.answer(hub, headers, found).await?.into_response())
}
