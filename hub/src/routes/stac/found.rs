//! A page of items as a feature collection, with links to where it is and to the next one.

use axum::http::HeaderMap;
use axum::http::header::LINK;
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use super::answer::{self, GEOJSON, JSON};
use super::asked::{Pairs, address, from_there};
use super::doubts::Doubts;
use super::format::{PARQUET, TABLES};
use crate::actions::ActionError;
#[cfg(feature = "geoparquet")]
use crate::actions::stac;
use crate::actions::stac::Found;
use crate::error::ApiError;
use crate::routes::ranged::set;
use crate::stac::catalog::{STAC_VERSION, collection_address, root_address};
use crate::stac::{Fields, Format, Mode};
use crate::state::Hub;

/// What was asked, so that the next page can be asked for alike.
pub(super) enum Asked {
    /// A `GET` of that address.
    Query(String, Pairs),
    /// A `POST` to that address with that query, and what both say.
    Body(String, Pairs, Map<String, Value>),
}

impl Asked {
    /// The address of another page, with all that the query of this one said.
    fn at_cursor(&self, cursor: &str) -> String {
        let (Self::Query(at, pairs) | Self::Body(at, pairs, _)) = self;
        address(at, &from_there(pairs, cursor))
    }
}

/// How items are written out, and where the page is.
pub(super) struct Page {
    pub(super) asked: Asked,
    /// The one collection that the items are of, if it is one.
    pub(super) collection: Option<String>,
    pub(super) fields: Option<Fields>,
    pub(super) mode: Mode,
    pub(super) format: Format,
    pub(super) doubts: Doubts,
}

impl Page {
    /// The answer.
    pub(super) async fn answer(
        self,
        hub: &Hub,
        headers: &HeaderMap,
        found: Found,
    ) -> Result<Response, ApiError> {
        if self.format == Format::Parquet {
            return self.table(hub, headers, found).await;
        }
        let base = hub.public_url();
        let links = self.links(&base, found.next.as_deref());
        let (numbers, next) = (Numbers::of(&found), self.next(found.next.as_deref()));
        let warnings = self.doubts.warnings(numbers.matched);
        let (fields, mode) = (self.fields.unwrap_or_default(), self.mode);
        // Many items take a while to write. Each is given back as soon as it is.
        let written = spawn_blocking(move || {
            let items = found.items.into_iter().map(|item| item.write(&base, mode, &fields));
            numbers.around(items, &links, &warnings)
        });
        let page = written.await.map_err(ActionError::internal)?;
        let mut response = answer::text(headers, GEOJSON, page);
        if let Some((address, None)) = next {
            set(&mut response, LINK, &format!("<{address}>; rel=\"next\""));
        }
        Ok(response)
    }

    /// The answer as a table. Where the next page is, the header says alone: after a `POST`, the same body is sent there,
    /// which does not say what the query did.
    #[cfg(feature = "geoparquet")]
    async fn table(
        self,
        hub: &Hub,
        headers: &HeaderMap,
        found: Found,
    ) -> Result<Response, ApiError> {
        let next = found.next.as_deref().map(|cursor| self.asked.at_cursor(cursor));
        let fields = self.fields.unwrap_or_default();
        let table = stac::table(hub, found.items, self.mode, fields).await?;
        let mut response = answer::text(headers, PARQUET, table);
        if let Some(next) = next {
            set(&mut response, LINK, &format!("<{next}>; rel=\"next\""));
        }
        Ok(response)
    }

    /// Nobody gets here: without tables nobody asks for one.
    #[cfg(not(feature = "geoparquet"))]
    async fn table(self, _: &Hub, _: &HeaderMap, _: Found) -> Result<Response, ApiError> {
        Err(ActionError::internal(std::io::Error::other("there are no tables")).into())
    }

    /// Where the next page is, and with which body it is asked for.
    fn next(&self, cursor: Option<&str>) -> Option<(String, Option<Value>)> {
        let cursor = cursor?;
        Some(match &self.asked {
            Asked::Query(..) => (self.asked.at_cursor(cursor), None),
            Asked::Body(at, _, body) => {
                let mut body = body.clone();
                body.insert("after".to_owned(), cursor.into());
                (at.clone(), Some(body.into()))
            }
        })
    }

