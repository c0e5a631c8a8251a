//! The root catalog and the collections as STAC writes them, with the links that follow from the configuration. Links
//! to what the API offers beside them are added by whoever answers.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::draft::{Bounds, Interval};
use super::parameters::{Fields, Mode};
use super::select::select;
use super::settings::{Category, Settings};

/// The version of STAC that objects are of.
pub const STAC_VERSION: &str = "1.1.0";

/// The box of what is nowhere in particular.
const EVERYWHERE: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];

/// Where and when all items of a collection are that the caller may see.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Extent {
    /// The box around them.
    pub bounds: Option<Bounds>,
    /// From the first to the last.
    pub interval: Option<Interval>,
}

/// The address of the root catalog, for a hub at `base`.
pub fn root_address(base: &str) -> String {
    format!("{base}/api/stac/")
}

/// The address of a collection.
pub fn collection_address(base: &str, id: &str) -> String {
    format!("{base}/api/stac/collections/{id}")
}

/// The root catalog.
pub fn root(settings: &Settings, base: &str, languages: &[String]) -> Map<String, Value> {
    let root = &settings.root;
    let title = root.texts.title(languages).unwrap_or(&root.id);
    let address = root_address(base);
    let mut links = vec![link("self", JSON, &address), link("root", JSON, &address)];
    links.extend(root.logo.as_deref().map(|logo| picture("preview", logo)));
    let mut body = Map::new();
    body.insert("stac_version".to_owned(), STAC_VERSION.into());
    body.insert("type".to_owned(), "Catalog".into());
    body.insert("id".to_owned(), root.id.as_str().into());
    body.insert("title".to_owned(), title.into());
    body.insert("description".to_owned(), described(root.texts.description(languages), title));
    body.insert("links".to_owned(), links.into());
    body
}

/// A category as a collection.
pub fn collection(
    settings: &Settings,
    category: &Category,
    base: &str,
    extent: &Extent,
    languages: &[String],
) -> Map<String, Value> {
    let title = category.title(languages);
    let host = settings.root.texts.title(languages).unwrap_or(&settings.root.id);
    let (address, root) = (collection_address(base, &category.id), root_address(base));
    let mut links = vec![
        link("self", JSON, &address),
        link("parent", JSON, &root),
        link("root", JSON, &root),
        link("items", "application/geo+json", &format!("{address}/items")),
    ];
    links.extend(category.logo.as_deref().map(|logo| picture("preview", logo)));
    links.extend(category.icon.as_deref().map(|icon| picture("icon", icon)));
    let mut body = Map::new();
    body.insert("stac_version".to_owned(), STAC_VERSION.into());
    body.insert("stac_extensions".to_owned(), json!([]));
    body.insert("type".to_owned(), "Collection".into());
    body.insert("id".to_owned(), category.id.as_str().into());
    body.insert("title".to_owned(), title.into());
    let description = category.texts.description(languages);
    body.insert("description".to_owned(), described(description, title));
    body.insert("license".to_owned(), "other".into());
    body.insert("keywords".to_owned(), json!([category.id]));
    let provider = json!({"name": host, "roles": ["host"], "url": base});
    body.insert("providers".to_owned(), json!([provider]));
    body.insert("extent".to_owned(), extent_of(extent));
    body.insert("links".to_owned(), links.into());
    body
}

/// A collection with those of its members that are asked for.
pub fn chosen(body: Map<String, Value>, fields: &Fields) -> Value {
    let body = Value::from(body);
    let chosen = select(body.to_string(), Mode::Full, fields);
    serde_json::from_str(&chosen).unwrap_or(body)
}

const JSON: &str = "application/json";

fn link(rel: &str, kind: &str, href: &str) -> Value {
    json!({"rel": rel, "type": kind, "href": href})
}

/// A picture, whose type is said if its name tells it.
fn picture(rel: &str, href: &str) -> Value {
    match mime_guess::from_path(href).first_raw() {
        Some(kind) => link(rel, kind, href),
        None => json!({"rel": rel, "href": href}),
    }
}

