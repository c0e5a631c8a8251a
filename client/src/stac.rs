//! Calls that find items: the collections of a hub, a search, one item.
//!
//! STAC's documents are kept as they come, so that nothing of them is lost, and are read by whoever shows them.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::ClientError;
use crate::hub::{HubClient, bad_answer, json};
use crate::transport::Call;

/// A document of STAC as a hub gave it.
pub type Document = Box<RawValue>;

/// By what and which way items are sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SortBy {
    /// A property, such as `datetime` or `title`.
    pub field: String,
    /// `asc` or `desc`.
    pub direction: &'static str,
}

/// What to search for. What is left out lets everything through.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Search {
    /// Items of one of these collections.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    /// Those among these items, each `repository/name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Those that meet a box: west, south, east, north.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bbox: Vec<f64>,
    /// Those that meet a geometry (`GeoJSON`). Not together with a box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intersects: Option<Value>,
    /// Those of a time, or of a span of it: `2024-05-01T00:00:00Z/..`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datetime: Option<String>,
    /// Those with one of these words or phrases; `[tag]` and `:starred` narrow it further.
    #[serde(rename = "q", skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// In that order.
    #[serde(rename = "sortby", skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<SortBy>,
    /// At most so many a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One page of what was found.
#[derive(Debug)]
pub struct ItemPage {
    /// Items.
    pub items: Vec<Document>,
    /// How many match in all, if the hub counted them.
    pub matched: Option<u64>,
}

/// What a search finds, fetched while it is read. Nothing is sent before the first page is asked for.
#[derive(Debug)]
pub struct Items {
    hub: HubClient,
    /// The next request; `None` after the last page.
    body: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Found {
    features: Vec<Document>,
    #[serde(rename = "numberMatched")]
    matched: Option<u64>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    #[serde(default)]
    body: Map<String, Value>,
    /// Whether the body is laid over that of the request.
    #[serde(default)]
    merge: bool,
}

#[derive(Deserialize)]
struct Collections {
    collections: Vec<Document>,
}

impl HubClient {
    /// The collections of which the caller may see something.
    pub async fn stac_collections(&self) -> Result<Vec<Document>, ClientError> {
        let path = ["api", "stac", "collections"];
        let call = Call::new("listing the collections", Method::GET, &path);
        self.transport().json(&call).await.map(|all: Collections| all.collections)
    }

    /// The items that match.
    pub fn stac_search(&self, search: &Search) -> Result<Items, ClientError> {
        let what = "searching items";
        let body = serde_json::to_value(search)
            .and_then(serde_json::from_value)
            .map_err(|error| bad_answer(what, &error.to_string()))?;
        Ok(Items { hub: self.clone(), body: Some(body) })
    }

    /// One item of a collection; `id` is `repository/name`, or `repository/name@REVISION` for an older one.
    pub async fn stac_item(&self, collection: &str, id: &str) -> Result<Document, ClientError> {
        let what = format!("looking the item {id} of {collection} up");
        let path = ["api", "stac", "collections", collection, "items", id];
        self.transport().json(&Call::new(&what, Method::GET, &path)).await
    }
}

impl Items {
    /// The next page, which may be empty; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<ItemPage>, ClientError> {
        let Some(body) = self.body.take() else { return Ok(None) };
        let what = "searching items";
        let payload = json(what, &body)?;
        let path = ["api", "stac", "search"];
        let call = Call { payload, ..Call::new(what, Method::POST, &path) };
        let found: Found = self.hub.transport().json(&call).await?;
        // Only what stands in the link is used, never where it leads: the token goes to this hub alone.
        if let Some(next) = found.links.into_iter().find(|link| link.rel == "next") {
            let mut following = if next.merge { body.clone() } else { Map::new() };
            following.extend(next.body);
            if following == body {
                return Err(bad_answer(what, "a page leads to itself"));
            }
            self.body = Some(following);
        }
        Ok(Some(ItemPage { items: found.features, matched: found.matched }))
    }
}
