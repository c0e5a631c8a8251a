//! The document of an item: its parts put together, and made of less where they are too long. What the parts say is
//! for `compose`; what an answer adds to the document is in `render`.

use serde_json::json;

use super::catalog::STAC_VERSION;
use super::markers;
use super::members::Members;
use super::one_key::WHOLE;
use super::properties;
use super::said::Said;
use super::warnings::Warnings;

/// The most bytes of a document, but for the features that the configuration gives it. Searches answer with thousands
/// of them.
const MAX_DOCUMENT: usize = 2 << 20;

/// The most bytes of what is left of a property, of all links and of all assets where a document is longer.
const MAX_LEFT: usize = 4 << 10;

/// The most properties that are left then, beside those of [`properties::NEEDED`].
const MAX_PROPERTIES: usize = 128;

/// What a document is put together from.
pub(super) struct Parts {
    /// `stac_extensions`.
    pub(super) schemas: Vec<String>,
    /// `geometry` and `bbox`; without one the other is empty.
    pub(super) where_it_is: [String; 2],
    /// The properties that all collections have of it.
    pub(super) properties: Members,
    /// What only some collections have of them.
    pub(super) features: String,
    /// Each as JSON.
    pub(super) links: Vec<String>,
    /// All of them as JSON.
    pub(super) assets: String,
}

impl Parts {
    /// The document with its warnings. One that is too long is made of less.
    pub(super) fn bounded(mut self, mut said: Said, warnings: &mut Warnings) -> String {
        let document = self.document(&said, warnings);
        if document.len() <= MAX_DOCUMENT {
            return document;
        }
        warnings.add(
            "item",
            &format!("it is longer than {} KiB: parts of it are left out", MAX_DOCUMENT >> 10),
        );
        self.properties = self.left(MAX_PROPERTIES);
        said.given.others = Members::default();
        self.schemas.retain(|schema| schema.len() <= MAX_LEFT);
        self.links.retain(|link| link.len() <= MAX_LEFT);
        if self.assets.len() > MAX_DOCUMENT / 4 {
            self.assets = Members::default().object(&whole(|_| true));
        }
        let document = self.document(&said, warnings);
        if document.len() <= MAX_DOCUMENT {
            return document;
        }
        // What is left is a place, which is bounded where it is read, and what an item must have.
        self.properties = self.left(0);
        self.schemas.clear();
        self.links.clear();
        self.assets = Members::default().object(&whole(|_| true));
        self.document(&said, warnings)
    }

    /// The properties that an item needs and the first of the others, without long ones.
    fn left(&self, most: usize) -> Members {
        let short = |(key, json): &(&String, &String)| key.len() + json.len() <= MAX_LEFT;
        let (needed, others): (Vec<_>, Vec<_>) = self
            .properties
            .iter()
            .filter(short)
            .partition(|(key, _)| properties::NEEDED.contains(&key.as_str()));
        let mut left = Members::default();
        for (key, json) in needed.into_iter().chain(others.into_iter().take(most)) {
            left.made(key, json.clone());
        }
        left
    }

    fn document(&self, said: &Said, warnings: &Warnings) -> String {
        let mut properties = self.properties.clone();
        let told = warnings.all();
        if !told.is_empty() {
            properties.set("flisthub:warnings", &json!(told));
        }
        let mut item = Members::default();
        let version = said.given.version.as_deref().unwrap_or(STAC_VERSION);
        item.set("stac_version", &json!(version));
        item.set("stac_extensions", &json!(self.schemas));
        item.set("type", &json!("Feature"));
        let [geometry, bbox] = &self.where_it_is;
        item.made("geometry", geometry.clone());
        if !bbox.is_empty() {
            item.made("bbox", bbox.clone());
        }
        item.made("properties", properties.object(&markers::properties(&self.features)));
        let links = std::iter::once(markers::LINKS).chain(self.links.iter().map(String::as_str));
        item.made("links", format!("[{}]", links.collect::<Vec<_>>().join(",")));
        item.made("assets", self.assets.clone());
        for (key, json) in said.given.others.iter() {
            if !item.has(key) {
                item.made(key, json.clone());
            }
        }
        item.object(markers::IDENTITY)
    }
}

/// Stands for the assets that are the whole flist. A publisher's own of the same name counts more.
pub(super) fn whole(is_free: impl Fn(&str) -> bool) -> String {
    let both = WHOLE.into_iter().zip([markers::FLIST, markers::ARCHIVE]);
    let free = both.filter(|(key, _)| is_free(key)).map(|(_, marker)| marker);
    free.collect::<Vec<_>>().join(",")
}
