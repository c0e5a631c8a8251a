//! The list of collections, which is searched as items are: all of it, or a page of those that are found.

use axum::extract::State;
use axum::http::header::LINK;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{self, JSON, SCHEMA};
use super::asked::{Pairs, address, from_there, pairs};
use super::collections::body;
use super::items::{FilterLanguage, Searching};
use super::landing::{QUERYABLES, SORTABLES};
use crate::actions::stac;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::language::languages;
use crate::routes::openapi::errors;
use crate::routes::ranged::set;
use crate::stac::catalog::{chosen, root_address};
use crate::stac::parameters::of_collections;
use crate::stac::{CollectionBody, CollectionPage};
use crate::state::Hub;

/// Parameters of a search for collections, for the document.
#[expect(dead_code, reason = "the document alone reads the fields")]
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CollectionFilters {
    /// `west,south,east,north`, or six numbers with heights: what meets the collection's extent. West may be greater than
    /// east: then the box lies over the antimeridian.
    bbox: Option<String>,
    /// An instant of RFC 3339, or two with `/` between them, of which one may be `..`: what meets the collection's extent.
    datetime: Option<String>,
    /// Free text in title, description, keywords and id: terms with commas between them, of which one must be there. A
    /// term is a phrase, or an expression with `AND`, `OR`, parentheses, quotation marks, `+` and `-`. `[tag]` asks for a
    /// keyword.
    q: Option<String>,
    /// A filter of the Common Query Language (CQL2).
    filter: Option<String>,
    /// How it is written; `cql2-text` unless given.
    #[param(rename = "filter-lang", inline)]
    filter_lang: Option<FilterLanguage>,
    /// The reference system of its geometries: `http://www.opengis.net/def/crs/OGC/1.3/CRS84`, and no other.
    #[param(rename = "filter-crs")]
    filter_crs: Option<String>,
    /// Conditions on members, as JSON: `{"license": {"eq": "MIT"}}`.
    query: Option<String>,
    /// Members to sort by, `-` before one for the greatest first.
    sortby: Option<String>,
    /// Members that are wanted, with commas between them; `-` before those that are not.
    fields: Option<String>,
    /// The most collections of the page; all unless given.
    #[param(minimum = 1)]
    limit: Option<u64>,
    /// Where the page begins: what the `next` link of the page before has.
    after: Option<String>,
}

/// The collections, or those that a search finds.
#[utoipa::path(
    get, path = "/api/stac/collections", operation_id = "list_collections", tag = "catalogue",
    params(CollectionFilters),
    responses(
        (status = 200, description = "The collections.", body = Value),
        (status = 304, description = "The caller has it."),
        errors::Caller, errors::Timed, Searching,
    ),
)]
pub(super) async fn collections(
    State(hub): State<Hub>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let pairs = pairs(&uri)?;
    let search = of_collections(&pairs)?;
    let (fields, limit) = (search.asked.fields.clone().unwrap_or_default(), search.asked.limit);
    let (base, languages) = (hub.public_url(), languages(&headers));
    let shown = stac::collections(&hub, &caller).await?;
    let all = shown.iter().map(|shown| CollectionBody {
        body: body(&hub, shown, &base, &languages),
        extent: shown.extent,
    });
    let found = stac::search_collections(&hub, search, all.collect()).await?;
    let (links, next) = links(&base, &pairs, &found);
    let (matched, returned) = (found.matched, found.collections.len());
    let bodies: Vec<Value> =
        found.collections.into_iter().map(|body| chosen(body, &fields)).collect();
    let limit = limit.map_or_else(|| json!(returned), |limit| json!(limit));
    let page = json!({
        "collections": bodies, "links": links,
        "context": {"limit": limit, "matched": matched, "returned": returned},
        "numberMatched": matched, "numberReturned": returned,
    });
    let mut response = answer::value(&headers, JSON, &page);
    if let Some(next) = next {
        set(&mut response, LINK, &format!("<{next}>; rel=\"next\""));
    }
    Ok(response)
}

/// Links of the page, and where the next one is.
fn links(base: &str, pairs: &Pairs, found: &CollectionPage) -> (Value, Option<String>) {
    let root = root_address(base);
    let at = format!("{root}collections");
    let page = |cursor: &str| address(&at, &from_there(pairs, cursor));
    let next = found.next.as_deref().map(page);
    let first = || {
        let others = pairs.iter().filter(|(name, _)| name != "after").cloned();
        address(&at, &others.collect::<Pairs>())
    };
    let previous = found.previous.as_ref();
    let previous = previous.map(|cursor| cursor.as_deref().map_or_else(first, page));
    let mut links = vec![
        json!({"rel": "self", "type": JSON, "href": address(&at, pairs)}),
        json!({"rel": "root", "type": JSON, "href": root}),
        json!({"rel": QUERYABLES, "type": SCHEMA, "href": format!("{root}collection-queryables")}),
        json!({"rel": SORTABLES, "type": SCHEMA, "href": format!("{root}collection-sortables")}),
    ];
    for (rel, href) in [("next", &next), ("prev", &previous)] {
        links.extend(
            href.as_ref()
                .map(|href| json!({"rel": rel, "type": JSON, "href": href, "method": "GET"})),
        );
    }
    (links.into(), next)
}
