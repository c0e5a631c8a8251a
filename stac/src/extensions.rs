//! Which of STAC's extensions an item uses: those that it says, those whose prefix its members have.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::members::Members;
use super::said::Said;
use super::settings::Settings;

/// The most schemas of an item.
const MAX_SCHEMAS: usize = 100;

/// The schema of a prefix. The operator's counts more than a publisher's.
pub(super) fn schema<'a>(prefix: &str, said: &'a Said, settings: &'a Settings) -> Option<&'a str> {
    let own = settings.extensions.get(prefix).map(String::as_str);
    own.or_else(|| {
        let declared = said.key("extensions").and_then(Value::as_object);
        let schema = declared.and_then(|map| map.get(prefix)).and_then(Value::as_str)?;
        (schema.starts_with("https://") || schema.starts_with("http://")).then_some(schema)
    })
}

/// Members `<prefix>:<key>` of what is below a prefix that is known.
pub(super) fn below<'a>(
    key: &str,
    value: &'a Value,
    said: &Said,
    settings: &Settings,
) -> Option<&'a Map<String, Value>> {
    schema(key, said, settings)?;
    value.as_object()
}

/// The schemas of an item: first those that a publisher's own item lists, then the others in the order of the alphabet.
pub(super) fn listed(
    said: &Said,
    settings: &Settings,
    properties: &Members,
    assets: &str,
) -> Vec<String> {
    let mut all = said.given.extensions.clone();
    all.truncate(MAX_SCHEMAS);
    let mut known: HashSet<String> =
        all.iter().map(|schema| unversioned(schema).to_owned()).collect();
    let prefixes = properties.iter().filter_map(|(key, _)| Some(key.split_once(':')?.0));
    // Who writes an item through the API says what it is held against, now and when it is sent back.
    let names: BTreeSet<&str> = prefixes.filter(|_| !said.is_written).collect();
    let file = assets.contains("\"file:").then_some("file");
    let schemas: BTreeSet<&str> =
        names.into_iter().chain(file).filter_map(|prefix| schema(prefix, said, settings)).collect();
    for schema in schemas {
        // Another version of the same one is good, too.
        if all.len() < MAX_SCHEMAS && known.insert(unversioned(schema).to_owned()) {
            all.push(schema.to_owned());
        }
    }
    all
}

fn unversioned(schema: &str) -> &str {
    schema.rsplit_once("/v").map_or(schema, |(before, _)| before)
}
