//! A STAC item or collection that a publisher put into the tree, as `stac/item.json` or `stac/collection.json`, or an
//! item that was written through the API. It stays as it was written; only what says where the item is, is the hub's.

use flisthub_flist::LoadError;
use serde_json::{Value, json};

use super::draft::Place;
use super::members::{self, Members};
use super::tree_files::TreeFiles;
use super::warnings::Warnings;
use super::{hrefs, kinds, places};

/// The most bytes of such a file.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// The most schemas that are listed.
const MAX_SCHEMAS: usize = 100;

/// The directory in which they are, which is where relative addresses in them begin.
const FOLDER: &str = "stac";

/// How messages call an item that was written through the API.
const WRITTEN: &str = "item";

/// What a publisher's own STAC object says.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// How messages call it.
    pub(super) path: &'static str,
    /// The directories in which its relative addresses begin, the first that has the file.
    pub(super) folders: &'static [&'static str],
    /// `stac_version`, if it is one that can be answered.
    pub(super) version: Option<String>,
    /// `stac_extensions`.
    pub(super) extensions: Vec<String>,
    /// `properties`.
    pub(super) properties: Members,
    /// `links`, without those that are the hub's, each with its place in the list.
    pub(super) links: Vec<(usize, Members)>,
    /// `assets`.
    pub(super) assets: Vec<(String, Members)>,
    /// The geometry and the box, as JSON, and what they are for the index.
    pub(super) place: Option<(String, String, Place)>,
    /// Whether it speaks of where it is: that it is nowhere, or what cannot be read, is said, too.
    pub(super) speaks_of_place: bool,
    /// `collection` of an item.
    pub(super) collection: Option<String>,
    /// Whether its time span has a begin and no end.
    pub(super) is_open: bool,
    /// All other members.
    pub(super) others: Members,
}

/// Versions of STAC that an item may be of.
const VERSIONS: &[&str] = &["1.0.0", "1.1.0"];

/// Links that follow from where an item is.
pub(super) const OWN_LINKS: &[&str] = &[
    "self",
    "root",
    "parent",
    "collection",
    "item",
    "items",
    "child",
    "latest-version",
    "predecessor-version",
    "successor-version",
];

/// Members of a collection that are properties of an item.
const OF_COLLECTION: &[&str] = &["title", "description", "license", "keywords", "providers"];

/// Reads the one that is there: an item before a collection.
pub(super) fn read(files: &TreeFiles<'_>, warnings: &mut Warnings) -> Result<Given, LoadError> {
    for path in ["stac/item.json", "stac/collection.json"] {
        if let Some(read) = files.read(path, MAX_BYTES)? {
            let heard = if read.whole {
                parsed(path, &read.bytes)
            } else {
                Err(format!("it has more than {} KiB", MAX_BYTES >> 10))
            };
            return Ok(match warnings.hear(path, heard) {
                Some((members, value)) => {
                    let folders = &[FOLDER, ""];
                    Given { folders, ..given(path, members, &value, warnings) }
                }
                None => Given::default(),
            });
        }
    }
    Ok(Given::default())
}

/// Reads one that was written through the API: its addresses begin at the root of the tree.
pub(super) fn written(text: &str, warnings: &mut Warnings) -> Given {
    let heard = parsed(WRITTEN, text.as_bytes());
    match warnings.hear(WRITTEN, heard) {
        Some((members, value)) => {
            Given { folders: &[""], ..given(WRITTEN, members, &value, warnings) }
        }
        None => Given::default(),
    }
}

fn parsed(path: &str, bytes: &[u8]) -> Result<(Members, Value), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Also bounds the depth.
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let kind = if path.ends_with("collection.json") { "Collection" } else { "Feature" };
    if value.get("type").and_then(Value::as_str) != Some(kind) {
        return Err(format!("its `type` is not {kind}"));
    }
    let members = Members::read(text).ok_or("it is no JSON object")?;
    Ok((members, value))
}

fn given(path: &'static str, mut all: Members, value: &Value, warnings: &mut Warnings) -> Given {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let version = text("stac_version").filter(|version| VERSIONS.contains(&version.as_str()));
    if version.is_none() && all.has("stac_version") {
        let what = format!("it is none of {}", VERSIONS.join(" and "));
        warnings.add(&format!("{path}: stac_version"), &what);
    }
    let mut given = Given {
        path,
        version,
        extensions: extensions(path, value, warnings),
        collection: text("collection"),
        properties: object(&mut all, path, "properties", warnings),
        links: links(&mut all, path, warnings),
        ..Given::default()
    };
    for (key, raw) in object(&mut all, path, "assets", warnings).iter() {
        match Members::read(raw) {
            Some(asset) => given.assets.push((key.clone(), asset)),
            None => warnings.add(&format!("{path}: assets.{key}"), "it is no object"),
        }
    }
    if value.get("type").and_then(Value::as_str) == Some("Collection") {
        of_collection(&mut given, &mut all, value, warnings);
    } else {
        given.speaks_of_place = value.get("geometry").is_some()
            || value.get("bbox").is_some_and(|bbox| !bbox.is_null());
        given.place = place(path, &mut all, value, warnings);
    }
    kinds::of_properties(&mut given.properties, path, warnings);
    for hubs in ["type", "id", "collection", "stac_version", "stac_extensions", "geometry", "bbox"]
    {
        all.take(hubs);
    }
    given.others = all;
    given
}

