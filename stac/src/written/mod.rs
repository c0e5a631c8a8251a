//! Items that are written through the API (STAC API transaction extension 1.0.0): what a caller sends becomes the
//! document that is kept of a name, or is refused with pointers to what is wrong in it.
//!
//! What is sent, one item or several, is read in `sent`; what of an item is the hub's own, as its address, is in `own`;
//! how a patch changes an item in `patch`; what the schemas of STAC demand in `schemas`. How an item is composed of the
//! document is in `compose`.

mod own;
mod patch;
mod sent;
mod shape;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use self::sent::{MAX_POSTED, Posted, Sent};
use super::members::Members;
use super::schemas::{self, Fault};
use super::times;
use super::{item_json, places};

/// The most bytes of an item that is written.
pub const MAX_BYTES: usize = item_json::MAX_BYTES;

/// Bytes of a text that schemas look at.
const MAX_TEXT: usize = 512;

/// The most values in it, beside its geometry.
const MAX_VALUES: usize = 20_000;

/// Which item is written, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The hub's public URL, without a `/` at its end.
    pub base: &'a str,
    /// The collection.
    pub collection: &'a str,
    /// The repository.
    pub repository: &'a str,
    /// The name in it.
    pub name: &'a str,
}

impl Target<'_> {
    /// The item's id.
    fn id(&self) -> String {
        format!("{}/{}", self.repository, self.name)
    }
}

/// What is wrong with an item that is written.
pub type Faults = Vec<Fault>;

fn fault(pointer: &str, what: impl Into<String>) -> Fault {
    Fault { pointer: pointer.to_owned(), what: what.into() }
}

/// Refuses an item that says that it is another one, or in another collection.
fn placed(item: &Members, target: Target<'_>) -> Result<(), Faults> {
    let id = target.id();
    for (key, names) in [("id", [id.as_str(), target.name]), ("collection", [target.collection; 2])]
    {
        let said = item.value(key).filter(|said| !said.is_null());
        if said.is_some_and(|said| !names.iter().any(|name| said == *name)) {
            let what = format!("it is not {}, which is written here", names[0]);
            return Err(vec![fault(&format!("/{key}"), what)]);
        }
    }
    Ok(())
}

/// Says that the item changes now, unless it says itself when.
fn touch(item: &mut Members, current: &str, now: u64) {
    let updated = |item: &Members| Members::read(item.raw("properties")?)?.value("updated");
    let before = Members::read(current).as_ref().and_then(updated);
    let said = updated(item).filter(|said| !said.is_null());
    let Some(mut properties) = item.raw("properties").and_then(Members::read) else { return };
    if (said.is_none() || said == before)
        && let Some(now) = times::of_seconds(now)
    {
        properties.set("updated", &json!(now.text));
        item.made("properties", properties.object(""));
    }
}

/// Gives an item with a geometry the box around it, if it says none. What is wrong with the geometry is told.
fn bounded(item: &mut Members) -> Result<(), Faults> {
    let Some(geometry) = item.value("geometry").filter(|geometry| !geometry.is_null()) else {
        return Ok(());
    };
    let place = places::of_geojson(&geometry).map_err(|why| vec![fault("/geometry", why)])?.0;
    match item.value("bbox") {
        None | Some(Value::Null) => item.set("bbox", &places::bbox(&place.bounds)),
        Some(bbox) if places::is_bbox(&bbox) => {}
        Some(_) => return Err(vec![fault("/bbox", "it is no box on the Earth")]),
    }
    Ok(())
}

/// Holds the item against the schemas, and against what they cannot say.
fn check(item: &Members, links: String, target: Target<'_>) -> Result<(), Faults> {
    let mut whole = item.clone();
    whole.set("id", &json!(target.id()));
    whole.made("links", links);
    let links = whole.value("links").unwrap_or_default();
    // The two go together.
    if links
        .as_array()
        .into_iter()
        .flatten()
        .any(|link| link.get("rel") == Some(&json!("collection")))
    {
        whole.set("collection", &json!(target.collection));
    }
    if whole.raw("geometry").is_some_and(|raw| raw != "null") {
        // It was looked at already, and may have a great many numbers.
        whole.set("geometry", &json!({"type": "Point", "coordinates": [0, 0]}));
    }
    let mut value: Value = serde_json::from_str(&whole.object("")).unwrap_or_default();
    if values(&value, MAX_VALUES) > MAX_VALUES {
        let what = format!("it has more than {MAX_VALUES} values, beside its geometry");
        return Err(vec![fault("", what)]);
    }
    shorten(&mut value);
    let mut faults = schemas::faults(&value);
    faults.extend(span(&value));
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// What is wrong with the order of its times.
fn span(item: &Value) -> Option<Fault> {
    let at = |key: &str| {
        let value = item.get("properties")?.get(key)?;
        times::of_value(value, times::Side::Begin).ok().map(|at| at.micros)
    };
    let (start, end) = (at("start_datetime")?, at("end_datetime")?);
    (end < start).then(|| fault("/properties/end_datetime", "it is earlier than `start_datetime`"))
}

/// Cuts long texts: no schema looks at more of them than at their begin.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => text.truncate(text.floor_char_boundary(MAX_TEXT)),
        Value::Array(values) => values.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

/// How many values there are, or one more than `most` at least. The depth of what was sent is bounded.
fn values(value: &Value, most: usize) -> usize {
    let mut count = 1_usize;
    let inner: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(values) => Box::new(values.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => return count,
    };
    for value in inner {
        if count > most {
            break;
        }
        count = count.saturating_add(values(value, most));
    }
    count
}