    fn links(&self, base: &str, cursor: Option<&str>) -> Value {
        let itself = match &self.asked {
            Asked::Query(at, pairs) => address(at, pairs),
            Asked::Body(at, ..) => at.clone(),
        };
        let mut links = vec![
            json!({"rel": "self", "type": GEOJSON, "href": itself}),
            json!({"rel": "root", "type": JSON, "href": root_address(base)}),
        ];
        if let Some(collection) = &self.collection {
            let href = collection_address(base, collection);
            links.push(json!({"rel": "collection", "type": JSON, "href": href}));
        }
        if let (true, Asked::Query(at, pairs)) = (TABLES, &self.asked) {
            let others = pairs.iter().filter(|(name, _)| name != "f").cloned();
            let table: Pairs = others.chain([("f".to_owned(), "parquet".to_owned())]).collect();
            links.push(json!({"rel": "alternate", "type": PARQUET, "href": address(at, &table)}));
        }
        links.extend(self.next(cursor).map(|(href, body)| match body {
            None => json!({"rel": "next", "type": GEOJSON, "href": href, "method": "GET"}),
            Some(body) => json!({
                "rel": "next", "type": GEOJSON, "href": href, "method": "POST",
                "body": body, "merge": false,
            }),
        }));
        links.into()
    }
}

/// How much there is.
struct Numbers {
    limit: u32,
    matched: u64,
    returned: usize,
}

impl Numbers {
    fn of(found: &Found) -> Self {
        Self { limit: found.limit, matched: found.matched, returned: found.items.len() }
    }

    /// The collection of features that are written one after the other, in the one text that is sent.
    fn around(
        &self,
        features: impl Iterator<Item = String>,
        links: &Value,
        warnings: &[String],
    ) -> String {
        let Self { limit, matched, returned } = self;
        let mut page = format!(
            "{{\"type\":\"FeatureCollection\",\"stac_version\":\"{STAC_VERSION}\",\"stac_extensions\":[],\
             \"context\":{{\"limit\":{limit},\"matched\":{matched},\"returned\":{returned}}},\
             \"numberMatched\":{matched},\"numberReturned\":{returned},\"features\":["
        );
        for (at, feature) in features.enumerate() {
            if at > 0 {
                page.push(',');
            }
            page.push_str(&feature);
        }
        page.push_str("],\"links\":");
        page.push_str(&links.to_string());
        if !warnings.is_empty() {
            page.push_str(",\"flisthub:warnings\":");
            page.push_str(&json!(warnings).to_string());
        }
        page.push('}');
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(asked: Asked) -> Page {
        Page {
            asked,
            collection: Some("dataset".into()),
            fields: None,
            mode: Mode::Full,
            format: Format::Json,
            doubts: Doubts::default(),
        }
    }

    #[test]
    fn the_next_page_is_asked_for_as_this_one() {
        let pairs = vec![("limit".to_owned(), "2".to_owned())];
        let links =
            page(Asked::Query("https://h/s".to_owned(), pairs)).links("https://h", Some("c"));
        assert_eq!(links[0]["href"], "https://h/s?limit=2");
        assert_eq!(links[2]["href"], "https://h/api/stac/collections/dataset");
        let next = links.as_array().unwrap().last().unwrap();
        assert_eq!(next["href"], "https://h/s?limit=2&after=c");
        let table = links.as_array().unwrap().iter().find(|link| link["rel"] == "alternate");
        assert_eq!(table.is_some(), TABLES);
        assert!(table.is_none_or(|link| link["href"] == "https://h/s?limit=2&f=parquet"));
        let body = json!({"limit": 2, "after": "b"}).as_object().unwrap().clone();
        let pairs = [("f", "parquet"), ("after", "b"), ("mode", "reference")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let posted = page(Asked::Body("https://h/s".to_owned(), pairs, body));
        // Of a table, to which the body is sent again.
        assert_eq!(posted.asked.at_cursor("c"), "https://h/s?f=parquet&mode=reference&after=c");
        let links = posted.links("https://h", Some("c"));
        assert_eq!(links[3]["body"], json!({"limit": 2, "after": "c"}));
        assert_eq!((&links[3]["method"], &links[3]["merge"]), (&json!("POST"), &json!(false)));
        assert_eq!(posted.links("https://h", None).as_array().unwrap().len(), 3);
    }

    #[test]
    fn a_page_is_json_with_its_numbers() {
        let numbers = Numbers { limit: 10, matched: 7, returned: 2 };
        let around = |ids: &[u32]| -> Value {
            let features = ids.iter().map(|id| format!("{{\"id\":{id}}}"));
            let page = numbers.around(features, &json!([{"rel": "self"}]), &["so".to_owned()]);
            serde_json::from_str(&page).unwrap()
        };
        let read = around(&[1, 2]);
        assert_eq!(read["flisthub:warnings"], json!(["so"]));
        assert_eq!(read["links"][0]["rel"], "self");
        assert_eq!(around(&[])["features"], json!([]));
        assert_eq!((&read["numberMatched"], &read["numberReturned"]), (&json!(7), &json!(2)));
        assert_eq!(read["context"], json!({"limit": 10, "matched": 7, "returned": 2}));
        assert_eq!(read["features"][1]["id"], 2);
    }
}
