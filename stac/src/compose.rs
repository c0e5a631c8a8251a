//! From a published flist to its item: what is said of it, from all sources, becomes one document and what the index
//! keeps beside it. What is wrong with the metadata is a warning in the item, and never an error. How the document is
//! put together and bounded is in `document`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use flisthub_flist::{File, LoadError};
use flisthub_storage::{ChunkId, ChunkStore};
use serde_json::{Map, Value};

use super::asset::Checksums;
use super::assets::Assets;
use super::document::{Parts, whole};
use super::draft::{Draft, Heard, Interval, Place};
use super::found::{Declared, Findings, Origins};
use super::hrefs::References;
use super::links::{self, Links};
use super::members::Members;
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
    /// The item that was written through the API, which stands in the place of what the flist's files say.
    pub written: Option<&'a str>,
    /// The categories that the repository puts its names in.
    pub categories: &'a [String],
    /// When the name was made, in seconds since the Unix epoch.
    pub created: u64,
    /// When the flist was published under it.
    pub published: u64,
}

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
    let mut said = said::read(files, (inputs.api, inputs.written), warnings)?;
    let (categories, inherits) = categories(&said, inputs, warnings);
    if categories.is_empty() {
        return Ok(None);
    }
    let references = References { files, settings: inputs.settings };
    let preview = if said.is_written { None } else { preview::find(references, &said, warnings)? };
    let lacks_picture = preview.is_none() && !links::has_preview(&said);
    let findings = Findings::new(Declared::of(&said), !said.is_written, lacks_picture);
    let mut assets = Assets::new(references, preview.as_ref(), findings, warnings, checksums);
    all_assets(&mut assets, &mut said, inputs, &categories)?;
    let thumbnail = assets.thumbnail();
    let (found, findings) = (assets.found, assets.findings);
    // Of a flist without files there is nothing to be had.
    let is_empty = files.is_empty();
    let assets = found.object(&whole(|key| !is_empty && !found.has(key)));
    let origins = findings.fill(&mut said, inputs.settings, warnings);
    let mut links = Links { references, warnings }.all(&said, preview.as_ref())?;
    links.extend(thumbnail.as_deref().map(links::to_thumbnail));
    if files.are_spent() {
        warnings.add("metadata", "it speaks of too many files: not all of them are looked up");
    }
    let draft = drafted((said, origins), inputs, categories, (assets, links), warnings);
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

/// All assets: a publisher's own, those of rules, the preview and the README.
fn all_assets(
    assets: &mut Assets<'_, '_>,
    said: &mut Said,
    inputs: &Inputs<'_>,
    categories: &[String],
) -> Result<(), LoadError> {
    let mut declares = said.key("assets").is_some() || !said.given.assets.is_empty();
    for (key, asset) in std::mem::take(&mut said.given.assets) {
        assets.given((said.given.path, said.given.folders), &key, asset)?;
    }
    match said.key("assets") {
        Some(Value::Array(rules)) => assets.by_rules("assets", rules)?,
        Some(one @ (Value::String(_) | Value::Object(_))) => {
            assets.by_rules("assets", std::slice::from_ref(one))?;
        }
        Some(_) => assets.warnings.add("assets", "it is no list of rules"),
        None => {}
    }
    if !said.is_written {
        let known = categories.iter().filter_map(|id| inputs.settings.category(id));
        let rules: Vec<Value> = known.flat_map(|category| category.assets.clone()).collect();
        assets.by_categories(&rules)?;
        declares |= !rules.is_empty();
        if !declares {
            assets.geodata()?;
        }
    }
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
    (mut said, origins): (Said, Origins),
    inputs: &Inputs<'_>,
    categories: Vec<String>,
    (assets, links): (String, Vec<String>),
    warnings: &mut Warnings,
) -> Draft {
    let (place, where_it_is) = place(&mut said, warnings);
    let said_times = (said_time(&said, "created"), said_time(&said, "updated"));
    let mut made = properties::make(&mut said, inputs, &categories, warnings);
    origins.set(&mut made);
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
