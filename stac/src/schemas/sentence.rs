//! The sentences in which a publisher is told what is wrong with a value. They never have parts of a schema in them, as
//! those say nothing to who has not read it.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

const NOT_GIVEN: &str = "it must not be given";

/// What is wrong with the value at which an error is. `why` is what a member that is or is not there goes with.
pub(super) fn said(error: &ValidationError<'_>, why: &str) -> String {
    match error.kind() {
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            "it is none of what it may be".to_owned()
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            "it is several of the things of which it may be one".to_owned()
        }
        ValidationErrorKind::Constant { expected_value } => {
            one_of("it must be", std::slice::from_ref(expected_value.as_ref()))
        }
        ValidationErrorKind::Enum { options } => {
            one_of("it must be", options.as_array().map_or(&[], Vec::as_slice))
        }
        ValidationErrorKind::FalseSchema => NOT_GIVEN.to_owned() + why,
        ValidationErrorKind::Not { schema } => excluded(schema, error.instance(), why),
        ValidationErrorKind::Contains => "none of its values is as one must be".to_owned(),
        ValidationErrorKind::AdditionalItems { limit } => {
            format!("it has more than {limit} values")
        }
        ValidationErrorKind::PropertyNames { error } => {
            format!("the name of one of its members is wrong: {}", said(error, ""))
        }
        _ => error.masked_with("it").to_string(),
    }
}

/// What is wrong with a value that is as a schema has it, and must not be.
fn excluded(schema: &Value, value: &Value, why: &str) -> String {
    if schema.as_object().is_some_and(serde_json::Map::is_empty) || *schema == Value::Bool(true) {
        return NOT_GIVEN.to_owned() + why;
    }
    if let Some(value) = schema.get("const") {
        return one_of("it must not be", std::slice::from_ref(value));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return one_of("it must not be", values);
    }
    if let Some(name) = schema.get("type").and_then(Value::as_str) {
        return format!("it must not be of type {name}");
    }
    // Members that must not be there may be alternatives, each of one.
    let single = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let there: Vec<&str> = single
        .filter_map(|one| match names(one).as_slice() {
            [name] => value.get(name).and(Some(*name)),
            _ => None,
        })
        .collect();
    if !there.is_empty() {
        return format!("{} must not be given", there.join(" and "));
    }
    match names(schema).as_slice() {
        [] if schema.get("additionalProperties").is_some() => {
            "none of its members is as one must be".to_owned()
        }
        [] => "it is something that it must not be".to_owned(),
        [name] => format!("{name} must not be given"),
        names => format!("{} must not be given together", names.join(" and ")),
    }
}

/// The names of the members that a schema requires.
fn names(schema: &Value) -> Vec<&str> {
    let required = schema.get("required").and_then(Value::as_array);
    required.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A value that is one of some, or must not be. Objects and lists are not written out.
fn one_of(begin: &str, values: &[Value]) -> String {
    if values.iter().any(|value| value.is_object() || value.is_array()) {
        return format!("{begin} one of the values that the schema has");
    }
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("{begin} {}", either(&texts))
}

/// That a member is missing, or one of some.
pub(super) fn given(names: &[&str]) -> String {
    match names {
        [name] => format!("{name} must be given"),
        names => format!("{} must be given", either(names)),
    }
}

/// Words as those of which one is meant.
pub(super) fn either<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
        None => String::new(),
    }
}
