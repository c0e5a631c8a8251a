//! Parts of an item: SharingHub's `mode`, and the `fields` of a search. What is left is as it was written.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use super::members::{self, Members};
use super::parameters::{Fields, Mode};

/// Members that every item has, whatever is asked for.
const ALWAYS: &[&str] = &["type", "stac_version", "id", "collection"];

/// Members of a preview.
const PREVIEW: &[&str] = &[
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "collection",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
];

/// Properties of a preview, beside those of SharingHub.
const PREVIEW_PROPERTIES: &[&str] = &[
    "title",
    "description",
    "datetime",
    "start_datetime",
    "end_datetime",
    "created",
    "updated",
    "keywords",
];

/// Links of every item, whatever its mode.
const PLACE_LINKS: &[&str] = &["self", "parent", "root", "collection"];

/// The most characters of a preview's description.
const MAX_EXCERPT: usize = 150;

/// What of an item is asked for.
pub(super) fn select(item: String, mode: Mode, fields: &Fields) -> String {
    let all = fields.include.is_empty() && fields.exclude.is_empty();
    if mode == Mode::Full && all {
        return item;
    }
    let Some(mut members) = Members::read(&item) else { return item };
    match mode {
        Mode::Full => {}
        Mode::Preview => members = preview(members),
        Mode::Reference => members = reference(members),
    }
    if !fields.include.is_empty() {
        let asked = fields.include.iter().map(String::as_str).chain(ALWAYS.iter().copied());
        members = including(&members, &asked.collect::<Vec<_>>());
    }
    if !fields.exclude.is_empty() {
        let unwanted: Vec<&str> = fields.exclude.iter().map(String::as_str).collect();
        let wanted: Vec<&str> = fields.include.iter().map(String::as_str).collect();
        members = excluding(&members, &unwanted, &wanted);
    }
    members.object("")
}

/// Only what is named. A name may go into objects, by dots; members may have dots in their names, too.
fn including(all: &Members, names: &[&str]) -> Members {
    let mut kept = Members::default();
    for (key, raw) in all.iter() {
        if names.contains(&key.as_str()) {
            kept.made(key, raw.clone());
            continue;
        }
        let below = below(key, names);
        if let Some(inner) = (!below.is_empty()).then(|| Members::read(raw)).flatten() {
            let inner = including(&inner, &below);
            if inner.len() > 0 {
                kept.made(key, inner.object(""));
            }
        }
    }
    kept
}

/// All but what is named, unless that is wanted by the same name, or something in it.
fn excluding(all: &Members, names: &[&str], wanted: &[&str]) -> Members {
    let mut kept = Members::default();
    for (key, raw) in all.iter() {
        let wanted_below = below(key, wanted);
        let unwanted = names.contains(&key.as_str());
        if unwanted && !wanted.contains(&key.as_str()) && wanted_below.is_empty() {
            continue;
        }
        let below = below(key, names);
        let inner = (!below.is_empty()).then(|| Members::read(raw)).flatten();
        let json = match inner {
            Some(inner) => excluding(&inner, &below, &wanted_below).object(""),
            None => raw.clone(),
        };
        kept.made(key, json);
    }
    kept
}

/// What of the names goes into the member of that name.
fn below<'n>(key: &str, names: &[&'n str]) -> Vec<&'n str> {
    names.iter().filter_map(|name| name.strip_prefix(key)?.strip_prefix('.')).collect()
}

/// What a list of items shows.
fn preview(mut item: Members) -> Members {
    let properties =
        item.take("properties").and_then(|raw| Members::read(&raw)).unwrap_or_default();
    let mut shown = Members::default();
    for (key, raw) in properties.iter() {
        if PREVIEW_PROPERTIES.contains(&key.as_str()) || key.starts_with("sharinghub:") {
            shown.made(key, raw.clone());
        }
    }
    if let Some(Value::String(text)) = properties.value("description") {
        shown.set("description", &json!(excerpt(&text)));
    }
    item.made("properties", shown.object(""));
    keep_links(&mut item, |rel| rel == "preview" || PLACE_LINKS.contains(&rel));
    let assets = item.take("assets").and_then(|raw| Members::read(&raw)).unwrap_or_default();
    let mut shown = Members::default();
    for (key, raw) in assets.iter().filter(|(key, _)| key.starts_with("preview")) {
        shown.made(key, raw.clone());
    }
    item.made("assets", shown.object(""));
    item.set("stac_extensions", &json!([]));
    let mut kept = Members::default();
    for key in PREVIEW {
        if let Some(raw) = item.take(key) {
            kept.made(key, raw);
        }
    }
    kept
}

/// What it is called, and its links. It has a time, or it would be no item.
fn reference(item: Members) -> Members {
    let mut item = preview(item);
    let properties =
        item.take("properties").and_then(|raw| Members::read(&raw)).unwrap_or_default();
    let names = ["title", "datetime", "start_datetime", "end_datetime"];
    item.made("properties", including(&properties, &names).object(""));
    keep_links(&mut item, |rel| PLACE_LINKS.contains(&rel));
    item.set("geometry", &Value::Null);
    item.take("bbox");
    item.set("assets", &json!({}));
    item
}

