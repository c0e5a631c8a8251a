//! Items that are written through the API, held against the schemas of STAC and of the extensions that they name. What
//! is wrong is told with a pointer to the member that is wrong.
//!
//! Schemas that are not part of the program are not looked at: nothing is ever fetched. What a hub demands beside the
//! schemas is in `written`.

mod alternatives;
mod bundled;
mod fault;
#[cfg(test)]
mod fault_tests;
mod sentence;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::Value;

use self::bundled::BUNDLED;
pub use self::fault::Fault;
use self::fault::MAX_FAULTS;

/// Bytes of an item, times its depth, in which it is looked for what is wrong: a schema with alternatives keeps a copy
/// of whatever fulfils none of them for each that it tries, and those of what is around it as well.
const MAX_SEARCHED: usize = 1 << 20;

/// Where the schema of an item of a version of STAC is.
fn of_version(version: &str) -> String {
    format!("https://schemas.stacspec.org/v{version}/item-spec/json-schema/item.json")
}

/// Schemas that are read of what the program has.
struct Own;

impl Retrieve for Own {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let text = text(current(uri.as_str())).ok_or("the program has no such schema")?;
        Ok(serde_json::from_str(text)?)
    }
}

/// Where the schema is that is read for the one at an address: one version of PROJJSON stands for the older ones, too.
fn current(address: &str) -> &str {
    let version = address
        .strip_prefix("https://proj.org/schemas/v0.")
        .and_then(|rest| rest.strip_suffix("/projjson.schema.json"));
    match version {
        Some("2" | "4" | "5") => "https://proj.org/schemas/v0.7/projjson.schema.json",
        _ => address,
    }
}

/// The text of the schema at an address.
fn text(address: &str) -> Option<&'static str> {
    let address = address.strip_suffix('#').unwrap_or(address);
    BUNDLED.iter().find(|(at, _)| *at == address).map(|(_, text)| *text)
}

/// Schemas that were made ready: that takes a while, and few are asked for. There are never more than the program has.
static READY: LazyLock<Mutex<HashMap<&'static str, Arc<Validator>>>> =
    LazyLock::new(Mutex::default);

/// The schema at an address, made ready. `None`: the program has none there.
fn ready(address: &str) -> Option<Arc<Validator>> {
    let address = address.strip_suffix('#').unwrap_or(address);
    let (address, text) = BUNDLED.iter().find(|(at, _)| *at == address)?;
    let known = READY.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned();
    if known.is_some() {
        return known;
    }
    // Each can be made ready: a test does it.
    let schema: Value = serde_json::from_str(text).ok()?;
    let options = jsonschema::options().with_retriever(Own).with_base_uri(*address);
    let made = Arc::new(options.build(&schema).ok()?);
    let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
    Some(ready.entry(address).or_insert(made).clone())
}

/// The schema of an extension at an address, made ready. `None`: the program has none there.
fn of_extension(address: &str) -> Option<(&'static str, Arc<Validator>)> {
    let plain = address.strip_suffix('#').unwrap_or(address);
    // As those of all extensions are called, and no other.
    let is_one = plain.ends_with("/schema.json");
    let (known, _) = BUNDLED.iter().find(|(at, _)| is_one && *at == plain)?;
    Some((*known, ready(known)?))
}

/// What is wrong with an item: by the schema of its version of STAC, and where that finds nothing by those of its
/// extensions in their order. At most a few faults are told, each once.
pub fn faults(item: &Value) -> Vec<Fault> {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    let version = text("stac_version").unwrap_or_default();
    let address = of_version(version);
    let Some(core) = ready(&address) else {
        let what = "it is none of 1.0.0 and 1.1.0".to_owned();
        return vec![Fault { pointer: "/stac_version".to_owned(), what }];
    };
    let listed = item.get("stac_extensions").and_then(Value::as_array).into_iter().flatten();
    let mut faults = Vec::new();
    hold((&address, &core), item, &mut faults);
    if !faults.is_empty() {
        return faults;
    }
    // Each once, however often it is listed.
    let extensions: BTreeMap<&str, Arc<Validator>> =
        listed.filter_map(Value::as_str).filter_map(of_extension).collect();
    for (address, schema) in &extensions {
        hold((address, schema), item, &mut faults);
    }
    faults
}

/// Adds what a schema finds.
fn hold((address, schema): (&str, &Validator), item: &Value, faults: &mut Vec<Fault>) {
    // That takes no memory, and nearly always is the answer.
    if schema.is_valid(item) {
        return;
    }
    if item.to_string().len().saturating_mul(depth(item)) > MAX_SEARCHED {
        let what = format!("it is not as {address} has it, and too large to say where");
        faults.push(Fault { pointer: String::new(), what });
        return;
    }
    for error in schema.iter_errors(item) {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        Fault::tell(&error, faults);
    }
}

/// How many values are within one another. What reads values bounds it.
fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(values) => values.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => None,
    };
    inner.unwrap_or(0).saturating_add(1)
}
