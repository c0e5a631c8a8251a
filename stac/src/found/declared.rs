//! What publishers say of what could be found in files, too: then it is not looked for. And in which words they say it,
//! since an item has one version of an extension.

use std::collections::HashSet;

use serde_json::Value;

use crate::members::Members;
use crate::said::Said;

/// Properties that say the reference system.
const SYSTEM: &[&str] = &["proj:code", "proj:epsg", "proj:wkt2", "proj:projjson"];

/// Properties that say bands.
const BANDS: &[&str] = &["bands", "eo:bands", "raster:bands"];

/// Properties that say when.
const TIME: &[&str] = &["datetime", "start_datetime", "end_datetime"];

/// What is declared of an item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    /// Whether they say where it is, be it that it is nowhere or what cannot be read.
    pub(super) place: bool,
    /// Whether reference systems are `proj:epsg`, as they were before version 2 of the extension.
    pub(super) old_projection: bool,
    /// Whether bands are `raster:bands`, as they were before version 2 of the extension.
    pub(super) old_raster: bool,
    /// The keys of its properties.
    keys: HashSet<String>,
    /// What they say of the reference system.
    system: Option<String>,
}

impl Declared {
    /// Looks at all sources.
    pub(crate) fn of(said: &Said) -> Self {
        let mut keys: HashSet<String> = HashSet::new();
        let mut system = None;
        for (key, raw) in said.given.properties.iter() {
            if SYSTEM.contains(&key.as_str()) {
                system = Some(raw.clone());
            }
            // Beside a span STAC wants that null.
            if raw != "null" || key != "datetime" {
                keys.insert(key.clone());
            }
        }
        for (key, value) in said.keys.iter().filter(|(_, value)| !value.is_null()) {
            keys.insert(key.clone());
            let inner = value.as_object().into_iter().flatten();
            let inner = inner.map(|(inner, value)| (format!("{key}:{inner}"), value));
            for (key, value) in inner.chain([(key.clone(), value)]) {
                if SYSTEM.contains(&key.as_str()) {
                    system = Some(value.to_string());
                }
                keys.insert(key);
            }
        }
        let extent = |key: &str| {
            let value = said.key("extent").and_then(|extent| extent.get(key));
            value.is_some_and(|value| !value.is_null())
        };
        if extent("temporal") {
            keys.insert("datetime".to_owned());
        }
        let rules = said.key("assets");
        let given = &said.given;
        let old = |extension: &str, key: &str| {
            let lists = |schema: &String| schema.contains(&format!("/{extension}/v1."));
            given.extensions.iter().any(lists)
                || keys.contains(key)
                || rules.is_some_and(|rules| speaks(rules, key))
                || given.assets.iter().any(|(_, asset)| asset.has(key))
        };
        Self {
            place: given.speaks_of_place || extent("spatial"),
            old_projection: old("projection", "proj:epsg"),
            old_raster: old("raster", "raster:bands"),
            system,
            keys,
        }
    }

    /// Whether anybody says when.
    pub(super) fn time(&self) -> bool {
        TIME.iter().any(|key| self.keys.contains(*key))
    }

    /// Whether a property that was found is said of the item or of the asset, by itself or in other words. `code` is
    /// the reference system of the file: numbers in another one than is declared mean nothing.
    pub(super) fn says(&self, name: &str, asset: &Members, code: Option<&str>) -> bool {
        let has = |key: &&str| self.keys.contains(*key) || asset.has(key);
        match name {
            "datetime" => TIME.iter().any(has),
            "bands" => BANDS.iter().any(has),
            name if SYSTEM.contains(&name) => SYSTEM.iter().any(has),
            "proj:bbox" | "proj:transform" => has(&name) || self.other_system(asset, code),
            name => has(&name),
        }
    }

    fn other_system(&self, asset: &Members, code: Option<&str>) -> bool {
        let own = SYSTEM.iter().find_map(|key| asset.raw(key));
        let Some(declared) = own.or(self.system.as_deref()) else { return false };
        let declared = declared.trim_matches('"');
        code.is_none_or(|code| declared != code && format!("EPSG:{declared}") != code)
    }
}

/// Whether a rule says a member.
fn speaks(rules: &Value, key: &str) -> bool {
    let rules = rules.as_array().map_or(std::slice::from_ref(rules), Vec::as_slice);
    rules.iter().any(|rule| rule.get(key).is_some())
}
