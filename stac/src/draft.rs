//! What the index keeps of a name's item. How it is made of a tree's metadata is in `compose`.

/// A box on the Earth in degrees (WGS 84). Where `west` is greater than `east` it lies over the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Longitude of the western side, from -180 to 180.
    pub west: f64,
    /// Latitude of the southern side, from -90 to 90.
    pub south: f64,
    /// Longitude of the eastern side, from -180 to 180.
    pub east: f64,
    /// Latitude of the northern side, from -90 to 90.
    pub north: f64,
}

/// A time span in microseconds since the Unix epoch, both ends within. `None`: open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// Its begin.
    pub start: Option<i64>,
    /// Its end.
    pub end: Option<i64>,
}

/// Where an item is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The box around it.
    pub bounds: Bounds,
    /// Whether it is that box, or a point: then nothing else is looked at.
    pub is_box: bool,
    /// Its geometry, as it is in the item: GeoJSON.
    pub geometry: String,
}

/// What became of the metadata of a flist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// The item. `None`: it is in no category.
    pub draft: Option<Draft>,
    /// What is wrong with the metadata, for the publisher: also where there is no item for it.
    pub warnings: Vec<String>,
    /// Whether reading it failed for a fault of the hub's: then there is no item, whatever the metadata says.
    pub failed: bool,
}

/// What the index keeps of a name's item.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The collections that it is in: ids of categories, sorted, each once, at least one.
    pub categories: Vec<String>,
    /// Whether they are those of the repository, because nothing else says any.
    pub inherits: bool,
    /// The item as JSON, without `id`, `collection` and the links that follow from where it is. What is the hub's
    /// own in it begins with a marker that is replaced when it is written out: see `markers`.
    pub document: String,
    /// `properties.title`.
    pub title: String,
    /// Title, description, keywords and name in the form in which words are compared: see `words`.
    pub text: String,
    /// `properties.keywords`: tags, as they are written.
    pub tags: Vec<String>,
    /// When: of an item with `datetime` alone both ends are that. `None`: at no known time.
    pub interval: Option<Interval>,
    /// `properties.datetime`, or the begin of the interval: what items are sorted by.
    pub datetime: Option<i64>,
    /// `properties.created` and `properties.updated` where the metadata says them.
    pub created: Option<i64>,
    /// See `created`.
    pub updated: Option<i64>,
    /// Where; `None`: nowhere.
    pub place: Option<Place>,
}