/// STAC wants a description that is not empty.
fn described(description: Option<&str>, title: &str) -> Value {
    description.filter(|text| !text.is_empty()).unwrap_or(title).into()
}

fn extent_of(extent: &Extent) -> Value {
    let bbox = extent.bounds.map_or(EVERYWHERE, |it| [it.west, it.south, it.east, it.north]);
    let interval = extent.interval.unwrap_or_default();
    let interval = [interval.start.and_then(moment), interval.end.and_then(moment)];
    json!({"spatial": {"bbox": [bbox]}, "temporal": {"interval": [interval]}})
}

/// A time in microseconds as RFC 3339 writes it; none if it has a year that cannot be written there.
pub(super) fn moment(microseconds: i64) -> Option<String> {
    let nanoseconds = i128::from(microseconds).checked_mul(1_000)?;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::super::settings::Texts;
    use super::*;

    const BASE: &str = "https://hub.example.com";

    #[test]
    fn the_root_says_what_it_is_in_the_callers_language() {
        let mut settings = Settings::default();
        settings.root.logo = Some("https://x.example.com/l.png".to_owned());
        let french = json!({"title": "Catalogue"});
        settings.root.texts.locales.insert("fr".to_owned(), french);
        let body = root(&settings, BASE, &["fr".to_owned()]);
        assert_eq!((&body["id"], &body["type"]), (&json!("flisthub"), &json!("Catalog")));
        assert_eq!(body["title"], "Catalogue");
        assert_eq!(body["description"], settings.root.texts.description(&[]).unwrap());
        let address = "https://hub.example.com/api/stac/";
        assert_eq!(
            body["links"],
            json!([
                {"rel": "self", "type": "application/json", "href": address},
                {"rel": "root", "type": "application/json", "href": address},
                {"rel": "preview", "type": "image/png", "href": "https://x.example.com/l.png"},
            ])
        );
    }

    #[test]
    fn a_collection_has_the_extent_of_what_is_in_it() {
        let settings = Settings::default();
        let category = settings.category("dataset").unwrap();
        let none = collection(&settings, category, BASE, &Extent::default(), &[]);
        assert_eq!(none["title"], "Datasets");
        assert_eq!(
            none["extent"],
            json!({
                "spatial": {"bbox": [[-180.0, -90.0, 180.0, 90.0]]},
                "temporal": {"interval": [[null, null]]},
            })
        );
        let extent = Extent {
            bounds: Some(Bounds { west: 170.0, south: -5.5, east: -170.0, north: 5.0 }),
            interval: Some(Interval { start: Some(1_700_000_000_500_000), end: Some(i64::MAX) }),
        };
        let some = collection(&settings, category, BASE, &extent, &[]);
        assert_eq!(
            some["extent"],
            json!({
                "spatial": {"bbox": [[170.0, -5.5, -170.0, 5.0]]},
                "temporal": {"interval": [["2023-11-14T22:13:20.5Z", null]]},
            })
        );
        let rels: Vec<_> = some["links"].as_array().unwrap().iter().map(|it| &it["rel"]).collect();
        assert_eq!(rels, ["self", "parent", "root", "items"]);
        let address = "https://hub.example.com/api/stac/collections/dataset/items";
        assert_eq!(some["links"][3]["href"], address);
    }

    #[test]
    fn what_has_no_text_is_called_by_its_id() {
        let mut settings = Settings::default();
        let mut category = settings.categories.remove(0);
        category.texts = Texts::default();
        category.icon = Some("https://x.example.com/icon".to_owned());
        let body = collection(&settings, &category, BASE, &Extent::default(), &[]);
        assert_eq!(
            (&body["title"], &body["description"]),
            (&json!("ai-model"), &json!("ai-model"))
        );
        assert_eq!(body["links"][4], json!({"rel": "icon", "href": "https://x.example.com/icon"}));
    }
}
