//! The properties of an item: those that a publisher's own item has, over them what the keys say, and what follows
//! where nobody says anything.

use serde_json::{Map, Value, json};

use super::compose::Inputs;
use super::markers::{BASE, NAME};
use super::members::{self, Members, quoted};
use super::said::Said;
use super::times::{self, Moment, Side};
use super::warnings::Warnings;
use super::{extensions, hrefs};

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
const OWN: &[&str] = &[
    "sharinghub:id",
    "sharinghub:stars",
    "sharinghub:access-level",
    "sharinghub:name",
    "sharinghub:path",
    "flisthub:warnings",
];

/// Properties that are times.
const TIMES: &[&str] =
    &["datetime", "start_datetime", "end_datetime", "created", "updated", "published", "expires"];

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

/// What a provider may be.
const ROLES: [&str; 4] = ["licensor", "producer", "processor", "host"];

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

/// When: what the keys say, what the publisher's item says, and the times of the name.
fn times_of(made: &mut Members, said: &Said, inputs: &Inputs<'_>, warnings: &mut Warnings) {
    // A publisher's own stay as they are written, where they are times as STAC has them.
    for key in TIMES {
        // Beside a span STAC wants that null.
        let beside_a_span = |value: &Value| *key == "datetime" && value.is_null();
        let Some(value) = made.value(key).filter(|value| !beside_a_span(value)) else { continue };
        match warnings.hear(key, times::of_value(&value, side(key))) {
            Some(_) if value.as_str().is_some_and(times::is_full) => {}
            Some(at) => made.set(key, &json!(at.text)),
            None => {
                made.take(key);
            }
        }
    }
    let of_seconds = |seconds: u64| times::of_seconds(seconds).unwrap_or_else(epoch);
    let (created, published) = (of_seconds(inputs.created), of_seconds(inputs.published));
    if let Some(span) =
        said.key("extent").and_then(|extent| extent.get("temporal")).filter(|span| !span.is_null())
        && let Some((start, end)) =
            warnings.hear("extent.temporal", times::of_span(span, &published))
    {
        for (key, at) in [
            ("start_datetime", &start),
            ("created", &start),
            ("end_datetime", &end),
            ("updated", &end),
        ] {
            made.set(key, &json!(at.text));
        }
    }
    for key in TIMES {
        if let Some(value) = said.key(key)
            && let Some(at) = warnings.hear(key, times::of_value(value, side(key)))
        {
            made.set(key, &json!(at.text));
        }
    }
    if said.given.is_open && made.has("start_datetime") {
        made.unless_set("end_datetime", &json!(published.text));
    }
    span_of_both(made, warnings);
    let spans = made.has("start_datetime") && made.raw("datetime") == Some("null");
    if !spans {
        if made.raw("datetime") == Some("null") {
            made.take("datetime");
        }
        made.unless_set("datetime", &json!(published.text));
    }
    made.unless_set("created", &json!(created.text));
    made.unless_set("updated", &json!(published.text));
}

/// Which end of a day is meant where a property is a date.
fn side(key: &str) -> Side {
    if key == "end_datetime" { Side::End } else { Side::Begin }
}

fn epoch() -> Moment {
    Moment { micros: 0, text: "1970-01-01T00:00:00Z".to_owned() }
}

/// A span has both ends, in their order, or there is none.
fn span_of_both(made: &mut Members, warnings: &mut Warnings) {
    let micros =
        |key: &str| times::of_value(&made.value(key)?, Side::Begin).ok().map(|at| at.micros);
    match (micros("start_datetime"), micros("end_datetime")) {
        (Some(start), Some(end)) if start <= end => {}
        (start, end) => {
            if start.is_some() || end.is_some() {
                warnings.add("start_datetime", "it needs an `end_datetime` that is no earlier");
            }
            made.take("start_datetime");
            made.take("end_datetime");
        }
    }
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

/// Who made it and who has it: the repository and the hub, unless somebody is said to.
fn providers(made: &mut Members, said: &Said, inputs: &Inputs<'_>, warnings: &mut Warnings) {
    let object = |value: &Value| match value {
        Value::String(name) => Some(json!({ "name": name })),
        Value::Object(provider) if provider.get("name").is_some_and(Value::is_string) => {
            Some(value.clone())
        }
        _ => None,
    };
    if let Some(asked) = said.key("providers") {
        let asked = asked.as_array().map_or(std::slice::from_ref(asked), Vec::as_slice);
        let kept: Vec<Value> = asked.iter().filter_map(object).collect();
        if kept.len() < asked.len() {
            warnings.add("providers", "each is an object with a `name`");
        }
        made.set("providers", &json!(kept));
    }
    let raw = made.raw("providers").filter(|raw| *raw != "null").unwrap_or("[]");
    let raw = members::list(raw).ok_or_else(|| "it is no list".to_owned());
    let raw = warnings.hear("providers", raw).unwrap_or_default();
    let raw: Vec<String> = raw.into_iter().filter_map(|one| provider(one, warnings)).collect();
    let has = |role: &str| {
        raw.iter().any(|provider| {
            let value: Value = serde_json::from_str(provider).unwrap_or_default();
            let roles = value.get("roles").and_then(Value::as_array);
            roles.is_some_and(|roles| roles.iter().any(|one| one == role))
        })
    };
    let mut all = raw.clone();
    if !has("host") {
        all.push(format!(
            r#"{{"name":"Flisthub","roles":["host"],"url":"{BASE}api/v1/flists/{NAME}"}}"#
        ));
    }
    if !has("producer") {
        let name = inputs.repository;
        all.push(format!(
            r#"{{"name":"{name}","roles":["producer"],"url":"{BASE}api/v1/repositories/{name}"}}"#
        ));
    }
    made.made("providers", format!("[{}]", all.join(",")));
}

/// A provider as it was written, but for members that STAC has otherwise, and an address that readers may not be given.
/// `None`: it is none.
fn provider(raw: String, warnings: &mut Warnings) -> Option<String> {
    let mut members = Members::read(&raw).unwrap_or_default();
    let name = members.value("name");
    if name.as_ref().and_then(Value::as_str).is_none_or(str::is_empty) {
        warnings.add("providers", "each is an object with a `name`");
        return None;
    }
    let is_role = |role: &Value| role.as_str().is_some_and(|role| ROLES.contains(&role));
    let fits = |key: &str, value: &Value| match key {
        "roles" => value.as_array().is_some_and(|roles| roles.iter().all(is_role)),
        "url" => value.as_str().is_some_and(hrefs::is_passed_on),
        _ => value.is_string(),
    };
    let mut as_written = true;
    for (key, otherwise) in [
        ("url", "a `url` of that kind is not passed on"),
        ("roles", "`roles` are a list of licensor, producer, processor and host"),
        ("description", "a `description` is text"),
    ] {
        if members.value(key).is_some_and(|value| !fits(key, &value)) {
            members.take(key);
            warnings.add("providers", otherwise);
            as_written = false;
        }
    }
    Some(if as_written { raw } else { members.object("") })
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
