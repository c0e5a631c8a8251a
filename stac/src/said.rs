//! What is said of a flist, and by what: through the API, in `sharinghub.yaml`, in a README's front matter and text,
//! and by a STAC object in the tree. The first three have the same keys and are laid over one another here. An item that
//! was written through the API stands in the place of all that is in the tree.

use flisthub_flist::LoadError;
use serde_json::{Map, Value, json};

use super::front_matter;
use super::item_json::{self, Given};
use super::kinds;
use super::members::lay_over;
use super::readme::{self, Readme};
use super::tree_files::TreeFiles;
use super::warnings::Warnings;
use super::yaml::{self, YamlLimits};
use super::yaml_numbers;

/// The most bytes that are read of a README or of `sharinghub.yaml`.
const MAX_BYTES: usize = 1 << 20;

/// The most bytes of the lines that say a category in what cannot be read.
const MAX_RESCUED: usize = 4 << 10;

/// Files that are the README, the first that is there.
pub(super) const READMES: &[&str] = &["README.md", "readme.md", "Readme.md"];

/// All that is said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The keys.
    pub(super) keys: Map<String, Value>,
    /// The preview that is said by more than the README.
    pub(super) preview: Option<String>,
    /// The text of the README.
    pub(super) readme: Readme,
    /// Which file the README is.
    pub(super) readme_path: Option<&'static str>,
    /// The publisher's own STAC object.
    pub(super) given: Given,
    /// Whether that was written through the API: then nothing else is looked for in the tree.
    pub(super) is_written: bool,
}

/// Reads all of it.
pub(super) fn read(
    files: &TreeFiles<'_>,
    (api, written): (Option<&Map<String, Value>>, Option<&str>),
    warnings: &mut Warnings,
) -> Result<Said, LoadError> {
    let (mut said, mut over) = match written {
        Some(item) => {
            let given = item_json::written(item, warnings);
            (Said { given, is_written: true, ..Said::default() }, Map::new())
        }
        None => of_tree(files, warnings)?,
    };
    let mut set = one_way(api.cloned().unwrap_or_default());
    kinds::of_keys(&mut set, "metadata", warnings);
    weigh(&mut over, set);
    said.preview = over.get("preview").and_then(Value::as_str).map(str::to_owned);
    weigh(&mut said.keys, over);
    Ok(said)
}

/// What the files of the tree say, and what `sharinghub.yaml` says, which is laid over it.
fn of_tree(
    files: &TreeFiles<'_>,
    warnings: &mut Warnings,
) -> Result<(Said, Map<String, Value>), LoadError> {
    let mut said = Said { given: item_json::read(files, warnings)?, ..Said::default() };
    said.readme(files, warnings)?;
    let mut over = Map::new();
    if let Some(read) = files.read("sharinghub.yaml", MAX_BYTES)? {
        let text = String::from_utf8_lossy(&read.bytes);
        let heard = if read.whole {
            heard_of(&text, "sharinghub.yaml", warnings)
        } else {
            let what = format!("it has more than {} KiB", MAX_BYTES >> 10);
            warnings.add("sharinghub.yaml", &what);
            None
        };
        over = heard.unwrap_or_else(|| rescued(&text));
        kinds::of_keys(&mut over, "sharinghub.yaml", warnings);
    }
    Ok((said, over))
}

impl Said {
    fn readme(&mut self, files: &TreeFiles<'_>, warnings: &mut Warnings) -> Result<(), LoadError> {
        for path in READMES {
            let Some(read) = files.read(path, MAX_BYTES)? else { continue };
            let text = String::from_utf8_lossy(&read.bytes);
            let Some(parts) = front_matter::split(&text) else {
                let what = "its front matter does not end, or is longer than 1 MiB; it is not read";
                warnings.add(path, what);
                self.keys = rescued(&front_of(&text));
                self.readme_path = Some(path);
                return Ok(());
            };
            if let Some(text) = parts.yaml {
                let about = format!("front matter of {path}");
                // The line before it is one of the file, too: messages say the lines of that.
                let heard = heard_of(&format!("\n{text}"), &about, warnings);
                self.keys = heard.unwrap_or_else(|| rescued(text));
                kinds::of_keys(&mut self.keys, &about, warnings);
            }
            self.readme = readme::read(parts.body);
            self.readme_path = Some(path);
            if self.readme.cut || !read.whole {
                let most = readme::MAX_DESCRIPTION >> 10;
                warnings.add(path, &format!("only its first {most} KiB are the description"));
            }
            return Ok(());
        }
        Ok(())
    }

