//! A search from the query of a `GET`: names and values, decoded.

use super::error::ParameterError;
use super::filter::{Language, Parts};
use super::{
    Fields, Format, MOST_COLLECTIONS, MOST_IDS, MOST_POSITIONS, Mode, Search, bbox, cursor,
    datetime, limit, names, sort, text, unknown,
};
use crate::shapes;

/// Reads the parameters of a query, of which there may be those that are `known`.
pub fn of_query(pairs: &[(String, String)], known: &[&str]) -> Result<Search, ParameterError> {
    let (mut search, mut filter) = (Search::default(), Parts::default());
    for (at, (name, value)) in pairs.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            return Err(unknown(name, known));
        }
        if pairs.iter().take(at).any(|(before, _)| before == name) {
            return Err(ParameterError::new(name, "it stands there twice"));
        }
        if !filter.take(name, &value.as_str().into())? {
            search.read(name, value)?;
        }
    }
    search.filter = filter.read(Language::Text)?;
    search.checked()
}

impl Search {
    fn read(&mut self, name: &str, value: &str) -> Result<(), ParameterError> {
        match name {
            "collections" => self.collections = names(name, MOST_COLLECTIONS, list(value))?,
            "ids" => self.ids = names(name, MOST_IDS, list(value))?,
            "bbox" => self.bbox = Some(bbox::of_text(value)?),
            "intersects" => self.intersects = Some(geometry(value)?),
            // A plus that was not encoded comes as a blank.
            "datetime" => self.interval = Some(datetime::of_text(&value.replace(' ', "+"))?),
            "q" => self.text = text::of_text(value)?,
            "sortby" => self.sort = sort::of_text(value)?,
            "fields" => self.fields = Some(Fields::of_text(value)?),
            "mode" => self.mode = Mode::of_text(value)?,
            "f" => self.format = Some(Format::of_text(value)?),
            "limit" => self.limit = Some(limit(number(value)?)?),
            _ => self.after = Some(cursor(name, value)?),
        }
        Ok(())
    }
}

/// What stands between commas.
fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(move |_| !value.is_empty())
}

/// A number of any size: one that is too large to be a number here is only large.
fn number(value: &str) -> Result<u64, ParameterError> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParameterError::new("limit", "it must be a number"));
    }
    Ok(value.parse().unwrap_or(u64::MAX))
}

fn geometry(value: &str) -> Result<geo::Geometry<f64>, ParameterError> {
    let wrong = |message: String| ParameterError::new("intersects", message);
    let value = serde_json::from_str(value)
        .map_err(|_| wrong("it must be a geometry of GeoJSON, as JSON".to_owned()))?;
    shapes::geometry(&value, MOST_POSITIONS).map_err(|error| wrong(error.to_string()))
}
