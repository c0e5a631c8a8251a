//! Places in a stored document that are filled in when it is written out, so that it depends neither on the hub's
//! address nor on the name of the item. All of them begin with `flisthub:/` or `flisthub:.`. What a publisher wrote
//! never does, as JSON text: there the sign after the colon is an escape that means the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Begins an address of this hub: its public URL and a `/` come in its place.
pub(super) const BASE: &str = "flisthub:/";
/// Begins the address of a file of the item's flist: its path follows, encoded, and then [`QUERY`].
pub(super) const FILES: &str = "flisthub:./";
/// Ends the address of a file: the query that says which revision is meant, if it is not the latest.
pub(super) const QUERY: &str = "flisthub:.?";
/// `repository/name`.
pub(super) const NAME: &str = "flisthub:.name";
/// A member of the item that stands for `id` and `collection`.
pub(super) const IDENTITY: &str = r#""flisthub:.identity":0"#;
/// A member of the properties that stands for those that depend on who asks.
const PROPERTIES: &str = r#""flisthub:.properties":0"#;
/// A member of the properties after it: its value has by collection what the properties have in that one alone.
const FEATURES: &str = r#""flisthub:.features":"#;
/// The first of the links: stands for those that follow from where the item is.
pub(super) const LINKS: &str = r#""flisthub:.links""#;
/// A member of the assets that stands for the one that is the flist itself. Only the latest revision has it.
pub(super) const FLIST: &str = r#""flisthub:.whole-flist":0"#;
/// A member of the assets that stands for the one that is all files in an archive, the same way.
pub(super) const ARCHIVE: &str = r#""flisthub:.whole-archive":0"#;

/// What is put in the place of markers.
#[derive(Debug, Clone, Default)]
pub(super) struct Filling<'a> {
    /// The public URL of the hub, without a `/` at its end.
    pub(super) base: &'a str,
    /// The URL under which the files are, with a `/` at its end.
    pub(super) files: &'a str,
    /// Empty, or a query with its `?`.
    pub(super) query: &'a str,
    /// `repository/name`.
    pub(super) name: &'a str,
    /// Members of the item, as JSON without braces, at least one.
    pub(super) identity: &'a str,
    /// Members of its properties, the same way, at least one.
    pub(super) properties: &'a str,
    /// Links, as JSON without brackets, at least one.
    pub(super) links: &'a str,
    /// An asset, as JSON without braces; if it is empty the comma that follows goes, too.
    pub(super) flist: &'a str,
    /// The same.
    pub(super) archive: &'a str,
}

/// Members of the properties that stand for those that the hub fills in. `features`: empty, or an object of objects.
pub(super) fn properties(features: &str) -> String {
    if features.is_empty() {
        PROPERTIES.to_owned()
    } else {
        format!("{PROPERTIES},{FEATURES}{features}")
    }
}

/// Whether a member of the properties only stands for others.
pub(super) fn is_marker(name: &str) -> bool {
    let is = |marker: &str| marker.split('"').nth(1) == Some(name);
    is(PROPERTIES) || is(FEATURES)
}

/// What properties have by collection: their members, by name.
type Features = BTreeMap<String, BTreeMap<String, Box<RawValue>>>;

/// What stands before the marker of the features, they themselves, and what is after them. `None`: there are none.
fn parted(document: &str) -> Option<(&str, Features, &str)> {
    let (before, rest) = document.split_once(FEATURES)?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Features>();
    let all = values.next().and_then(Result::ok).unwrap_or_default();
    Some((before, all, rest.get(values.byte_offset()..).unwrap_or_default()))
}

/// What the properties of a document have in each collection alone.
pub(super) fn features(document: &str) -> Features {
    parted(document).map(|(_, all, _)| all).unwrap_or_default()
}

/// The document as it is in a collection: with what the properties have in that one alone.
pub(super) fn within<'a>(document: &'a str, collection: &str) -> Cow<'a, str> {
    let Some((before, all, after)) = parted(document) else { return document.into() };
    let mut members = String::new();
    for (key, raw) in all.get(collection).into_iter().flatten() {
        members.extend([",\"", &own_string(key), "\":", raw.get()]);
    }
    // One of the hub's own is before it.
    format!("{}{members}{after}", before.strip_suffix(',').unwrap_or(before)).into()
}

/// JSON text of a publisher in a form that holds no marker and means the same.
pub(super) fn own_text(json: &str) -> String {
    json.replace("flisthub:/", r"flisthub:\u002f").replace("flisthub:.", r"flisthub:\u002e")
}

/// The inside of a JSON string that says what a publisher wrote.
pub(super) fn own_string(text: &str) -> String {
    own_text(&inside(text))
}