fn keep_links(item: &mut Members, keep: impl Fn(&str) -> bool) {
    let links = item.raw("links").and_then(members::list).unwrap_or_default();
    let rel = |link: &String| {
        let rel = Members::read(link)?.value("rel")?;
        rel.as_str().map(&keep)
    };
    let kept: Vec<String> = links.into_iter().filter(|link| rel(link) == Some(true)).collect();
    item.made("links", format!("[{}]", kept.join(",")));
}

/// The beginning of a description: its text without headings and images.
fn excerpt(text: &str) -> String {
    let mut plain = String::new();
    let mut hidden = 0_usize;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. } | Tag::Image { .. }) => {
                hidden = hidden.saturating_add(1);
            }
            Event::End(TagEnd::Heading(_) | TagEnd::Image) => hidden = hidden.saturating_sub(1),
            Event::Text(part) | Event::Code(part) if hidden == 0 => plain.push_str(&part),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Item) => {
                plain.push(' ');
            }
            _ => {}
        }
        if plain.len() > MAX_EXCERPT.saturating_mul(8) {
            break;
        }
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = plain.chars().take(MAX_EXCERPT).collect();
    if short.len() < plain.len() { format!("{short}...") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r##"{"id":"a/b","type":"Feature","stac_version":"1.1.0","collection":"c","x":123456789012345678901234567890,
        "geometry":{"type":"Point","coordinates":[1,2]},"bbox":[1,2,1,2],"stac_extensions":["e"],
        "properties":{"title":"T","datetime":"2024-01-01T00:00:00Z","eo:bands":[{"name":"B1"}],
        "description":"# T\n\n![p](p.png)\n\nSome *text*.\n\nMore","sharinghub:stars":1},
        "links":[{"rel":"self","href":"s"},{"rel":"preview","href":"p"},{"rel":"about","href":"a"}],
        "assets":{"preview.png":{"href":"p"},"b.tif":{"href":"b","gsd":10}}}"##;

    fn selected(mode: Mode, include: &[&str], exclude: &[&str]) -> Value {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let fields = Fields { include: texts(include), exclude: texts(exclude) };
        serde_json::from_str(&select(ITEM.to_owned(), mode, &fields)).unwrap()
    }

    #[test]
    fn nothing_asked_is_all_as_it_was() {
        assert_eq!(select(ITEM.to_owned(), Mode::Full, &Fields::default()), ITEM);
    }

    #[test]
    fn members_are_included_and_excluded_by_their_paths() {
        let found = selected(Mode::Full, &["properties.title", "assets.b.tif.gsd"], &[]);
        assert_eq!(
            found,
            json!({
                "id": "a/b", "type": "Feature", "stac_version": "1.1.0", "collection": "c",
                "properties": { "title": "T" }, "assets": { "b.tif": { "gsd": 10 } },
            })
        );
        let found = selected(Mode::Full, &[], &["properties.eo:bands", "links", "assets.b.tif"]);
        assert!(found.get("links").is_none() && found["properties"].get("eo:bands").is_none());
        assert_eq!(found["assets"], json!({ "preview.png": { "href": "p" } }));
        assert_eq!(found["properties"]["title"], "T");
        let found = selected(Mode::Full, &["properties.title"], &["properties", "id"]);
        assert_eq!(found["properties"], json!({ "title": "T" }));
        let fields = Fields { exclude: vec!["links".to_owned()], ..Fields::default() };
        assert!(
            select(ITEM.to_owned(), Mode::Full, &fields).contains("123456789012345678901234567890")
        );
    }

    #[test]
    fn a_preview_shows_what_a_list_needs() {
        let found = selected(Mode::Preview, &[], &[]);
        assert_eq!(found["properties"]["description"], "Some text. More");
        assert_eq!(found["assets"], json!({ "preview.png": { "href": "p" } }));
        assert_eq!(found["links"].as_array().unwrap().len(), 2);
        assert!(found["properties"].get("eo:bands").is_none() && found.get("x").is_none());
    }

    #[test]
    fn a_reference_is_a_name_and_links() {
        assert_eq!(
            selected(Mode::Reference, &[], &[]),
            json!({
                "id": "a/b", "type": "Feature", "stac_version": "1.1.0", "collection": "c",
                "stac_extensions": [], "geometry": null,
                "properties": { "title": "T", "datetime": "2024-01-01T00:00:00Z" },
                "links": [{ "rel": "self", "href": "s" }], "assets": {},
            })
        );
    }

    #[test]
    fn an_excerpt_is_short() {
        let long = excerpt(&format!("# Head\n\n{}", "word ".repeat(100)));
        assert!(long.ends_with("...") && long.len() == 153 && long.starts_with("word"), "{long}");
        assert_eq!(excerpt(""), "");
    }
}
