//! What the keys of the catalogue's configuration mean. They are SharingHub's; what it needs and this hub does not, like
//! where its GitLab is, is passed over and named.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::category::{Category, is_id};
use super::files::SettingsError;
use super::texts::Texts;
use super::values::{address, at, list, mapping, plain_texts, text, wrong};
use super::{Root, Settings, Told};
use crate::parameters::MOST_ITEMS;

/// The most categories.
const MOST_CATEGORIES: usize = 200;

/// What the root and categories are called.
const TEXTS: &[&str] = &["title", "description", "name"];

/// Keys that are looked at, with all that is below.
const USED: &[&str] = &[
    "alerts",
    "docs.url",
    "external-urls",
    "jupyterlab.url",
    "mlflow.type",
    "mlflow.url",
    "services.wizard.url",
    "spaces",
    "stac.categories",
    "stac.extensions",
    "stac.root",
    "stac.search.page-size",
    "tags",
];

/// What the files say together. What they do not say is as by default.
pub(super) fn settings(all: Map<String, Value>) -> Result<Settings, SettingsError> {
    let mut unused = Vec::new();
    find_unused(&all, "", &mut unused);
    let all = Value::Object(all);
    let default = Settings::default();
    let page_size = match at(&all, "stac.search.page-size") {
        None => default.page_size,
        Some(size) => page_size(size)?,
    };
    Ok(Settings {
        root: root(mapping(&all, "stac.root")?)?,
        categories: match at(&all, "stac.categories") {
            None => default.categories,
            Some(list) => categories(list)?,
        },
        extensions: extensions(at(&all, "stac.extensions"), default.extensions)?,
        page_size,
        told: told(&all)?,
        unused,
    })
}

/// Names what nothing looks at. Names alone: values may be secrets.
fn find_unused(map: &Map<String, Value>, prefix: &str, unused: &mut Vec<String>) {
    for (key, value) in map {
        let path = format!("{prefix}{key}");
        let below = format!("{path}.");
        if USED.contains(&path.as_str()) {
            continue;
        }
        match value {
            Value::Object(map) if USED.iter().any(|used| used.starts_with(&below)) => {
                find_unused(map, &below, unused);
            }
            _ => unused.push(path),
        }
    }
}

fn page_size(size: &Value) -> Result<u32, SettingsError> {
    let number = size.as_u64().and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| (1..=MOST_ITEMS).contains(number))
        .ok_or_else(|| wrong("stac.search.page-size", "a number from 1 to 10000"))
}

fn root(mut map: Map<String, Value>) -> Result<Root, SettingsError> {
    let default = Root::default();
    let id = text(map.remove("id"), "stac.root.id")?;
    let logo = address(map.remove("logo"), "stac.root.logo")?;
    plain_texts(&mut map, TEXTS, "stac.root")?;
    let mut texts = Texts::take(&mut map, TEXTS);
    for (key, value) in default.texts.english {
        texts.english.entry(key).or_insert(value);
    }
    let id = id.filter(|id| !id.is_empty()).unwrap_or(default.id);
    Ok(Root { id, texts, logo, more: map })
}

/// SharingHub writes a list of mappings with one key each; a mapping of them is as good.
fn categories(value: &Value) -> Result<Vec<Category>, SettingsError> {
    let need = "a list of mappings, each of an id to what the category is";
    let entries: Vec<(&String, &Value)> = match value {
        Value::Array(list) => {
            let maps = list.iter().map(Value::as_object);
            let maps: Option<Vec<_>> = maps.collect();
            maps.ok_or_else(|| wrong("stac.categories", need))?.into_iter().flatten().collect()
        }
        Value::Object(map) => map.iter().collect(),
        _ => return Err(wrong("stac.categories", need)),
    };
    if entries.len() > MOST_CATEGORIES {
        return Err(wrong("stac.categories", "at most 200 categories"));
    }
    let mut categories: Vec<Category> = Vec::new();
    for (id, value) in entries {
        if categories.iter().any(|known| known.id == *id) {
            return Err(wrong(format!("stac.categories.{id}"), "there once"));
        }
        categories.push(category(id, value)?);
    }
    Ok(categories)
}

fn category(id: &str, value: &Value) -> Result<Category, SettingsError> {
    let path = |key: &str| format!("stac.categories.{id}.{key}");
    if !is_id(id) {
        let need = "named by letters, digits, `-`, `_` and `.`, at most 64 of them";
        return Err(wrong(format!("the category {id:?}"), need));
    }
    let mut map = match value {
        Value::Object(map) => map.clone(),
        Value::Null => Map::new(),
        _ => return Err(wrong(format!("stac.categories.{id}"), "a mapping")),
    };
    let gitlab_topic = text(map.remove("gitlab_topic"), &path("gitlab_topic"))?;
    let mut picture = |key: &str| address(map.remove(key), &path(key));
    let (logo, icon) = (picture("logo")?, picture("icon")?);
    let assets = list(map.remove("assets"), &path("assets"))?;
    if !assets.iter().all(|rule| rule.is_string() || rule.is_object()) {
        return Err(wrong(path("assets"), "a list of globs and mappings"));
    }
    let features = match map.remove("features") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(features)) => features,
        Some(_) => return Err(wrong(path("features"), "a mapping")),
    };
    plain_texts(&mut map, TEXTS, &format!("stac.categories.{id}"))?;
    let texts = Texts::take(&mut map, TEXTS);
    Ok(Category {
        texts,
        gitlab_topic,
        logo,
        icon,
        assets,
        features,
        more: map,
        ..Category::new(id)
    })
}

/// What the hub writes itself has a schema, whatever a file lists.
fn extensions(
    said: Option<&Value>,
    mut default: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, SettingsError> {
    let map = match said {
        None => return Ok(default),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(wrong("stac.extensions", "a mapping")),
    };
    default.retain(|prefix, _| prefix == "file");
    for (prefix, schema) in map {
        let need = "the address of a schema";
        let schema =
            schema.as_str().ok_or_else(|| wrong(format!("stac.extensions.{prefix}"), need));
        default.insert(prefix.clone(), schema?.to_owned());
    }
    Ok(default)
}

fn told(all: &Value) -> Result<Told, SettingsError> {
    let said = |path: &str| address(at(all, path).cloned(), path);
    let mut alert = mapping(all, "alerts")?;
    plain_texts(&mut alert, &["title", "message"], "alerts")?;
    Ok(Told {
        tags: mapping(all, "tags")?,
        alert,
        external_urls: links(at(all, "external-urls").cloned(), "external-urls")?,
        spaces: mapping(all, "spaces")?,
        jupyterlab: said("jupyterlab.url")?,
        docs: said("docs.url")?,
        mlflow_type: text(at(all, "mlflow.type").cloned(), "mlflow.type")?,
        mlflow: said("mlflow.url")?,
        wizard: said("services.wizard.url")?,
    })
}

/// Links of the menu, and those in their lists.
fn links(value: Option<Value>, path: &str) -> Result<Vec<Value>, SettingsError> {
    let mut menu = list(value, path)?;
    for (number, link) in menu.iter_mut().enumerate() {
        let path = format!("{path}.{number}");
        let link = link.as_object_mut().ok_or_else(|| wrong(path.as_str(), "a mapping"))?;
        plain_texts(link, &["name"], &path)?;
        address(link.get("url").cloned(), &format!("{path}.url"))?;
        if let Some(below) = link.get_mut("dropdown") {
            *below = Value::Array(links(Some(below.take()), &format!("{path}.dropdown"))?);
        }
    }
    Ok(menu)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
