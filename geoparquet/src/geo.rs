//! What the file says of itself: GeoParquet's key `geo`, and that of stac-geoparquet.

use std::collections::BTreeSet;

use parquet::file::metadata::KeyValue;
use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::row::Row;
use super::schema::{HIGH_SIDES, SIDES};
use super::table::{Columns, PROJECTED};

/// Longitude and latitude on WGS 84, as PROJJSON has it.
const CRS84: &str = include_str!("crs84.json");

/// The versions of GeoParquet and of stac-geoparquet, which happen to be the same.
const VERSION: &str = "1.1.0";

/// The keys and their values.
pub(crate) fn keys(rows: &[Row<'_>], columns: &Columns) -> Vec<KeyValue> {
    let mut described = Map::new();
    described.insert("geometry".to_owned(), geometry(rows, columns));
    if columns.get(PROJECTED) == Some(&Kind::Shape) {
        // In whichever system the item's data is.
        let projected = json!({"encoding": "WKB", "geometry_types": [], "crs": null});
        described.insert(PROJECTED.to_owned(), projected);
    }
    let geo = json!({"version": VERSION, "primary_column": "geometry", "columns": described});
    let stac = json!({"version": VERSION});
    vec![
        KeyValue::new("geo".to_owned(), geo.to_string()),
        KeyValue::new("stac-geoparquet".to_owned(), stac.to_string()),
    ]
}

fn geometry(rows: &[Row<'_>], columns: &Columns) -> Value {
    let geometries = rows.iter().filter_map(|row| row.geometry.as_ref());
    let kinds: BTreeSet<&str> = geometries.map(|geometry| geometry.kind.as_str()).collect();
    let heights = columns.get("bbox") == Some(&Kind::Box { heights: true });
    let sides = if heights { HIGH_SIDES.as_slice() } else { SIDES.as_slice() };
    let covering: Map<String, Value> =
        sides.iter().map(|side| ((*side).to_owned(), json!(["bbox", side]))).collect();
    let crs: Value = serde_json::from_str(CRS84).unwrap_or_default();
    json!({
        "encoding": "WKB",
        "geometry_types": kinds,
        "crs": crs,
        "covering": {"bbox": covering},
    })
}
