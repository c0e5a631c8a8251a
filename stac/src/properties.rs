//! The properties of an item: those that a publisher's own item has, over them what the keys say, and what follows
//! where nobody says anything. Times are in `item_times`, and who made it and who has it in `providers`.

use serde_json::{Map, Value, json};

use super::compose::Inputs;
use super::extensions;
use super::item_times::{TIMES, times_of};
use super::markers::NAME;
use super::members::{Members, quoted};
use super::providers::providers;
use super::said::Said;
use super::warnings::Warnings;

/// Keys that are not copied: what becomes of them is said elsewhere, or below.
const SPECIAL: &[&str] = &[
    "assets",
    "categories",
    "category",
    "description",
    "extensions",
    "extent",
    "geometry",
    "keywords",
    "license-url",
    "links",
    "preview",
    "providers",
    "related",
    "sharinghub",
    "tags",
    "title",
];

/// What the hub alone says.
pub(super) const OWN: &[&str] = &[
    "sharinghub:id",
    "sharinghub:stars",
    "sharinghub:access-level",
    "sharinghub:name",
    "sharinghub:path",
    "flisthub:warnings",
    super::found::ORIGINS,
];

/// Properties without which an item is no STAC, or nothing that anybody finds.
pub(super) const NEEDED: &[&str] = &[
    "datetime",
    "start_datetime",
    "end_datetime",
    "created",
    "updated",
    "title",
    "license",
    "providers",
    "keywords",
    "sharinghub:path",
];

/// The most characters of a title or a keyword: they are in indexes.
const MAX_SHORT: usize = 256;

/// The most keywords.
const MAX_KEYWORDS: usize = 200;

/// Makes them all.
pub(super) fn make(
    said: &mut Said,
    inputs: &Inputs<'_>,
    categories: &[String],
    warnings: &mut Warnings,
) -> Members {
    let mut made = std::mem::take(&mut said.given.properties);
    let said = &*said;
    texts(&mut made, said, inputs, warnings);
    times_of(&mut made, said, inputs, warnings);
    words(&mut made, said, inputs, warnings);
    providers(&mut made, said, inputs, warnings);
    for (key, value) in &said.keys {
        if value.is_null() || SPECIAL.contains(&key.as_str()) || TIMES.contains(&key.as_str()) {
            continue;
        }
        match extensions::below(key, value, said, inputs.settings) {
            Some(below) => {
                for (inner, value) in below {
                    over(&mut made, &format!("{key}:{inner}"), value);
                }
            }
            None => over(&mut made, key, value),
        }
    }
    sharinghub(&mut made, said, inputs, categories);
    for key in OWN {
        made.take(key);
    }
    made.made("sharinghub:path", quoted(NAME));
    made
}

/// Sets a value; an object is laid over the one that is there, whose other members stay as they were written.
fn over(made: &mut Members, key: &str, value: &Value) {
    match (value, made.raw(key).and_then(Members::read)) {
        (Value::Object(over_it), Some(mut under)) => {
            over_it.iter().for_each(|(key, value)| over(&mut under, key, value));
            made.made(key, under.object(""));
        }
        _ => made.set(key, value),
    }
}

/// Title, description, license and citations.
fn texts(made: &mut Members, said: &Said, inputs: &Inputs<'_>, warnings: &mut Warnings) {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let given = made.value("title").as_ref().and_then(plain);
    let title = said.key("title").and_then(plain).or(given);
    let title = title.unwrap_or_else(|| inputs.name.to_owned());
    let short: String = title.chars().take(MAX_SHORT).collect();
    if short.len() < title.len() {
        warnings.add("title", &format!("it has more than {MAX_SHORT} characters"));
    }
    made.set("title", &json!(short));
    if let Some(text) = said.key("description").and_then(plain) {
        made.set("description", &json!(text));
    } else if !made.has("description") && !said.readme.description.is_empty() {
        made.made("description", quoted(&said.readme.description));
    }
    let cited = |cited: &super::readme::Cited| {
        let mut work = json!({ "doi": cited.doi });
        if let (Some(citation), Some(work)) = (&cited.citation, work.as_object_mut()) {
            work.insert("citation".to_owned(), json!(citation));
        }
        work
    };
    if let Some((first, others)) = said.readme.cited.split_first() {
        made.unless_set("sci:doi", &json!(first.doi));
        if let Some(citation) = &first.citation {
            made.unless_set("sci:citation", &json!(citation));
        }
        if !others.is_empty() {
            made.unless_set("sci:publications", &others.iter().map(cited).collect());
        }
    }
}

