//! From a published flist to its item: what is said of it, from all sources, becomes one document and what the index
//! keeps beside it. What is wrong with the metadata is a warning in the item, and never an error.

use std::panic::{AssertUnwindSafe, catch_unwind};

use flisthub_flist::{File, LoadError};
use flisthub_storage::{ChunkId, ChunkStore};
use serde_json::{Map, Value, json};

use super::asset::Checksums;
use super::assets::Assets;
use super::catalog::STAC_VERSION;
use super::draft::{Draft, Heard, Interval, Place};
use super::hrefs::References;
use super::links::Links;
use super::markers;
use super::members::Members;
use super::one_key::WHOLE;
use super::preview;
use super::properties;
use super::said::{self, Said};
use super::settings::Settings;
use super::times::{self, Side};
use super::tree_files::TreeFiles;
use super::warnings::Warnings;
use super::words::normal;
use super::{extensions, places};

/// What an item is made of, beside its flist.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The repository's name.
    pub repository: &'a str,
    /// The name in it.
    pub name: &'a str,
    /// The catalogue's configuration.
    pub settings: &'a Settings,
    /// What was set through the API: keys as in front matter.
    pub api: Option<&'a Map<String, Value>>,
    /// The categories that the repository puts its names in.
    pub categories: &'a [String],
    /// When the name was made, in seconds since the Unix epoch.
    pub created: u64,
    /// When the flist was published under it.
    pub published: u64,
}

/// The most bytes of a document, but for the features that the configuration gives it. Searches answer with thousands
/// of them.
const MAX_DOCUMENT: usize = 2 << 20;

/// The most bytes of what is left of a property, of all links and of all assets where a document is longer.
const MAX_LEFT: usize = 4 << 10;

/// The most properties that are left then, beside those of [`properties::NEEDED`].
const MAX_PROPERTIES: usize = 128;

/// The most bytes of the text that is searched.
const MAX_TEXT: usize = 256 << 10;

/// Makes the item of a flist, if it is in a category. What is wrong with its metadata is told in any case. `checksums`
/// is asked for the SHA-256 of each file that is an asset; where it has none the asset has none.
pub fn compose(
    store: &dyn ChunkStore,
    manifest: ChunkId,
    inputs: &Inputs<'_>,
    checksums: &mut dyn FnMut(&File) -> Option<[u8; 32]>,
) -> Result<Heard, LoadError> {
    let files = TreeFiles::open(store, manifest)?;
    let mut warnings = Warnings::default();
    // Readers of YAML, Markdown and geometries are others' code: where one fails, the publish stands all the same.
    let work = AssertUnwindSafe(|| item(&files, inputs, &mut warnings, checksums));
    let read = catch_unwind(work);
    let failed = read.is_err();
    if failed {
        warnings.add("metadata", "the hub fails to read it: there is no item");
    }
    Ok(Heard { draft: read.unwrap_or(Ok(None))?, warnings: warnings.all(), failed })
}

fn item(
    files: &TreeFiles<'_>,
    inputs: &Inputs<'_>,
    warnings: &mut Warnings,
    checksums: &mut Checksums<'_>,
) -> Result<Option<Draft>, LoadError> {
    let mut said = said::read(files, inputs.api, warnings)?;
    let (categories, inherits) = categories(&said, inputs, warnings);
    if categories.is_empty() {
        return Ok(None);
    }
    let references = References { files, settings: inputs.settings };
    let preview = preview::find(references, &said, warnings)?;
    let mut assets = Assets::new(references, preview.as_ref(), warnings, checksums);
    all_assets(&mut assets, &mut said, inputs, &categories)?;
    let assets = assets.found.object(&whole(|key| !assets.found.has(key)));
    let links = Links { references, warnings }.all(&said, preview.as_ref())?;
    if files.are_spent() {
        warnings.add("metadata", "it speaks of too many files: not all of them are looked up");
    }
    let draft = drafted(said, inputs, categories, (assets, links), warnings);
    Ok(Some(Draft { inherits, ..draft }))
}

