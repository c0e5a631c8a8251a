//! What was found in a file, on its asset: what nobody declared, in the words of the versions of the extensions that
//! the item has.

use flisthub_geodata::Facts;
use serde_json::{Map, Value, json};

use super::{Findings, ORIGINS};
use crate::members::Members;

/// The most bytes of what is found in one file, and in all files of an item.
const MAX_BYTES: usize = 32 << 10;
const MAX_BYTES_OF_ALL: usize = 512 << 10;

/// What is left out first where it is too long.
const LONG: &[&str] = &["bands", "proj:projjson", "proj:wkt2"];

/// What was found until then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    /// Places, times, sizes and codes.
    counts: [usize; 4],
    bytes: usize,
    projection: bool,
    raster: bool,
}

impl Findings {
    /// What was found so far.
    pub(crate) fn mark(&self) -> Mark {
        let Self { places, times, sizes, codes, .. } = self;
        Mark {
            counts: [places.len(), times.len(), sizes.len(), codes.len()],
            bytes: self.bytes,
            projection: self.projection,
            raster: self.raster,
        }
    }

    /// Forgets what was found since: the asset is not there.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        let [places, times, sizes, codes] = mark.counts;
        self.places.truncate(places);
        self.times.truncate(times);
        self.sizes.truncate(sizes);
        self.codes.truncate(codes);
        (self.bytes, self.projection, self.raster) = (mark.bytes, mark.projection, mark.raster);
    }

    /// Adds what a file says to its asset, and keeps what the item says of all. Answers how many bytes that are.
    pub(super) fn add(&mut self, facts: &Facts, key: &str, asset: &mut Members) -> usize {
        let code = facts.code.as_ref().map(|found| found.value.as_str());
        let (declared, room) = (&self.declared, MAX_BYTES_OF_ALL.saturating_sub(self.bytes));
        let mut all = facts.properties();
        all.retain(|name, value| is_sound(value) && !declared.says(name, asset, code));
        if let Some(place) = &facts.footprint {
            self.places.push((key.to_owned(), place.value.clone()));
        }
        if let Some(time) = all.get("datetime").and_then(Value::as_str) {
            self.times.push((key.to_owned(), time.to_owned()));
        }
        if all.get("gsd").and_then(Value::as_f64).is_some_and(|gsd| gsd <= 0.0) {
            all.remove("gsd");
        }
        if let Some(gsd) = all.get("gsd").and_then(Value::as_f64) {
            self.sizes.push((key.to_owned(), gsd));
        }
        if let Some(code) = all.get("proj:code").and_then(Value::as_str) {
            self.codes.push((key.to_owned(), code.to_owned()));
        }
        let origins: Vec<(&str, &str)> = facts.origins();
        self.in_words(&mut all);
        for name in LONG {
            if size(&all) > MAX_BYTES.min(room) {
                all.remove(*name);
            }
        }
        if size(&all) > MAX_BYTES.min(room) {
            all.clear();
        }
        self.set(&all, &origins, asset)
    }

    /// Older items have other words, or none.
    fn in_words(&self, all: &mut Map<String, Value>) {
        if self.declared.old_projection
            && let Some(code) = all.remove("proj:code")
            && let Some(number) = number(&code)
        {
            all.insert("proj:epsg".to_owned(), json!(number));
        }
        if self.declared.old_raster {
            all.retain(|name, _| !name.starts_with("raster:"));
            let bands = all.get_mut("bands").and_then(Value::as_array_mut).into_iter().flatten();
            for band in bands.filter_map(Value::as_object_mut) {
                band.retain(|name, _| !name.starts_with("raster:"));
            }
        }
    }

    fn set(
        &mut self,
        all: &Map<String, Value>,
        found: &[(&str, &str)],
        asset: &mut Members,
    ) -> usize {
        let mut origins = Map::new();
        for (name, value) in all {
            let said = if name == "proj:epsg" { "proj:code" } else { name.as_str() };
            if let Some((_, origin)) = found.iter().find(|(known, _)| *known == said) {
                origins.insert(name.clone(), json!(origin));
            }
            asset.set(name, value);
        }
        if let Some((_, origin)) = found.iter().find(|(known, _)| *known == "geometry") {
            origins.insert("geometry".to_owned(), json!(origin));
        }
        let text = Value::Object(all.clone()).to_string();
        self.projection |= all.keys().any(|name| name.starts_with("proj:"));
        self.raster |= speaks_of_rasters(all);
        if !origins.is_empty() {
            asset.set(ORIGINS, &json!(origins));
        }
        let bytes = text.len().saturating_add(json!(origins).to_string().len());
        self.bytes = self.bytes.saturating_add(bytes);
        bytes
    }
}

/// The number in a code of EPSG.
pub(super) fn number(code: &Value) -> Option<u32> {
    code.as_str()?.strip_prefix("EPSG:")?.parse().ok()
}

/// Whether members, or those of bands, are of the extension for rasters.
fn speaks_of_rasters(all: &Map<String, Value>) -> bool {
    let bands = all.get("bands").and_then(Value::as_array).into_iter().flatten();
    let mut members = bands.filter_map(Value::as_object).chain([all]).flat_map(Map::keys);
    members.any(|name| name.starts_with("raster:"))
}

fn size(all: &Map<String, Value>) -> usize {
    Value::Object(all.clone()).to_string().len()
}

/// Whether all numbers of a list are numbers: those that JSON has not are null.
fn is_sound(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(values) => values.iter().all(is_sound),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_members() {
        for (value, speaks) in [
            (json!({ "raster:sampling": "area" }), true),
            (json!({ "bands": [{ "name": "a" }, { "raster:scale": 2 }] }), true),
            (json!({ "bands": [{ "name": "\"raster:" }], "proj:wkt2": "\"raster:" }), false),
            (json!({ "proj:projjson": { "raster:a": 1 } }), false),
        ] {
            assert_eq!(speaks_of_rasters(value.as_object().unwrap()), speaks, "{value}");
        }
    }
}