/// The description as text, for the index.
pub(super) fn description(said: &Said, made: &Members) -> String {
    let from_readme = said.key("description").is_none()
        && made.raw("description") == Some(quoted(&said.readme.description).as_str());
    if from_readme {
        return said.readme.written.clone();
    }
    let value = made.value("description");
    value.as_ref().and_then(Value::as_str).unwrap_or_default().chars().take(64 << 10).collect()
}

/// Keywords.
fn words(made: &mut Members, said: &Said, inputs: &Inputs<'_>, warnings: &mut Warnings) {
    let Some(asked) = said.key("keywords").and_then(Value::as_array) else { return };
    let topics: Vec<&str> =
        inputs.settings.categories.iter().filter_map(|one| one.gitlab_topic.as_deref()).collect();
    let mut kept: Vec<String> = Vec::new();
    for value in asked {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => String::new(),
        };
        let fits = (1..=MAX_SHORT).contains(&text.chars().count());
        if !fits || kept.len() >= MAX_KEYWORDS {
            let what = format!(
                "each is text of 1 to {MAX_SHORT} characters, and there are at most {MAX_KEYWORDS}"
            );
            warnings.add("keywords", &what);
        } else if !kept.contains(&text) && !topics.contains(&text.as_str()) {
            kept.push(text);
        }
    }
    made.set("keywords", &json!(kept));
}

/// The keywords that an item has, for the index.
pub(super) fn keywords(made: &Members) -> Vec<String> {
    let value = made.value("keywords");
    let listed = value.as_ref().and_then(Value::as_array).into_iter().flatten();
    let texts = listed.filter_map(Value::as_str).map(|text| text.replace('\0', ""));
    let mut kept: Vec<String> = Vec::new();
    for text in texts.filter(|text| (1..=MAX_SHORT).contains(&text.chars().count())) {
        if kept.len() < MAX_KEYWORDS && !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept
}

/// What SharingHub's pages want to know: the features of the categories, and what the metadata says otherwise.
fn sharinghub(made: &mut Members, said: &Said, inputs: &Inputs<'_>, categories: &[String]) {
    let own: Option<&Map<String, Value>> = said.key("sharinghub").and_then(Value::as_object);
    for (key, value) in own.into_iter().flatten() {
        made.set(&format!("sharinghub:{key}"), value);
    }
    // Of several categories each says it in its own collection only.
    if let [one] = categories {
        for (key, value) in features(made, inputs, one) {
            made.unless_set(&key, value);
        }
    }
}

/// The features of a category that nobody says otherwise.
fn features<'a>(made: &Members, inputs: &Inputs<'a>, category: &str) -> Vec<(String, &'a Value)> {
    let all = inputs.settings.category(category).into_iter().flat_map(|one| &one.features);
    let named = all.map(|(key, value)| (format!("sharinghub:{key}"), value));
    named.filter(|(key, _)| !made.has(key) && !OWN.contains(&key.as_str())).collect()
}

/// The features of an item in several categories: an object of objects, by category. Empty if it is in one.
pub(super) fn by_category(made: &Members, inputs: &Inputs<'_>, categories: &[String]) -> String {
    let mut all = Members::default();
    for category in categories {
        let mut of_it = Members::default();
        for (key, value) in features(made, inputs, category) {
            of_it.set(&key, value);
        }
        all.made(category, of_it.object(""));
    }
    if categories.len() > 1 { all.object("") } else { String::new() }
}
