//! A search from the body of a `POST`: an object of JSON.

use serde_json::{Map, Value};

use super::error::ParameterError;
use super::filter::{Language, Parts};
use super::{
    Fields, Format, MOST_COLLECTIONS, MOST_IDS, MOST_POSITIONS, Mode, Search, bbox, cursor,
    datetime, limit, names, sort, text, unknown,
};
use crate::{Direction, SortKey, shapes};

/// Reads the members of a body, of which there may be those that are `known`. One that is null is as if it were not
/// there, but for `fields`.
pub fn of_body(body: &Map<String, Value>, known: &[&str]) -> Result<Search, ParameterError> {
    let (mut search, mut filter) = (Search::default(), Parts::default());
    for (name, value) in body {
        if !known.contains(&name.as_str()) {
            return Err(unknown(name, known));
        }
        let is_there = !value.is_null() || name == "fields";
        if is_there && !filter.take(name, value)? {
            search.member(name, value)?;
        }
    }
    search.filter = filter.read(Language::Json)?;
    search.checked()
}

impl Search {
    fn member(&mut self, name: &str, value: &Value) -> Result<(), ParameterError> {
        match name {
            "collections" => {
                let texts = texts(name, value)?;
                self.collections = names(name, MOST_COLLECTIONS, texts.into_iter())?;
            }
            "ids" => self.ids = names(name, MOST_IDS, texts(name, value)?.into_iter())?,
            "bbox" => self.bbox = Some(bbox::of_numbers(&numbers(value)?)?),
            "intersects" => {
                let read = shapes::geometry(value, MOST_POSITIONS);
                let read = read.map_err(|error| ParameterError::new(name, error.to_string()))?;
                self.intersects = Some(read);
            }
            "datetime" => self.interval = Some(datetime::of_text(one_text(name, value)?)?),
            // One text is a list with commas, as in a query.
            "q" => {
                self.text = match value {
                    Value::String(all) => text::of_text(all)?,
                    terms => text::of_terms(&texts(name, terms)?)?,
                };
            }
            "sortby" => self.sort = sortby(value)?,
            "fields" => self.fields = Some(fields(value)?),
            "mode" => self.mode = Mode::of_text(one_text(name, value)?)?,
            "f" => self.format = Some(Format::of_text(one_text(name, value)?)?),
            "limit" => {
                let number = value.as_u64();
                let number = number.ok_or_else(|| {
                    ParameterError::new(name, "it must be a whole number, 1 or more")
                })?;
                self.limit = Some(limit(number)?);
            }
            _ => self.after = Some(cursor(name, one_text(name, value)?)?),
        }
        Ok(())
    }
}

fn one_text<'a>(name: &str, value: &'a Value) -> Result<&'a str, ParameterError> {
    value.as_str().ok_or_else(|| ParameterError::new(name, "it must be a text"))
}

/// A list of texts. One text alone stands for a list of it.
fn texts<'a>(name: &str, value: &'a Value) -> Result<Vec<&'a str>, ParameterError> {
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Array(values) => values.iter().map(|value| one_text(name, value)).collect(),
        _ => Err(ParameterError::new(name, "it must be a list of texts")),
    }
}

fn numbers(value: &Value) -> Result<Vec<f64>, ParameterError> {
    let numbers = value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
    numbers.ok_or_else(|| ParameterError::new("bbox", "it must be a list of four or six numbers"))
}

fn sortby(value: &Value) -> Result<Vec<(SortKey, Direction)>, ParameterError> {
    let form = || {
        let form = "it must be a list of objects, each with a `field` and a `direction`";
        ParameterError::new("sortby", form)
    };
    let mut sort = Vec::new();
    for part in value.as_array().ok_or_else(form)? {
        let field = part.get("field").and_then(Value::as_str).ok_or_else(form)?;
        let direction = match part.get("direction") {
            None => Direction::Ascending,
            Some(word) => sort::direction(word.as_str().ok_or_else(form)?)?,
        };
        sort::push(&mut sort, sort::key(field)?, direction)?;
    }
    Ok(sort)
}

fn fields(value: &Value) -> Result<Fields, ParameterError> {
    let form = "it must be an object with `include` and `exclude`, which are lists of texts";
    let form = || ParameterError::new("fields", form);
    let object = value.as_object().ok_or_else(form)?;
    if object.keys().any(|key| key != "include" && key != "exclude") {
        return Err(form());
    }
    let list = |key: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(values)) => values
            .iter()
            .map(|value| value.as_str().map(ToOwned::to_owned).ok_or_else(form))
            .collect(),
        Some(_) => Err(form()),
    };
    let (mut include, exclude) = (list("include")?, list("exclude")?);
    if object.contains_key("include") && include.is_empty() && !exclude.is_empty() {
        include = Fields::of_default(&exclude);
    }
    Fields { include, exclude }.checked()
}
