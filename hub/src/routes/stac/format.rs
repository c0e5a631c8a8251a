//! As what a page of items is sent: GeoJSON, or a table where the program was built with it.

use axum::http::{HeaderMap, StatusCode};

use super::answer::{GEOJSON, JSON};
use crate::error::{ApiError, Code};
use crate::routes::accept::asks_for;
use crate::stac::Format;

/// What a table is sent as.
pub(super) const PARQUET: &str = "application/vnd.apache.parquet";

/// Whether there are tables.
pub(super) const TABLES: bool = cfg!(feature = "geoparquet");

/// What is wanted: what the parameter says, and else what the header does.
pub(super) fn wanted(asked: Option<Format>, headers: &HeaderMap) -> Result<Format, ApiError> {
    match asked {
        Some(Format::Parquet) if !TABLES => {
            let message = "f: this hub was built without GeoParquet; it must be json or geojson";
            Err(ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_SEARCH, message))
        }
        Some(format) => Ok(format),
        None if TABLES && asks_for(headers, PARQUET, &[GEOJSON, JSON]) => Ok(Format::Parquet),
        None => Ok(Format::Json),
    }
}
