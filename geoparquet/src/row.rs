//! An item as a row: its members, and its properties beside them.

use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

use super::error::WriteError;
use super::json::{Members, Raw, View, view};
use super::wkb::{self, Wkb};

/// Where what has no column of its own is, as JSON: what of the item the other columns do not say.
pub(crate) const OTHER: &str = "flisthub:other";

/// The members that the specification gives a column, and ours. A property that is called so has none of its own.
const RESERVED: [&str; 11] = [
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
    OTHER,
];

/// A member that has a column of its own, if it gets one.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    /// Its value.
    pub(crate) raw: Raw<'a>,
    /// Whether it is one of the properties.
    is_property: bool,
}

/// A row.
#[derive(Debug, Default)]
pub(crate) struct Row<'a> {
    /// What has a column of its own.
    pub(crate) columns: IndexMap<String, Member<'a>>,
    /// Members that have none: they are not what their column holds.
    members: Members<'a>,
    /// Properties that have none: they are called like something else.
    properties: Members<'a>,
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
                "" | OTHER => {
                    row.members.insert(name, raw);
                }
                _ => {
                    row.columns.insert(name, Member { raw, is_property: false });
                }
            }
        }
        match properties.map(view) {
            Some(View::Object(properties)) => row.take_properties(properties),
            Some(View::Null) | None => {}
            Some(_) => row.members.extend(properties.map(|raw| ("properties".to_owned(), raw))),
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
                self.properties.insert(name, raw);
            } else {
                self.columns.insert(name, Member { raw, is_property: true });
            }
        }
    }

    fn take_geometry(&mut self, raw: Raw<'a>) {
        self.geometry = wkb::read(raw);
        let is_whole = self.geometry.as_ref().is_some_and(|geometry| geometry.whole);
        if !is_whole && raw.get() != "null" {
            self.members.insert("geometry".to_owned(), raw);
        }
    }

    fn take_bbox(&mut self, raw: Raw<'a>) {
        let numbers: Option<Vec<f64>> = serde_json::from_str(raw.get()).ok();
        self.bbox = numbers.filter(|numbers| matches!(numbers.len(), 4 | 6));
        if self.bbox.is_none() && raw.get() != "null" {
            self.members.insert("bbox".to_owned(), raw);
        }
    }

    /// Whether something has no column, whatever columns there are.
    pub(crate) fn has_others(&self) -> bool {
        !self.members.is_empty() || !self.properties.is_empty()
    }

    /// What no column has, as the item has it.
    pub(crate) fn others(&self, has_column: impl Fn(&str) -> bool) -> Option<Box<RawValue>> {
        let (mut members, mut properties) = (self.members.clone(), self.properties.clone());
        for (name, member) in self.columns.iter().filter(|(name, _)| !has_column(name)) {
            let to = if member.is_property { &mut properties } else { &mut members };
            to.insert(name.clone(), member.raw);
        }
        let properties = if properties.is_empty() { None } else { to_raw_value(&properties).ok() };
        if let Some(properties) = &properties {
            members.insert("properties".to_owned(), properties);
        }
        if members.is_empty() { None } else { to_raw_value(&members).ok() }
    }
}
