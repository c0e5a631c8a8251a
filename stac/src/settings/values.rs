//! Values of the catalogue's configuration by their keys: one that is not of the kind that its key needs is refused. What
//! the keys mean is in `read`.

use serde_json::{Map, Value};
use url::{ParseError, Url};

use super::files::SettingsError;

/// The value at a path; what is null is not there.
pub(super) fn at<'a>(all: &'a Value, path: &str) -> Option<&'a Value> {
    let found = path.split('.').try_fold(all, |value, key| value.get(key));
    found.filter(|value| !value.is_null())
}

pub(super) fn wrong(key: impl Into<String>, need: &'static str) -> SettingsError {
    SettingsError::Value { key: key.into(), need }
}

pub(super) fn mapping(all: &Value, path: &str) -> Result<Map<String, Value>, SettingsError> {
    match at(all, path) {
        None => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(_) => Err(wrong(path, "a mapping")),
    }
}

pub(super) fn list(value: Option<Value>, path: &str) -> Result<Vec<Value>, SettingsError> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(wrong(path, "a list")),
    }
}

pub(super) fn text(value: Option<Value>, path: &str) -> Result<Option<String>, SettingsError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        // An id or a title may look like a number.
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(wrong(path, "text")),
    }
}

/// An address that pages show or link to: of the web, or a path. Others, like `javascript:`, do things in the browsers
/// of those who look at them.
pub(super) fn address(value: Option<Value>, path: &str) -> Result<Option<String>, SettingsError> {
    let address = text(value, path)?;
    let of_the_web = |address: &str| match Url::parse(address) {
        Ok(url) => matches!(url.scheme(), "http" | "https"),
        Err(error) => error == ParseError::RelativeUrlWithoutBase,
    };
    match &address {
        Some(address) if !of_the_web(address) => {
            Err(wrong(path, "an address with http or https, or a path"))
        }
        _ => Ok(address),
    }
}

/// Makes text of what is said of something by these keys, and of the same in its `locales`.
pub(super) fn plain_texts(
    map: &mut Map<String, Value>,
    keys: &[&str],
    path: &str,
) -> Result<(), SettingsError> {
    plain(map, keys, path)?;
    let path = format!("{path}.locales");
    let locales = match map.get_mut("locales") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(locales)) => locales,
        Some(_) => return Err(wrong(path, "a mapping of languages to texts")),
    };
    locales.retain(|_, texts| !texts.is_null());
    for (language, texts) in locales {
        let path = format!("{path}.{language}");
        let texts = texts.as_object_mut().ok_or_else(|| wrong(path.as_str(), "a mapping"))?;
        plain(texts, keys, &path)?;
    }
    Ok(())
}

fn plain(map: &mut Map<String, Value>, keys: &[&str], path: &str) -> Result<(), SettingsError> {
    for key in keys {
        if let Some(value) = map.get_mut(*key) {
            let text = text(Some(value.take()), &format!("{path}.{key}"))?;
            *value = text.map_or(Value::Null, Value::String);
        }
    }
    Ok(())
}