/// The members of a member. None, with a warning, if it is no object.
fn object(all: &mut Members, path: &str, key: &str, warnings: &mut Warnings) -> Members {
    let raw = all.take(key).filter(|raw| raw != "null");
    let read = raw.map_or(Some(Members::default()), |raw| Members::read(&raw));
    let heard = read.ok_or_else(|| "it is no object".to_owned());
    warnings.hear(&format!("{path}: {key}"), heard).unwrap_or_default()
}

/// The schemas that it lists, each once.
fn extensions(path: &str, value: &Value, warnings: &mut Warnings) -> Vec<String> {
    let about = format!("{path}: stac_extensions");
    let Some(listed) = value.get("stac_extensions").filter(|listed| !listed.is_null()) else {
        return Vec::new();
    };
    let listed = listed.as_array().ok_or_else(|| "it is no list of texts".to_owned());
    let listed = warnings.hear(&about, listed).map(Vec::as_slice).unwrap_or_default();
    if listed.len() > MAX_SCHEMAS {
        warnings.add(&about, &format!("only the first {MAX_SCHEMAS} are taken"));
    }
    let mut kept: Vec<String> = Vec::new();
    for schema in listed.iter().take(MAX_SCHEMAS) {
        match schema.as_str() {
            Some(schema) if hrefs::is_passed_on(schema) => {
                if !kept.iter().any(|one| one == schema) {
                    kept.push(schema.to_owned());
                }
            }
            Some(_) => warnings.add(&about, "addresses of that kind are not passed on"),
            None => warnings.add(&about, "it is no list of texts"),
        }
    }
    kept
}

fn links(all: &mut Members, path: &str, warnings: &mut Warnings) -> Vec<(usize, Members)> {
    let raw = all.take("links").filter(|raw| raw != "null");
    let listed = raw.map_or(Some(Vec::new()), |raw| members::list(&raw));
    let listed = listed.ok_or_else(|| "it is no list".to_owned());
    let listed = warnings.hear(&format!("{path}: links"), listed).unwrap_or_default();
    let own = |link: &Members| {
        let rel = link.value("rel");
        rel.as_ref().and_then(Value::as_str).is_some_and(|rel| OWN_LINKS.contains(&rel))
    };
    let mut links = Vec::new();
    for (at, raw) in listed.iter().enumerate() {
        match Members::read(raw) {
            Some(link) if own(&link) => {}
            Some(link) => links.push((at, link)),
            None => warnings.add(&format!("{path}: links[{at}]"), "it is no object"),
        }
    }
    links
}

/// Where it says it is. The geometry stays as it was written where that is on the Earth, and so does a box that is one.
fn place(
    path: &str,
    all: &mut Members,
    value: &Value,
    warnings: &mut Warnings,
) -> Option<(String, String, Place)> {
    let geometry = value.get("geometry").filter(|geometry| !geometry.is_null())?;
    let about = format!("{path}: geometry");
    let (place, as_written) = warnings.hear(&about, places::of_geojson(geometry))?;
    let written = all.take("geometry").filter(|_| as_written);
    if written.is_none() {
        warnings.add(&about, "a longitude is outside of -180 to 180: it is written anew within");
    }
    let bbox = all.take("bbox").filter(|raw| raw != "null");
    let is_box = value.get("bbox").is_some_and(places::is_bbox);
    if bbox.is_some() && !is_box {
        warnings.add(&format!("{path}: bbox"), "it is no box: the one around the geometry counts");
    }
    let bbox = bbox.filter(|_| is_box);
    let bbox = bbox.unwrap_or_else(|| places::bbox(&place.bounds).to_string());
    Some((written.unwrap_or_else(|| place.geometry.clone()), bbox, place))
}

/// A collection's members, as an item has them.
fn of_collection(given: &mut Given, all: &mut Members, value: &Value, warnings: &mut Warnings) {
    for key in OF_COLLECTION {
        if let Some(raw) = all.take(key) {
            given.properties.made(key, raw);
        }
    }
    given.speaks_of_place =
        value.pointer("/extent/spatial").is_some_and(|spatial| !spatial.is_null());
    if let Some(Value::Array(bbox)) = value.pointer("/extent/spatial/bbox/0") {
        let heard = places::of_extent(&json!(bbox));
        let place = warnings.hear(&format!("{}: extent.spatial", given.path), heard);
        given.place = place
            .map(|place| (place.geometry.clone(), places::bbox(&place.bounds).to_string(), place));
    }
    if let Some([start @ Value::String(_), end @ (Value::String(_) | Value::Null)]) =
        value.pointer("/extent/temporal/interval/0").and_then(Value::as_array).map(Vec::as_slice)
    {
        given.properties.set("start_datetime", start);
        given.is_open = end.is_null();
        if !given.is_open {
            given.properties.set("end_datetime", end);
        }
    }
    all.take("extent");
}