/// The collections that it is in: those that the weightiest source says that says any. The second is whether the
/// repository is that source.
fn categories(said: &Said, inputs: &Inputs<'_>, warnings: &mut Warnings) -> (Vec<String>, bool) {
    let texts = |value: &Value| -> Vec<String> {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let given = &said.given.properties;
    let of_item = || {
        // The same key may mean something else there, so what is no category is not listed at all.
        let known =
            |value: &Value| texts(value).iter().any(|id| inputs.settings.category(id).is_some());
        let mut listed = ["categories", "category"].iter().filter_map(|key| given.value(key));
        let listed = listed.find(known);
        let collection = said.given.collection.iter();
        let known = collection.filter(|id| inputs.settings.category(id).is_some());
        listed.as_ref().map_or_else(|| known.cloned().collect(), texts)
    };
    let mut asked = said.key("categories").map_or_else(of_item, texts);
    let inherits = asked.is_empty() && said.key("categories").is_none();
    if inherits {
        asked = inputs.categories.to_vec();
    }
    asked.sort();
    asked.dedup();
    asked.retain(|id| {
        let known = inputs.settings.category(id).is_some();
        if !known {
            warnings.add("categories", &format!("there is no category {id:?}"));
        }
        known
    });
    (asked, inherits)
}

/// Stands for the assets that are the whole flist. A publisher's own of the same name counts more.
fn whole(is_free: impl Fn(&str) -> bool) -> String {
    let both = WHOLE.into_iter().zip([markers::FLIST, markers::ARCHIVE]);
    let free = both.filter(|(key, _)| is_free(key)).map(|(_, marker)| marker);
    free.collect::<Vec<_>>().join(",")
}

/// All assets: a publisher's own, those of rules, the preview and the README.
fn all_assets(
    assets: &mut Assets<'_, '_>,
    said: &mut Said,
    inputs: &Inputs<'_>,
    categories: &[String],
) -> Result<(), LoadError> {
    for (key, asset) in std::mem::take(&mut said.given.assets) {
        assets.given(said.given.path, &key, asset)?;
    }
    match said.key("assets") {
        Some(Value::Array(rules)) => assets.by_rules("assets", rules)?,
        Some(one @ (Value::String(_) | Value::Object(_))) => {
            assets.by_rules("assets", std::slice::from_ref(one))?;
        }
        Some(_) => assets.warnings.add("assets", "it is no list of rules"),
        None => {}
    }
    let known = categories.iter().filter_map(|id| inputs.settings.category(id));
    let rules: Vec<Value> = known.flat_map(|category| category.assets.clone()).collect();
    assets.by_categories(&rules)?;
    assets.make_room();
    if let Some(preview) = assets.preview {
        assets.preview(preview)?;
    }
    if let Some(path) = said.readme_path {
        assets.readme(path)?;
    }
    assets.tell_keys();
    Ok(())
}

/// Puts the parts together.
fn drafted(
    mut said: Said,
    inputs: &Inputs<'_>,
    categories: Vec<String>,
    (assets, links): (String, Vec<String>),
    warnings: &mut Warnings,
) -> Draft {
    let (place, where_it_is) = place(&mut said, warnings);
    let said_times = (said_time(&said, "created"), said_time(&said, "updated"));
    let made = properties::make(&mut said, inputs, &categories, warnings);
    let features = properties::by_category(&made, inputs, &categories);
    let title = text_of(&made, "title");
    let tags = properties::keywords(&made);
    let description = properties::description(&said, &made);
    let (repository, name) = (inputs.repository, inputs.name);
    let words = format!("{title} {description} {} {repository}/{name}", tags.join(" "));
    let (start, end) = (moment(&made, "start_datetime"), moment(&made, "end_datetime"));
    let datetime = moment(&made, "datetime");
    let both = start.zip(end).or(datetime.map(|at| (at, at)));
    let created = moment(&made, "created").filter(|_| said_times.0);
    let updated = moment(&made, "updated").filter(|_| said_times.1);
    let schemas = extensions::listed(&said, inputs.settings, &made, &assets);
    let parts = Parts { schemas, where_it_is, properties: made, features, links, assets };
    let document = parts.bounded(said, warnings);
    let mut text = normal(&words);
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    Draft {
        categories,
        inherits: false,
        document,
        title: title.replace('\0', ""),
        text,
        tags,
        interval: both.map(|(start, end)| Interval { start: Some(start), end: Some(end) }),
        datetime: datetime.or(start),
        created,
        updated,
        place,
    }
}

fn text_of(made: &Members, key: &str) -> String {
    let value = made.value(key);
    value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn moment(made: &Members, key: &str) -> Option<i64> {
    times::read(&text_of(made, key), Side::Begin).map(|at| at.micros)
}

/// What a document is put together from.
struct Parts {
    schemas: Vec<String>,
    /// `geometry` and `bbox`; without one the other is empty.
    where_it_is: [String; 2],
    properties: Members,
    /// What only some collections have of them.
    features: String,
    links: Vec<String>,
    assets: String,
}

impl Parts {
    /// The document with its warnings. One that is too long is made of less.
    fn bounded(mut self, mut said: Said, warnings: &mut Warnings) -> String {
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

/// Whether the metadata says when that was.
fn said_time(said: &Said, key: &str) -> bool {
    said.key(key).is_some()
        || said.given.properties.has(key)
        || said.keys.get("extent").and_then(|extent| extent.get("temporal")).is_some()
}

/// Where it is, and `geometry` and `bbox` as JSON.
fn place(said: &mut Said, warnings: &mut Warnings) -> (Option<Place>, [String; 2]) {
    let nowhere = || ["null".to_owned(), String::new()];
    let given = said.given.place.take();
    let asked = said.key("extent").and_then(|extent| extent.get("spatial"));
    let Some(spatial) = asked.filter(|value| !value.is_null()) else {
        return match given {
            Some((geometry, bbox, place)) => (Some(place), [geometry, bbox]),
            None => (None, nowhere()),
        };
    };
    let shown: String = match spatial {
        Value::String(text) => text.chars().take(60).collect(),
        other => other.to_string().chars().take(60).collect(),
    };
    let heard = places::of_extent(spatial).map_err(|error| format!("{error} ({shown})"));
    match warnings.hear("extent.spatial", heard) {
        Some(place) => {
            let json = [place.geometry.clone(), places::bbox(&place.bounds).to_string()];
            (Some(place), json)
        }
        None => (None, nowhere()),
    }
}
