//! What STAC wants the members to be that it defines, and what the keys of front matter are. Clients fail on a member
//! that is something else, and with it on the whole page that the item is on: so it is left out, with a warning.

use serde_json::{Map, Value};

use super::members::Members;
use super::times::{self, Side};
use super::warnings::Warnings;

/// What a member has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// Text, or a number that is meant as one.
    TextOrNumber,
    /// A list of texts.
    Texts,
    /// An object.
    Object,
    /// A list of objects.
    Objects,
    /// A number greater than 0.
    Positive,
    /// A time as STAC has it.
    Time,
}

use Kind::{Object, Objects, Positive, Text, TextOrNumber, Texts, Time};

/// Members of properties, of assets and of front matter.
const COMMON: &[(&str, Kind)] = &[
    ("license", Text),
    ("platform", Text),
    ("constellation", Text),
    ("mission", Text),
    ("instruments", Texts),
    ("gsd", Positive),
    ("roles", Texts),
    ("bands", Objects),
    ("data_type", Text),
    ("unit", Text),
    ("statistics", Object),
];

/// Those of the properties of a publisher's own item. `providers` and times are looked at where they are put in.
const PROPERTIES: &[(&str, Kind)] =
    &[("title", TextOrNumber), ("description", Text), ("keywords", Texts)];

/// Those of an asset.
const ASSET: &[(&str, Kind)] = &[
    ("title", Text),
    ("description", Text),
    ("type", Text),
    ("keywords", Texts),
    ("providers", Objects),
    ("datetime", Time),
    ("start_datetime", Time),
    ("end_datetime", Time),
    ("created", Time),
    ("updated", Time),
    ("published", Time),
    ("expires", Time),
];

/// Those of a link, beside `href` and `rel`, without which there is none.
const LINK: &[(&str, Kind)] =
    &[("type", Text), ("title", Text), ("method", Text), ("headers", Object)];

/// Keys of front matter. The others that mean something are looked at where they are read.
const KEYS: &[(&str, Kind)] = &[
    ("title", TextOrNumber),
    ("description", TextOrNumber),
    ("license-url", Text),
    ("preview", Text),
    ("extent", Object),
    ("sharinghub", Object),
    ("extensions", Object),
];

impl Kind {
    /// What is wrong with a value that is none.
    fn fault(self, value: &Value) -> Option<&'static str> {
        let each = |is: fn(&Value) -> bool| value.as_array().is_some_and(|all| all.iter().all(is));
        let (fits, otherwise) = match self {
            Text => (value.is_string(), "it is no text"),
            TextOrNumber => (value.is_string() || value.is_number(), "it is no text"),
            Texts => (each(Value::is_string), "it is no list of texts"),
            Object => (value.is_object(), "it is no object"),
            Objects => (each(Value::is_object), "it is no list of objects"),
            Positive => {
                let number = value.as_f64().is_some_and(|number| number > 0.0);
                (number, "it is no number greater than 0")
            }
            Time => (value.as_str().is_some_and(is_time), "it is no time as 2024-05-31T10:00:00Z"),
        };
        (!fits).then_some(otherwise)
    }
}

fn is_time(text: &str) -> bool {
    times::is_full(text) && times::read(text, Side::Begin).is_some()
}

/// Takes out of properties what they may not be.
pub(super) fn of_properties(made: &mut Members, about: &str, warnings: &mut Warnings) {
    check(made, [COMMON, PROPERTIES].concat(), about, warnings);
}

/// Takes out of an asset what its members may not be.
pub(super) fn of_asset(made: &mut Members, about: &str, warnings: &mut Warnings) {
    check(made, [COMMON, ASSET].concat(), about, warnings);
}

/// Takes out of a link what its members may not be.
pub(super) fn of_link(made: &mut Members, about: &str, warnings: &mut Warnings) {
    check(made, LINK.to_vec(), about, warnings);
}

fn check(made: &mut Members, kinds: Vec<(&str, Kind)>, about: &str, warnings: &mut Warnings) {
    for (key, kind) in kinds {
        if let Some(what) = made.value(key).and_then(|value| kind.fault(&value)) {
            warnings.add(&format!("{about}: {key}"), what);
            made.take(key);
        }
    }
}

/// Takes out of a rule for assets what their members may not be.
pub(super) fn of_rule(said: &mut Map<String, Value>, about: &str, warnings: &mut Warnings) {
    check_map(said, [COMMON, ASSET].concat(), about, warnings);
}

/// Takes out of front matter, or what has the same keys, what they may not be.
pub(super) fn of_keys(said: &mut Map<String, Value>, about: &str, warnings: &mut Warnings) {
    check_map(said, [COMMON, KEYS].concat(), about, warnings);
    for (prefix, schema) in said.get("extensions").and_then(Value::as_object).into_iter().flatten()
    {
        let address = schema.as_str().is_some_and(|schema| schema.starts_with("http"));
        if !address && !schema.is_null() {
            let what = "it is no address of a schema";
            warnings.add(&format!("{about}: extensions.{prefix}"), what);
        }
    }
    let Some(Value::Array(ids)) = said.get_mut("categories") else { return };
    if ids.iter().all(Value::is_string) {
        return;
    }
    warnings.add(&format!("{about}: categories"), "each is a text");
    ids.retain(Value::is_string);
    // An empty list takes a name out of all categories, and nobody said one.
    if ids.is_empty() {
        said.remove("categories");
    }
}

/// A key without a value says nothing, so nothing is wrong with it.
fn check_map(
    said: &mut Map<String, Value>,
    kinds: Vec<(&str, Kind)>,
    about: &str,
    warnings: &mut Warnings,
) {
    for (key, kind) in kinds {
        let value = said.get(key).filter(|value| !value.is_null());
        if let Some(what) = value.and_then(|value| kind.fault(value)) {
            warnings.add(&format!("{about}: {key}"), what);
            said.remove(key);
        }
    }
}