    /// What a key says, if it says something.
    pub(super) fn key(&self, key: &str) -> Option<&Value> {
        self.keys.get(key).filter(|value| !value.is_null())
    }
}

/// What YAML says, or a warning. Of numbers that lose digits there is a warning, too.
fn heard_of(text: &str, about: &str, warnings: &mut Warnings) -> Option<Map<String, Value>> {
    let limits = YamlLimits::default();
    let parsed = yaml::parse(text, &limits).map_err(|error| error.to_string());
    let map = warnings.hear(about, parsed)?;
    let rounded = yaml_numbers::rounded(text, &limits, &map);
    if !rounded.is_empty() {
        let more = if rounded.len() < yaml_numbers::MAX_FOUND { "" } else { ", and maybe others" };
        let what = format!(
            "whole numbers below {} or above {} lose digits; written between quotes they are text and keep all: {}{more}",
            i64::MIN,
            u64::MAX,
            rounded.join(", ")
        );
        warnings.add(about, &what);
    }
    Some(one_way(map))
}

/// The categories that YAML says which cannot be read, if lines of their own say them: an item does not vanish because
/// something else in the same text is wrong. Nothing else of the text counts.
fn rescued(text: &str) -> Map<String, Value> {
    let says = |line: &&str| line.starts_with("category:") || line.starts_with("categories:");
    let mut lines = text.lines().skip_while(|line| !says(line));
    let mut kept = lines.next().unwrap_or_default().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '-']) && *line != "---") {
        if kept.len().saturating_add(line.len()) > MAX_RESCUED {
            break;
        }
        kept.push('\n');
        kept.push_str(line);
    }
    if kept.len() > MAX_RESCUED {
        return Map::new();
    }
    yaml::parse(&kept, &YamlLimits::default()).map(one_way).unwrap_or_default()
}

/// What may be front matter of a README whose front matter does not end: it may be prose below a rule.
fn front_of(text: &str) -> String {
    let mut lines = text.lines();
    let rule = lines.next().unwrap_or_default();
    let is_yaml = |line: &&str| line.starts_with([' ', '-', '#']) || line.contains(':');
    let kept = lines.take_while(is_yaml).take_while(|line| !is_blank(line));
    std::iter::once(rule).chain(kept).collect::<Vec<_>>().join("\n")
}

