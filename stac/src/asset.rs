//! One asset: its address, its type, what a publisher says of it, and its length and checksum.

use std::fmt::Write as _;

use flisthub_flist::{File, TreePath};
use serde_json::{Map, Value, json};

use super::found::ORIGINS;
use super::hrefs::{self, Target};
use super::members::{Members, quoted};

/// Knows the SHA-256 of a file's content, if that is known.
pub(super) type Checksums<'c> = dyn FnMut(&File) -> Option<[u8; 32]> + 'c;

/// The most bytes of what a rule says, as JSON: each of its assets says it all again.
pub(super) const MAX_SAID: usize = 8 << 10;

/// The most bytes of a text or a key in which a path stands for `{path}`.
const MAX_EXPANDED: usize = 4 << 10;

/// Members of a rule that are no members of the asset, or that only the hub says.
const RULE: &[&str] = &["glob", "path", "key", "href", "type-as", ORIGINS];

/// The role of a picture that shows what the data is about.
pub(super) const THUMBNAIL: &str = "thumbnail";

/// What `type-as` stands for.
const TYPES: &[(&str, &str)] = &[
    ("text", "text/plain"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("yaml", "text/x-yaml"),
    ("zip", "application/zip"),
    ("geotiff", "image/tiff; application=geotiff"),
    ("cog", "image/tiff; application=geotiff; profile=cloud-optimized"),
    ("geojson", "application/geo+json"),
    ("compose", "text/x-yaml; application=compose"),
    ("notebook", "application/x-ipynb+json"),
];

/// Types by the end of a name that the crate does not know, or that STAC calls otherwise.
const BY_ENDING: &[(&str, &str)] = &[
    ("fgb", "application/flatgeobuf"),
    ("geojson", "application/geo+json"),
    ("geoparquet", "application/vnd.apache.parquet"),
    ("geotiff", "image/tiff; application=geotiff"),
    ("gpkg", "application/geopackage+sqlite3"),
    ("gtiff", "image/tiff; application=geotiff"),
    ("h5", "application/x-hdf5"),
    ("hdf5", "application/x-hdf5"),
    ("ipynb", "application/x-ipynb+json"),
    ("jp2", "image/jp2"),
    ("laz", "application/vnd.laszip+copc"),
    ("nc", "application/netcdf"),
    ("onnx", "application/onnx"),
    ("parquet", "application/vnd.apache.parquet"),
    ("pmtiles", "application/vnd.pmtiles"),
    ("pq", "application/vnd.apache.parquet"),
    ("shp", "application/vnd.shp"),
    ("tif", "image/tiff; application=geotiff"),
    ("tiff", "image/tiff; application=geotiff"),
    ("yaml", "text/x-yaml"),
    ("yml", "text/x-yaml"),
];

/// The type of a file with that name, if it is known.
pub(super) fn type_of(name: &str) -> Option<&'static str> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())?;
    let own = BY_ENDING.iter().find(|(known, _)| *known == ending).map(|(_, own)| *own);
    own.or_else(|| mime_guess::from_ext(&ending).first_raw())
}

/// The asset that is a file of the flist. A warning may come with it.
pub(super) fn of_file(
    path: &TreePath,
    file: &File,
    said: &Map<String, Value>,
    key: &str,
    checksums: &mut Checksums<'_>,
) -> Result<(Members, Option<&'static str>), &'static str> {
    let shown = path.to_string();
    let mut asset = said_of(said, &shown, key).ok_or(TOO_LONG)?;
    asset.made("href", quoted(&hrefs::file_href(path)));
    if let Some(known) = type_of(&shown) {
        asset.unless_set("type", &json!(known));
    }
    let warning = measure(&mut asset, file, checksums);
    Ok((asset, warning))
}

const TOO_LONG: &str = "a text of it is too long with the path in it";

/// Sets the length and the checksum of a file. Readers trust them, so they are the hub's own, whatever anybody says;
/// where that is something else, it is a warning.
pub(super) fn measure(
    asset: &mut Members,
    file: &File,
    checksums: &mut Checksums<'_>,
) -> Option<&'static str> {
    let said = (asset.take("file:size"), asset.take("file:checksum"));
    asset.set("file:size", &json!(file.size));
    let known = checksums(file).map(|sum| multihash(&sum));
    if let Some(sum) = &known {
        asset.set("file:checksum", &json!(sum));
    }
    let size = said.0.is_some_and(|said| Some(said.as_str()) != asset.raw("file:size"));
    // A checksum of another kind may be right; it is left out without a word.
    let is_ours = |said: &str| said.to_ascii_lowercase().starts_with("\"1220");
    let sum = said.1.zip(known).is_some_and(|(said, known)| {
        is_ours(&said) && !said.trim_matches('"').eq_ignore_ascii_case(&known)
    });
    (size || sum).then_some("its `file:size` or `file:checksum` is not that of the file")
}

