//! The metadata of `GeoParquet`, a text of JSON: the bounds, the reference system and the types of the main column.
//! What is not read of it stays text: as values, JSON takes a hundred times the room.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::crs::{Crs, projjson, wkt};
use crate::error::GeodataError;
use crate::facts::{Facts, Found};

const ORIGIN: &str = "GeoParquet metadata, main column";

/// The longest text that is read: a column with its reference system takes some kilobytes.
const MAX_TEXT: usize = 256 << 10;

/// The longest reference system that is read.
const MAX_SYSTEM: usize = 64 << 10;

/// The longest list of types of geometries that is read, and the most types.
const MAX_TYPES_TEXT: usize = 4 << 10;
const MAX_TYPES: usize = 32;

#[derive(Deserialize)]
struct Geo<'a> {
    primary_column: String,
    #[serde(borrow)]
    columns: HashMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct Column<'a> {
    /// `None`: it says nothing, and is in longitude and latitude. `null`: nobody knows.
    #[serde(borrow, default, deserialize_with = "said")]
    crs: Option<&'a RawValue>,
    bbox: Option<Vec<f64>>,
    #[serde(borrow, default, alias = "geometry_type", deserialize_with = "said")]
    geometry_types: Option<&'a RawValue>,
}

/// A member that is there, be it `null`.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

pub(super) fn read(text: &[u8], facts: &mut Facts) -> Result<(), GeodataError> {
    if text.len() > MAX_TEXT {
        let most = MAX_TEXT >> 10;
        facts.warnings.add(format!("no footprint: its metadata has more than {most} KiB"));
        return Ok(());
    }
    let broken = |error: serde_json::Error| {
        GeodataError::broken(format!("the metadata of GeoParquet cannot be read: {error}"))
    };
    let geo: Geo = serde_json::from_slice(text).map_err(broken)?;
    let Some(column) = geo.columns.get(&geo.primary_column) else {
        return Err(GeodataError::broken("the metadata of GeoParquet has no main column"));
    };
    let column: Column = serde_json::from_str(column.get()).map_err(broken)?;
    let crs = system(column.crs, facts);
    let types = column.geometry_types.map(types).unwrap_or_default();
    if !types.is_empty() {
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

/// The types, where there are not too many.
fn types(said: &RawValue) -> Vec<String> {
    if said.get().len() > MAX_TYPES_TEXT {
        return Vec::new();
    }
    let types: Vec<String> = match serde_json::from_str(said.get()) {
        Ok(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Ok(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    if types.len() > MAX_TYPES { Vec::new() } else { types }
}

fn system(said: Option<&RawValue>, facts: &mut Facts) -> Option<Crs> {
    let Some(said) = said else {
        return facts
            .system(4326, "GeoParquet metadata, no reference system: longitude and latitude");
    };
    if said.get().len() > MAX_SYSTEM {
        let most = MAX_SYSTEM >> 10;
        facts.warnings.add(format!("no footprint: its reference system has more than {most} KiB"));
        return None;
    }
    let read = serde_json::from_str(said.get());
    let code = match facts.warnings.hear("no footprint: its reference system", read)? {
        Value::Null => {
            facts.warnings.add("no footprint: its reference system is said to be unknown");
            return None;
        }
        Value::String(text) => wkt_system(&text, facts),
        object => {
            let code = projjson::epsg(&object);
            if code.is_none() && projjson::is_sound(&object) {
                facts.projjson = Found::new(object, ORIGIN);
            } else if code.is_none() {
                facts.warnings.add("its reference system is no PROJJSON, and not handed on");
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
