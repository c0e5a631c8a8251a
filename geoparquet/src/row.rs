//! An item as a row: its members, and its properties beside them.

use super::error::WriteError;
use super::json::{Members, Raw, View, view};
use super::wkb::{self, Wkb};

/// The members that the specification gives a column. A property that is called so has none of its own.
pub(crate) const RESERVED: [&str; 10] = [
    "id",
    "type",
    "stac_version",
    "stac_extensions",
    "links",
    "assets",
    "collection",
    "bbox",
    "geometry",
    "properties",
];

/// A row.
#[derive(Debug, Default)]
pub(crate) struct Row<'a> {
    /// What has a column of its own.
    pub(crate) columns: Members<'a>,
    /// What has none: it is called like another member of the item, or it is not what its column holds.
    pub(crate) rest: Members<'a>,
    /// Where it is.
    pub(crate) geometry: Option<Wkb>,
    /// The box around it: four numbers or six.
    pub(crate) bbox: Option<Vec<f64>>,
}

impl<'a> Row<'a> {
    /// The row of an item.
    pub(crate) fn read(at: usize, item: &'a str) -> Result<Self, WriteError> {
        let item = serde_json::from_str(item);
        let members: Members<'a> = item.map_err(|source| WriteError::Item { at, source })?;
        let mut row = Self::default();
        let mut properties = None;
        for (name, raw) in members {
            match name.as_str() {
                "geometry" => row.take_geometry(raw),
                "bbox" => row.take_bbox(raw),
                "properties" => properties = Some(raw),
                "" => row.put_aside(name, raw),
                _ => {
                    row.columns.insert(name, raw);
                }
            }
        }
        match properties.map(view) {
            Some(View::Object(properties)) => row.take_properties(properties),
            Some(View::Null) | None => {}
            Some(_) => row.rest.extend(properties.map(|raw| ("properties".to_owned(), raw))),
        }
        if row.bbox.is_none() {
            let bounds = row.geometry.as_ref().and_then(|geometry| geometry.bounds);
            row.bbox = bounds.map(Vec::from);
        }
        Ok(row)
    }

    fn take_properties(&mut self, properties: Members<'a>) {
        for (name, raw) in properties {
            let taken = RESERVED.contains(&name.as_str()) || self.columns.contains_key(&name);
            if taken || name.is_empty() {
                self.put_aside(name, raw);
            } else {
                self.columns.insert(name, raw);
            }
        }
    }

    fn take_geometry(&mut self, raw: Raw<'a>) {
        self.geometry = wkb::read(raw);
        let is_whole = self.geometry.as_ref().is_some_and(|geometry| geometry.whole);
        if !is_whole && raw.get() != "null" {
            self.put_aside("geometry".to_owned(), raw);
        }
    }

    fn take_bbox(&mut self, raw: Raw<'a>) {
        let numbers: Option<Vec<f64>> = serde_json::from_str(raw.get()).ok();
        self.bbox = numbers.filter(|numbers| matches!(numbers.len(), 4 | 6));
        if self.bbox.is_none() && raw.get() != "null" {
            self.put_aside("bbox".to_owned(), raw);
        }
    }

    fn put_aside(&mut self, name: String, raw: Raw<'a>) {
        self.rest.insert(name, raw);
    }
}