/// A SHA-256 as a multihash: which function, how many bytes, the bytes.
fn multihash(sum: &[u8; 32]) -> String {
    sum.iter().fold("1220".to_owned(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The asset that is somewhere else.
pub(super) fn elsewhere(
    target: &Target,
    said: &Map<String, Value>,
    key: &str,
) -> Result<Members, &'static str> {
    let mut asset = said_of(said, key, key).ok_or(TOO_LONG)?;
    asset.made("href", quoted(&hrefs::href(target)));
    Ok(asset)
}

/// A text with what stands for the path and the key in it. `None` if it is too long then.
pub(super) fn expanded(text: &str, path: &str, key: &str) -> Option<String> {
    let paths = text.matches("{path}").count();
    let keys = text.matches("{key}").count();
    let paths = paths.checked_mul(path.len())?;
    // A path may have `{key}` in it: it stays there.
    let most = paths.checked_add(keys.checked_mul(key.len())?)?.checked_add(text.len())?;
    if most > MAX_EXPANDED.max(text.len()) {
        return None;
    }
    let parts: Vec<String> = text.split("{path}").map(|part| part.replace("{key}", key)).collect();
    Some(parts.join(path))
}

/// Says of the asset of a file that it is the preview.
pub(super) fn thumbnail(asset: &mut Members, said: &Map<String, Value>) {
    let mut roles: Vec<Value> =
        said.get("roles").and_then(Value::as_array).cloned().unwrap_or_default();
    if !roles.iter().any(|role| role == THUMBNAIL) {
        roles.push(json!(THUMBNAIL));
    }
    asset.set("roles", &json!(roles));
    asset.unless_set("title", &json!("Preview"));
}

/// What a rule says of an asset. `{path}` and `{key}` stand for those in its texts. `None` if it is too long then.
fn said_of(said: &Map<String, Value>, path: &str, key: &str) -> Option<Members> {
    let mut asset = Members::default();
    // The address comes first when people look at it.
    asset.made("href", "null".to_owned());
    asset.set("roles", &json!(["data"]));
    if let Some(kind) = said.get("type-as").and_then(Value::as_str) {
        let known = TYPES.iter().find(|(name, _)| *name == kind);
        asset.set("type", &json!(known.map_or(kind, |(_, known)| *known)));
    }
    for (member, value) in said.iter().filter(|(member, _)| !RULE.contains(&member.as_str())) {
        match value {
            Value::Null => {}
            Value::String(text) => {
                asset.set(member, &json!(expanded(text, path, key)?));
            }
            other => asset.set(member, other),
        }
    }
    Some(asset)
}

#[cfg(test)]
mod tests {
    use flisthub_flist::Pieces;

    use super::*;

    #[test]
    fn an_asset_of_a_file() {
        let said = json!({
            "glob": "*.tif", "title": "File {path}", "type-as": "cog", "roles": ["data", "x"], "gsd": 10,
        });
        let file = File { size: 5, pieces: Pieces::Inline(Vec::new()) };
        let path = TreePath::parse(b"a b/s.tif").unwrap();
        let made =
            of_file(&path, &file, said.as_object().unwrap(), "s.tif", &mut |_| Some([0xab; 32]));
        let (made, warning) = made.unwrap();
        assert_eq!(warning, None);
        let made: Value = serde_json::from_str(&made.object("")).unwrap();
        assert_eq!(
            made,
            json!({
                "href": "flisthub:./a%20b/s.tifflisthub:.?", "title": "File a b/s.tif",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data", "x"], "gsd": 10, "file:size": 5,
                "file:checksum": format!("1220{}", "ab".repeat(32)),
            })
        );
    }

    #[test]
    fn lengths_and_checksums_are_the_hubs_own() {
        let file = File { size: 5, pieces: Pieces::Inline(Vec::new()) };
        let sum = format!("1220{}", "ab".repeat(32));
        for (said, known, warned) in [
            (json!({ "file:size": 5, "file:checksum": sum.to_ascii_uppercase() }), true, false),
            (json!({ "file:size": 5, "file:checksum": "1114ff" }), true, false),
            (json!({ "file:size": 1 }), true, true),
            (json!({ "file:checksum": format!("1220{}", "cd".repeat(32)) }), true, true),
            (json!({ "file:checksum": sum }), false, false),
        ] {
            let mut asset = Members::read(&said.to_string()).unwrap();
            let warning = measure(&mut asset, &file, &mut |_| known.then_some([0xab; 32]));
            assert_eq!(warning.is_some(), warned, "{said}");
            assert_eq!(asset.value("file:size"), Some(json!(5)), "{said}");
            assert_eq!(asset.value("file:checksum"), known.then(|| json!(sum)), "{said}");
        }
    }

    #[test]
    fn texts_do_not_grow_without_end() {
        assert_eq!(expanded("{path}: {key}!", "a{key}", "k").unwrap(), "a{key}: k!");
        let long = "x".repeat(MAX_EXPANDED + 1);
        assert_eq!(expanded(&long, "p", "k").as_ref(), Some(&long));
        assert_eq!(expanded(&"{path}".repeat(200), &"p".repeat(4096), "k"), None);
        assert_eq!(expanded(&"{key}".repeat(200), "p", &"k".repeat(4096)), None);
    }

    #[test]
    fn types_by_name() {
        for (name, known) in [
            ("a/B.TIF", Some("image/tiff; application=geotiff")),
            ("m.onnx", Some("application/onnx")),
            ("README.md", Some("text/markdown")),
            ("x.csv", Some("text/csv")),
            ("preview.png", Some("image/png")),
            ("Makefile", None),
        ] {
            assert_eq!(type_of(name), known, "{name}");
        }
    }
}