/// The inside of a JSON string, without its quotes.
fn inside(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// The document with every marker filled in. It takes one walk over the text.
pub(super) fn fill(document: &str, filling: &Filling<'_>) -> String {
    let (base, files) = (inside(filling.base) + "/", inside(filling.files));
    let (query, name) = (inside(filling.query), inside(filling.name));
    let places: [(&str, &str); 9] = [
        (IDENTITY, filling.identity),
        (PROPERTIES, filling.properties),
        (LINKS, filling.links),
        (FLIST, filling.flist),
        (ARCHIVE, filling.archive),
        (FILES, &files),
        (QUERY, &query),
        (NAME, &name),
        (BASE, &base),
    ];
    let mut filled = String::with_capacity(document.len().saturating_add(document.len() / 4));
    let mut rest = document;
    while let Some((before, found)) = rest.split_once("flisthub:") {
        // Some of the markers have their quotes with them.
        let quoted = before.strip_suffix('"');
        let place = places.iter().find_map(|(marker, value)| {
            let (rest_of_it, begins) = match marker.strip_prefix("\"flisthub:") {
                Some(inner) => (inner, quoted?),
                None => (marker.strip_prefix("flisthub:")?, before),
            };
            Some((begins, found.strip_prefix(rest_of_it)?, *value))
        });
        let (begins, after, value) = place.unwrap_or((before, found, "flisthub:"));
        filled.push_str(begins);
        filled.push_str(value);
        rest = if value.is_empty() && found.starts_with(".whole") {
            after.strip_prefix(',').unwrap_or(after)
        } else {
            after
        };
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const FILLING: Filling<'_> = Filling {
        base: "https://hub.example",
        files: "https://hub.example/api/v1/flists/a/b/files/",
        query: "?revision=3",
        name: "a/b",
        identity: r#""id":"a/b""#,
        properties: r#""sharinghub:stars":1"#,
        links: r#"{"rel":"self"}"#,
        flist: r#""flist":{}"#,
        archive: r#""archive":{}"#,
    };

    #[test]
    fn every_place_is_filled() {
        let document = format!(
            r#"{{{IDENTITY},"properties":{{{PROPERTIES}}},"links":[{LINKS}],
            "href":"{FILES}x%20y.tif{QUERY}","flist":"{BASE}{NAME}.flist","flisthub:warnings":[]}}"#
        );
        let filled: Value = serde_json::from_str(&fill(&document, &FILLING)).unwrap();
        assert_eq!(
            filled,
            json!({
                "id": "a/b", "properties": { "sharinghub:stars": 1 }, "links": [{ "rel": "self" }],
                "href": "https://hub.example/api/v1/flists/a/b/files/x%20y.tif?revision=3",
                "flist": "https://hub.example/a/b.flist", "flisthub:warnings": [],
            })
        );
    }

    #[test]
    fn an_older_revision_has_no_assets_of_the_whole() {
        let none = Filling { flist: "", archive: "", ..FILLING };
        assert_eq!(fill(&format!(r#"{{{FLIST},{ARCHIVE},"a":1}}"#), &none), r#"{"a":1}"#);
        assert_eq!(fill(&format!("{{{ARCHIVE}}}"), &none), "{}");
        let both = fill(&format!(r#"{{{FLIST},{ARCHIVE},"a":1}}"#), &FILLING);
        assert_eq!(both, r#"{"flist":{},"archive":{},"a":1}"#);
        assert_eq!(fill(&format!("{{{FLIST},{ARCHIVE}}}"), &none), "{}");
    }

    #[test]
    fn a_collection_has_features_of_its_own() {
        let all = r#"{"a":{"x":"flisthub:\u002e"},"b":{}}"#;
        let document = format!(r#"{{{},"title":"t"}}"#, properties(all));
        let of = |collection: &str| -> Value {
            serde_json::from_str(&fill(&within(&document, collection), &FILLING)).unwrap()
        };
        assert_eq!(of("a"), json!({ "sharinghub:stars": 1, "x": "flisthub:.", "title": "t" }));
        for other in ["b", "c"] {
            assert_eq!(of(other), json!({ "sharinghub:stars": 1, "title": "t" }));
        }
        assert!(matches!(within(&format!("{{{}}}", properties("")), "a"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn what_a_publisher_wrote_is_never_filled_in(
            parts in prop::collection::vec(
                prop_oneof![
                    "flisthub:", "[./\"\\\\?:]", "flisthub:\\.links", "\"flisthub:\\.identity\":0", ".{0,4}",
                ],
                0..8,
            ),
        ) {
            let text = parts.concat();
            let document = own_text(&json!({ &text: [&text] }).to_string());
            let filled: Value = serde_json::from_str(&fill(&document, &FILLING)).unwrap();
            prop_assert_eq!(filled, json!({ &text: [&text] }));
            let string = format!("\"{}\"", own_string(&text));
            let filled: Value = serde_json::from_str(&fill(&string, &FILLING)).unwrap();
            prop_assert_eq!(filled, json!(text));
        }
    }
}
