//! An item as a filter sees it: those of its members that are asked for, and no others, are read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{FilterError, bare};
use crate::markers::{is_marker, within};
use crate::number::number;

/// An item of the index.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The collection in which it is looked for.
    pub collection: &'a str,
    /// The repository's name.
    pub repository: &'a str,
    /// The name in it.
    pub name: &'a str,
    /// How many users starred it.
    pub stars: u64,
    /// The item as it is stored.
    pub document: &'a str,
}

/// What is read of a document.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    geometry: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) properties: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

impl Subject<'_> {
    /// The values of the properties that are asked for, by the names under which they are.
    pub fn read(&self, wanted: &BTreeSet<String>) -> Result<Map<String, Value>, FilterError> {
        let unreadable = || FilterError::Unreadable(format!("{}/{}", self.repository, self.name));
        let document = within(self.document, self.collection);
        let read: Document<'_> = serde_json::from_str(&document).map_err(|_| unreadable())?;
        let mut values = Map::new();
        for name in wanted {
            if let Some(value) = self.value(&read, name).map_err(|_| unreadable())? {
                values.insert(name.clone(), value);
            }
        }
        Ok(values)
    }

    /// What an answer would show under that name, but for what depends on the caller and for addresses of this hub.
    fn value(&self, read: &Document<'_>, name: &str) -> Result<Option<Value>, serde_json::Error> {
        let parsed = |raw: &&RawValue| serde_json::from_str(raw.get()).map(Some);
        let id = || format!("{}/{}", self.repository, self.name);
        Ok(match name {
            "id" => Some(id().into()),
            "collection" => Some(self.collection.into()),
            "geometry" => return read.geometry.as_ref().map_or(Ok(None), parsed),
            _ => match bare(name) {
                "sharinghub:path" => Some(id().into()),
                "sharinghub:id" => Some(number(self.repository, self.name).into()),
                "sharinghub:name" => Some(format!("{} / {}", self.repository, self.name).into()),
                "sharinghub:stars" => Some(self.stars.into()),
                // Places that are filled in are no properties.
                marker if is_marker(marker) => None,
                bare => return read.properties.get(bare).map_or(Ok(None), parsed),
            },
        })
    }
}
