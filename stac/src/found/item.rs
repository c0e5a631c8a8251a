//! What was found in files, on the item: as if its lightest source said it.

use flisthub_geodata::{PROJECTION, RASTER};
use serde_json::{Map, Value, json};

use super::asset::number;
use super::{Findings, places};
use crate::members::Members;
use crate::said::Said;
use crate::settings::Settings;
use crate::times::{self, Side};
use crate::warnings::Warnings;

/// The most assets that are named where a value comes from several.
const MAX_NAMED: usize = 20;

/// What comes from where: members of the item, each with the keys of assets.
#[derive(Debug, Default)]
pub(crate) struct Origins(Map<String, Value>);

impl Origins {
    fn add<'k>(&mut self, name: &str, keys: impl Iterator<Item = &'k String>) {
        let keys: Vec<&String> = keys.collect();
        let mut named: Vec<String> = keys.iter().take(MAX_NAMED).map(|&key| key.clone()).collect();
        if let Some(more) = keys.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
            named.push(format!("and {more} more"));
        }
        self.0.insert(name.to_owned(), json!(named));
    }

    /// Sets them among the properties, where there are any.
    pub(crate) fn set(self, properties: &mut Members) {
        if !self.0.is_empty() {
            properties.set(super::ORIGINS, &Value::Object(self.0));
        }
    }
}

/// The last version of the extension in which reference systems are `proj:epsg`.
const OLD_PROJECTION: &str = "https://stac-extensions.github.io/projection/v1.2.0/schema.json";

impl Findings {
    /// Fills what nobody declared of an item.
    pub(crate) fn fill(
        self,
        said: &mut Said,
        settings: &Settings,
        warnings: &mut Warnings,
    ) -> Origins {
        let mut origins = Origins::default();
        self.schemas(said, settings);
        if !self.declared.place && !self.places.is_empty() {
            let footprints: Vec<_> = self.places.iter().map(|(_, footprint)| footprint).collect();
            if let Some(found) = warnings.hear("geometry", places::around(&footprints)) {
                said.given.place = Some(found);
                origins.add("geometry", self.places.iter().map(|(key, _)| key));
            }
        }
        let properties = &mut said.given.properties;
        self.times(properties, &mut origins);
        let least = self.sizes.iter().min_by(|one, other| one.1.total_cmp(&other.1));
        if let Some((key, gsd)) = least {
            properties.set("gsd", &json!(gsd));
            origins.add("gsd", std::iter::once(key));
        }
        if let Some((_, code)) = self.codes.first()
            && self.codes.iter().all(|(_, other)| other == code)
        {
            let (name, value) = match number(&json!(code)).filter(|_| self.declared.old_projection)
            {
                Some(number) => ("proj:epsg", json!(number)),
                None => ("proj:code", json!(code)),
            };
            properties.set(name, &value);
            origins.add(name, self.codes.iter().map(|(key, _)| key));
        }
        origins
    }

    /// One time, or from the first to the last.
    fn times(&self, properties: &mut Members, origins: &mut Origins) {
        if self.declared.time() {
            return;
        }
        let read = |text: &str| times::read(text, Side::Begin);
        let known = self.times.iter().filter_map(|(key, text)| Some((key, read(text)?)));
        let known: Vec<_> = known.collect();
        let first = known.iter().min_by_key(|(_, at)| at.micros);
        let last = known.iter().max_by_key(|(_, at)| at.micros);
        let (Some((_, first)), Some((_, last))) = (first, last) else { return };
        let keys = || known.iter().map(|(key, _)| *key);
        if first == last {
            properties.set("datetime", &json!(first.text));
            origins.add("datetime", keys());
            return;
        }
        // Beside a span STAC wants that null.
        properties.set("datetime", &Value::Null);
        for (name, at) in [("start_datetime", first), ("end_datetime", last)] {
            properties.set(name, &json!(at.text));
            origins.add(name, keys());
        }
    }

    /// Lists the extensions that assets use.
    fn schemas(&self, said: &mut Said, settings: &Settings) {
        let listed = &mut said.given.extensions;
        let projection = if self.declared.old_projection {
            let operators = settings.extensions.get("proj").map(String::as_str);
            operators.filter(|schema| schema.contains("/projection/v1.")).unwrap_or(OLD_PROJECTION)
        } else {
            PROJECTION
        };
        let projection = self.projection.then(|| projection.to_owned());
        let raster = self.raster.then(|| RASTER.to_owned());
        for (extension, schema) in [("/projection/v", projection), ("/raster/v", raster)] {
            let is_listed = listed.iter().any(|one| one.contains(extension));
            listed.extend(schema.filter(|_| !is_listed));
        }
    }
}
