//! `filter`, with `filter-lang` and `filter-crs`: a filter of the Common Query Language, as text or as JSON. And `query`,
//! which is a filter in another form.

use flisthub_cql2::Filter;
use flisthub_cql2::limits::TEXT_BYTES;
use serde_json::Value;

use super::conditions;
use super::error::ParameterError;
use crate::ItemFilter;

/// The one reference system: longitudes and latitudes of WGS 84.
const CRS: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// How a filter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// `cql2-text`.
    Text,
    /// `cql2-json`.
    Json,
}

/// The parameters of a filter, before all of them are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Parts {
    filter: Option<Value>,
    language: Option<Language>,
    /// What `query` says.
    conditions: Option<Filter>,
}

fn wrong(message: impl Into<String>) -> ParameterError {
    ParameterError::new("filter", message)
}

impl Parts {
    /// Takes one of the parameters. `false`: it is another one.
    pub(super) fn take(&mut self, name: &str, value: &Value) -> Result<bool, ParameterError> {
        let text = || value.as_str().ok_or_else(|| ParameterError::new(name, "it must be a text"));
        match name {
            "filter" => self.filter = Some(value.clone()),
            "query" => {
                self.conditions = match value {
                    Value::String(text) => conditions::of_text(text)?,
                    object => conditions::of_value(object)?,
                };
            }
            "filter-lang" => {
                self.language = Some(match text()? {
                    "cql2-text" => Language::Text,
                    "cql2-json" => Language::Json,
                    _ => {
                        return Err(ParameterError::new(name, "it must be cql2-text or cql2-json"));
                    }
                });
            }
            "filter-crs" if text()? == CRS => {}
            "filter-crs" => {
                return Err(ParameterError::new(name, format!("it must be {CRS}")));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The filter, in the language that is meant where none is said.
    pub(super) fn read(self, usual: Language) -> Result<Option<ItemFilter>, ParameterError> {
        let language = self.language.unwrap_or(usual);
        let filter = self.filter.map(|filter| of_language(language, filter)).transpose()?;
        let conditions = self.conditions.map(ItemFilter::of_query).transpose();
        let conditions = conditions.map_err(|message| ParameterError::new("query", message))?;
        Ok(match (filter, conditions) {
            (Some(filter), Some(conditions)) => Some(filter.and(conditions)),
            (filter, conditions) => filter.or(conditions),
        })
    }
}

fn of_language(language: Language, filter: Value) -> Result<ItemFilter, ParameterError> {
    let read = match language {
        Language::Text => match &filter {
            Value::String(text) => Filter::from_text(text),
            _ => return Err(wrong("it must be a text, or filter-lang must be cql2-json")),
        },
        Language::Json => Filter::from_json(&json(filter)?),
    };
    let read = read.map_err(|error| wrong(error.to_string()))?;
    ItemFilter::new(read).map_err(wrong)
}

/// JSON as it is, or as the text that a query has.
fn json(filter: Value) -> Result<Value, ParameterError> {
    let long = |bytes: usize| bytes > TEXT_BYTES;
    let too_long = || wrong(format!("it may have at most {TEXT_BYTES} bytes"));
    match filter {
        Value::String(text) if long(text.len()) => Err(too_long()),
        Value::String(text) => serde_json::from_str(&text)
            .map_err(|error| wrong(format!("it must be JSON, or filter-lang cql2-text: {error}"))),
        value if long(value.to_string().len()) => Err(too_long()),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(pairs: &[(&str, Value)], usual: Language) -> Result<Option<ItemFilter>, String> {
        let mut parts = Parts::default();
        for (name, value) in pairs {
            let taken = parts.take(name, value).map_err(|error| error.to_string())?;
            assert!(taken, "{name}");
        }
        parts.read(usual).map_err(|error| error.to_string())
    }

    #[test]
    fn both_languages_say_the_same() {
        let (text, value) = (json!("a < 1"), json!({"op": "<", "args": [{"property": "a"}, 1]}));
        let as_text = json!(value.to_string());
        let expected = read(&[("filter", text.clone())], Language::Text).unwrap();
        assert!(expected.is_some());
        for pairs in [
            vec![("filter", text.clone()), ("filter-lang", json!("cql2-text"))],
            vec![("filter-lang", json!("cql2-json")), ("filter", value.clone())],
            vec![("filter-lang", json!("cql2-json")), ("filter", as_text.clone())],
            vec![("filter-crs", json!(CRS)), ("filter-lang", json!("cql2-text")), ("filter", text)],
        ] {
            for usual in [Language::Text, Language::Json] {
                assert_eq!(read(&pairs, usual).unwrap(), expected);
            }
        }
        assert_eq!(read(&[("filter", value)], Language::Json).unwrap(), expected);
        assert_eq!(read(&[("filter", as_text)], Language::Json).unwrap(), expected);
        assert_eq!(read(&[], Language::Text).unwrap(), None);
        let query = ("query", json!("{\"b\": {\"eq\": 2}}"));
        let both = read(&[("filter", json!("a < 1")), query.clone()], Language::Text).unwrap();
        assert!(both.is_some() && both != expected);
        assert!(read(&[query], Language::Json).unwrap().is_some());
        assert!(!Parts::default().take("limit", &json!(1)).unwrap());
    }

    #[test]
    fn what_is_no_filter_is_refused_with_a_reason() {
        let long = format!("a = '{}'", "x".repeat(TEXT_BYTES));
        let long_json = json!({"op": "=", "args": [{"property": "a"}, "x".repeat(TEXT_BYTES)]});
        for (pairs, expected) in [
            (vec![("filter", json!("a <"))], "filter: at byte 3: expected"),
            (vec![("filter", json!(long))], "filter: the filter has 163"),
            (vec![("filter", json!({"op": "="}))], "filter: it must be a text, or filter-lang"),
            (vec![("filter", json!("f(a) = 1"))], "filter: there is no function called f"),
            (vec![("filter", json!("gsd = 'x'"))], "filter: gsd is a number, and does not"),
            (vec![("filter", json!("datetime < '2024-02-30'"))], "filter: datetime is a time, and"),
            (
                vec![("filter", json!("'x' IN (created, 'y')"))],
                "filter: created is a time, and 'x'",
            ),
            (
                vec![("filter", json!("updated BETWEEN '2024-01-01' AND 'x'"))],
                "filter: updated is a time, and 'x' is none",
            ),
            (
                vec![("query", json!("{\"datetime\": {\"lt\": \"foo\"}}"))],
                "query: datetime is a time, and 'foo' is none",
            ),
            (vec![("filter-lang", json!("cql-text"))], "filter-lang: it must be cql2-text or"),
            (vec![("filter-lang", json!(2))], "filter-lang: it must be a text"),
            (vec![("filter-crs", json!("EPSG:4326"))], "filter-crs: it must be http"),
        ] {
            let told = read(&pairs, Language::Text).unwrap_err();
            assert!(told.starts_with(expected), "{told}");
        }
        for (filter, expected) in [
            (json!("a = 1"), "filter: it must be JSON, or filter-lang cql2-text: expected value"),
            (
                json!("[".repeat(200)),
                "filter: it must be JSON, or filter-lang cql2-text: recursion",
            ),
            (json!({"op": "?"}), "filter: at "),
            (json!(long_json.to_string()), "filter: it may have at most 16384 bytes"),
            (long_json, "filter: it may have at most 16384 bytes"),
            (json!(7), "filter: at the root: expected"),
        ] {
            let told = read(&[("filter", filter)], Language::Json).unwrap_err();
            assert!(told.starts_with(expected), "{told}");
        }
    }
}
