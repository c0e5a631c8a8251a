//! The metadata of `GeoParquet`, a text of JSON: the bounds, the reference system and the types of the main column.

use serde::Deserialize;
use serde_json::Value;

use std::collections::HashMap;

use crate::crs::{Crs, projjson, wkt};
use crate::error::GeodataError;
use crate::facts::{Facts, Found};

const ORIGIN: &str = "GeoParquet metadata, main column";

/// The largest reference system that is handed on.
const MAX_SYSTEM: usize = 64 << 10;

/// The most types of geometries.
const MAX_TYPES: usize = 32;

#[derive(Deserialize)]
struct Geo {
    primary_column: String,
    columns: HashMap<String, Column>,
}

#[derive(Deserialize)]
struct Column {
    /// Outer `None`: it says nothing, and is in longitude and latitude. `null`: nobody knows.
    #[serde(default, deserialize_with = "said")]
    crs: Option<Value>,
    bbox: Option<Vec<f64>>,
    #[serde(default, alias = "geometry_type")]
    geometry_types: Value,
}

/// A member that is there, be it `null`.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

pub(super) fn read(text: &[u8], facts: &mut Facts) -> Result<(), GeodataError> {
    let geo: Geo = serde_json::from_slice(text).map_err(|error| {
        GeodataError::broken(format!("the metadata of GeoParquet cannot be read: {error}"))
    })?;
    let Some(column) = geo.columns.get(&geo.primary_column) else {
        return Err(GeodataError::broken("the metadata of GeoParquet has no main column"));
    };
    let crs = system(column.crs.as_ref(), facts);
    let types = match &column.geometry_types {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    };
    if !types.is_empty() && types.len() <= MAX_TYPES {
        facts.geometry_types = Found::new(types, ORIGIN);
    }
    match column.bbox.as_deref() {
        Some([west, south, east, north] | [west, south, _, east, north, _]) => {
            facts.bounds([*west, *south, *east, *north], crs.as_ref(), ORIGIN);
        }
        Some(_) => facts.warnings.add("no footprint: its bbox has neither four nor six numbers"),
        None => facts.warnings.add("no footprint: its metadata has no bbox"),
    }
    Ok(())
}

fn system(said: Option<&Value>, facts: &mut Facts) -> Option<Crs> {
    let code = match said {
        None => {
            return facts
                .system(4326, "GeoParquet metadata, no reference system: longitude and latitude");
        }
        Some(Value::Null) => {
            facts.warnings.add("no footprint: its reference system is said to be unknown");
            return None;
        }
        Some(Value::String(text)) => wkt_system(text, facts),
        Some(object) => {
            let code = projjson::epsg(object);
            if code.is_none() && object.is_object() && object.to_string().len() <= MAX_SYSTEM {
                facts.projjson = Found::new(object.clone(), ORIGIN);
            }
            code
        }
    };
    let crs = code.and_then(|code| facts.system(code, ORIGIN));
    if code.is_none() {
        facts.warnings.add("no footprint: its reference system has no code of EPSG");
    }
    crs
}

/// A text, as the first versions of `GeoParquet` had it.
fn wkt_system(text: &str, facts: &mut Facts) -> Option<u32> {
    let said = wkt::outermost(text)?;
    if said.is_second() && said.epsg().is_none() {
        facts.wkt2 = Found::new(text.to_owned(), ORIGIN);
    }
    said.epsg()
}