/// Of two keys for the same thing one is left, so that the weightier source replaces the other's. What is null or
/// empty text says nothing.
fn one_way(mut map: Map<String, Value>) -> Map<String, Value> {
    for (one, many) in [("category", "categories"), ("tags", "keywords")] {
        let said = [map.remove(many), map.remove(one)].into_iter().flatten();
        let nothing = |value: &Value| value.is_null() || value.as_str().is_some_and(is_blank);
        let said: Vec<Value> = said.filter(|value| !nothing(value)).collect();
        if !said.is_empty() {
            let all: Vec<Value> = said.into_iter().flat_map(items).collect();
            map.insert(many.to_owned(), json!(all));
        }
    }
    map
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Lays a weightier source over a lighter one. What one says in another way than the other is replaced, too.
fn weigh(under: &mut Map<String, Value>, over: Map<String, Value>) {
    let says = |key: &str| over.get(key).is_some_and(|value| !value.is_null());
    if over.get("extent").and_then(|extent| extent.get("temporal")).is_some_and(Value::is_array) {
        for end in ["start_datetime", "end_datetime", "created", "updated"] {
            under.remove(end);
        }
    }
    if says("license") {
        under.remove("license-url");
    }
    for (key, value) in &over {
        // `eo: {bands: ..}` is `eo:bands`.
        for inner in value.as_object().into_iter().flat_map(Map::keys) {
            under.remove(&format!("{key}:{inner}"));
        }
        if let Some((prefix, inner)) = key.split_once(':')
            && let Some(Value::Object(below)) = under.get_mut(prefix)
        {
            below.remove(inner);
        }
    }
    lay_over(under, over);
}

/// The texts of a list, or of text with commas.
fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        Value::String(text) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(Value::from).collect()
        }
        Value::Null => Vec::new(),
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_for_one_thing_are_one() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let made =
            one_way(map(json!({ "category": "dataset", "categories": ["x"], "tags": "a, b" })));
        assert_eq!(json!(made), json!({ "categories": ["x", "dataset"], "keywords": ["a", "b"] }));
        assert_eq!(json!(one_way(map(json!({ "title": 1 })))), json!({ "title": 1 }));
        for nothing in [json!({ "tags": null }), json!({ "tags": " " })] {
            assert_eq!(json!(one_way(map(nothing))), json!({}));
        }
        assert_eq!(json!(one_way(map(json!({ "tags": [] })))), json!({ "keywords": [] }));
        let both = json!({ "category": "a", "categories": null });
        assert_eq!(json!(one_way(map(both))), json!({ "categories": ["a"] }));
    }

    #[test]
    fn categories_are_found_in_what_cannot_be_read() {
        for (text, found) in [
            ("a: [1\ncategory: dataset\nb: 2", json!({ "categories": ["dataset"] })),
            ("categories:\n  - a\n  - b\nc: [", json!({ "categories": ["a", "b"] })),
            ("categories:\n- a\n---\nText", json!({ "categories": ["a"] })),
            (" category: no\nx", json!({})),
            ("category: [\nx", json!({})),
            (&format!("category: {}", "x".repeat(5000)), json!({})),
            ("", json!({})),
        ] {
            assert_eq!(Value::Object(rescued(text)), found, "{text}");
        }
    }

    #[test]
    fn prose_below_a_rule_is_no_front_matter() {
        for (text, found) in [
            ("---\ntitle: [1\ncategories:\n  - a\nlong: x", json!({ "categories": ["a"] })),
            ("---\r\n# which\r\ncategory: a\r\n", json!({ "categories": ["a"] })),
            ("---\n\n# Flood\n\ncategories: those of the flood\n", json!({})),
            ("---\nThis is about\ncategories: those of the flood\n", json!({})),
            ("---\ntitle: T\n\ncategory: a\n", json!({})),
            ("---", json!({})),
        ] {
            assert_eq!(Value::Object(rescued(&front_of(text))), found, "{text}");
        }
    }

    #[test]
    fn the_weightier_of_two_spellings_counts() {
        let map = |value: Value| value.as_object().unwrap().clone();
        for (under, over, left) in [
            (
                json!({ "start_datetime": "a", "created": "b" }),
                json!({ "extent": { "temporal": ["c"] } }),
                json!({ "extent": { "temporal": ["c"] } }),
            ),
            (
                json!({ "eo:x": 1, "eo:y": 1 }),
                json!({ "eo": { "x": 2 } }),
                json!({ "eo:y": 1, "eo": { "x": 2 } }),
            ),
            (
                json!({ "eo": { "x": 1, "y": 1 } }),
                json!({ "eo:x": 2 }),
                json!({ "eo": { "y": 1 }, "eo:x": 2 }),
            ),
            (json!({ "license-url": "u" }), json!({ "license": "l" }), json!({ "license": "l" })),
            (
                json!({ "license": "l" }),
                json!({ "license-url": "u" }),
                json!({ "license": "l", "license-url": "u" }),
            ),
        ] {
            let mut made = map(under);
            weigh(&mut made, map(over));
            assert_eq!(Value::Object(made), left);
        }
    }
}
