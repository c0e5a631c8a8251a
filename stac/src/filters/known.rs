//! What items and collections can be asked by: properties that are known, and of which kind their values are. Others can
//! be asked for as well; what they are is seen of each item.

use std::fmt;

use serde_json::{Value, json};

/// What the values of a property are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// An instant.
    Time,
    /// A geometry.
    Place,
    /// A list of texts.
    Texts,
    /// True or false.
    Boolean,
}

/// A property by which items can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queryable {
    /// Its name in a filter.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Of which kind it is.
    pub kind: Kind,
}

const fn known(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    kind: Kind,
) -> Queryable {
    Queryable { name, title, about, kind }
}

/// Those that every item has or may have, whatever it is of.
pub(super) const OF_ALL: usize = 14;

/// What is known of all items, and of the properties of STAC's own extensions.
pub const QUERYABLES: &[Queryable] = &[
    known("id", "Id", "The repository and the name, with a slash between them", Kind::Text),
    known("collection", "Collection", "The id of the collection that it is in", Kind::Text),
    known("geometry", "Geometry", "Where the data is from", Kind::Place),
    known("datetime", "Time", "When the data is from", Kind::Time),
    known("start_datetime", "Begin", "When the data begins", Kind::Time),
    known("end_datetime", "End", "When the data ends", Kind::Time),
    known(
        "created",
        "Created",
        "When it was first published, unless it says otherwise",
        Kind::Time,
    ),
    known("updated", "Updated", "When it was last published, unless it says otherwise", Kind::Time),
    known("title", "Title", "What it is called", Kind::Text),
    known("description", "Description", "What it is, in Markdown", Kind::Text),
    known("keywords", "Keywords", "Words by which it is sorted", Kind::Texts),
    known("license", "License", "The license, by its SPDX id", Kind::Text),
    known(
        "sharinghub:name",
        "Name",
        "The repository and the name, as people read them",
        Kind::Text,
    ),
    known("sharinghub:stars", "Stars", "How many users starred it", Kind::Integer),
    known("platform", "Platform", "The satellite, aircraft or station", Kind::Text),
    known("constellation", "Constellation", "The platforms that it belongs to", Kind::Text),
    known("mission", "Mission", "What the platforms were launched for", Kind::Text),
    known("instruments", "Instruments", "The sensors", Kind::Texts),
    known(
        "gsd",
        "Ground sample distance",
        "The size of a pixel on the ground, in metres",
        Kind::Number,
    ),
    known("eo:cloud_cover", "Cloud cover", "What of it clouds cover, in percent", Kind::Number),
    known("eo:snow_cover", "Snow cover", "What of it snow and ice cover, in percent", Kind::Number),
    known(
        "view:off_nadir",
        "Off nadir",
        "The angle between nadir and scene, in degrees",
        Kind::Number,
    ),
    known(
        "view:incidence_angle",
        "Incidence",
        "The angle between zenith and sensor, in degrees",
        Kind::Number,
    ),
    known(
        "view:azimuth",
        "Azimuth",
        "From north to the sensor, clockwise, in degrees",
        Kind::Number,
    ),
    known(
        "view:sun_azimuth",
        "Azimuth of the sun",
        "From north to the sun, clockwise, in degrees",
        Kind::Number,
    ),
    known(
        "view:sun_elevation",
        "Elevation of the sun",
        "Above the horizon, in degrees",
        Kind::Number,
    ),
    known("proj:code", "Projection", "The reference system of the data, as EPSG:32620", Kind::Text),
    known("proj:epsg", "EPSG code", "The number of the reference system, as 32620", Kind::Integer),
    known("grid:code", "Cell", "The cell of a grid, as MGRS-35NKA", Kind::Text),
    known("s2:mgrs_tile", "Tile", "The tile of Sentinel-2, as 35NKA", Kind::Text),
    known("sat:orbit_state", "Orbit state", "ascending, descending or geostationary", Kind::Text),
    known(
        "sat:relative_orbit",
        "Relative orbit",
        "The number of the orbit in its cycle",
        Kind::Integer,
    ),
    known(
        "sat:absolute_orbit",
        "Absolute orbit",
        "The number of the orbit since the launch",
        Kind::Integer,
    ),
    known("sar:instrument_mode", "Instrument mode", "The mode of a radar, as IW", Kind::Text),
    known("sar:frequency_band", "Frequency band", "The band of a radar, as C", Kind::Text),
    known("sar:polarizations", "Polarizations", "Those of a radar, as VV", Kind::Texts),
    known("sar:product_type", "Product type", "The product of a radar, as GRD", Kind::Text),
    known("product:type", "Kind of product", "What kind of product it is, as GRD", Kind::Text),
    known("processing:level", "Processing level", "How far it was processed, as L2A", Kind::Text),
    known("sci:doi", "DOI", "The DOI of the data", Kind::Text),
    known("deprecated", "Deprecated", "Whether it is not to be used any more", Kind::Boolean),
];

/// What collections can be asked by.
pub const COLLECTION_QUERYABLES: &[Queryable] = &[
    known("id", "Id", "The collection's id", Kind::Text),
    known("title", "Title", "What it is called", Kind::Text),
    known("description", "Description", "What is in it", Kind::Text),
    known("keywords", "Keywords", "Words by which it is sorted", Kind::Texts),
    known("license", "License", "The license of what is in it", Kind::Text),
    known("geometry", "Extent", "The box around its items", Kind::Place),
    known("start_datetime", "Begin", "When the first of its items begins", Kind::Time),
    known("end_datetime", "End", "When the last of its items ends", Kind::Time),
];

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Time => "a time",
            Self::Place => "a geometry",
            Self::Texts => "a list of texts",
            Self::Boolean => "true or false",
        })
    }
}

impl Kind {
    /// What a schema says of a value.
    pub(super) fn schema(self) -> Value {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Number => json!({"type": "number"}),
            Self::Integer => json!({"type": "integer"}),
            Self::Time => json!({"type": "string", "format": "date-time"}),
            Self::Place => {
                json!({"$ref": "https://geojson.org/schema/Geometry.json", "format": "geometry-any"})
            }
            Self::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Self::Boolean => json!({"type": "boolean"}),
        }
    }
}

impl Queryable {
    /// What a schema says of it.
    pub fn schema(&self) -> Value {
        described(self.kind.schema(), self.title, self.about)
    }
}

/// A schema with a title and a description.
pub(super) fn described(mut schema: Value, title: &str, about: &str) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("title".to_owned(), title.into());
        members.insert("description".to_owned(), about.into());
    }
    schema
}
