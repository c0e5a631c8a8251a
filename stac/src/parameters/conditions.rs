//! `query`: conditions on properties, as the query extension writes them. They are filters in another form.

use flisthub_cql2::Filter;
use flisthub_cql2::limits::TEXT_BYTES;
use serde_json::{Map, Value, json};

use super::error::ParameterError;

/// Conditions of one search, and values of one list.
const MOST: usize = 100;

fn wrong(message: impl Into<String>) -> ParameterError {
    ParameterError::new("query", message)
}

/// Reads the text of a `GET`: the same as JSON.
pub(super) fn of_text(text: &str) -> Result<Option<Filter>, ParameterError> {
    let form = "it must be an object of JSON, such as {\"eo:cloud_cover\": {\"lt\": 10}}";
    of_value(&serde_json::from_str(text).map_err(|_| wrong(form))?)
}

/// Reads an object: of each property operators and values. Nothing is asked where it is empty.
pub(super) fn of_value(value: &Value) -> Result<Option<Filter>, ParameterError> {
    if value.to_string().len() > TEXT_BYTES {
        return Err(wrong(format!("it may have at most {TEXT_BYTES} bytes")));
    }
    let object = |value: &Value| -> Result<Map<String, Value>, ParameterError> {
        let form = "it must be an object of properties, each with an object of operators";
        value.as_object().cloned().ok_or_else(|| wrong(form))
    };
    let mut all = Vec::new();
    for (name, operators) in object(value)? {
        for (operator, value) in object(&operators)? {
            if all.len() >= MOST {
                return Err(wrong(format!("at most {MOST} conditions")));
            }
            all.push(condition(&json!({ "property": name }), &operator, &value)?);
        }
    }
    let Some(filter) = joined("and", all) else { return Ok(None) };
    Filter::from_json(&filter).map(Some).map_err(|error| wrong(error.to_string()))
}

/// All of them under one operator that takes two or more; one stands for itself.
fn joined(operator: &str, mut all: Vec<Value>) -> Option<Value> {
    if all.len() > 1 { Some(json!({ "op": operator, "args": all })) } else { all.pop() }
}

fn condition(property: &Value, operator: &str, value: &Value) -> Result<Value, ParameterError> {
    let sign = match operator {
        "eq" => "=",
        "neq" => "<>",
        "lt" => "<",
        "lte" => "<=",
        "gt" => ">",
        "gte" => ">=",
        "startsWith" => return Ok(like(property, &format!("{}%", escaped(operator, value)?))),
        "endsWith" => return Ok(like(property, &format!("%{}", escaped(operator, value)?))),
        "contains" => return contains(property, value),
        "in" => return one_of(property, value),
        _ => {
            let known = "eq, neq, lt, lte, gt, gte, startsWith, endsWith, contains and in";
            let name: String = operator.chars().take(40).collect();
            return Err(wrong(format!("there is no operator {name}; there are {known}")));
        }
    };
    Ok(compared(sign, property, scalar(operator, value)?))
}

/// A value as it is: nothing that would mean something in a filter.
fn scalar<'a>(operator: &str, value: &'a Value) -> Result<&'a Value, ParameterError> {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(value),
        _ => Err(wrong(format!("{operator} takes a text, a number, true or false"))),
    }
}

/// A comparison. There are clients that write numbers as texts: each kind of value is compared with what it is.
fn compared(sign: &str, property: &Value, value: &Value) -> Value {
    let with = |value: &Value| json!({ "op": sign, "args": [property, value] });
    let number = value.as_str().and_then(|text| serde_json::from_str::<Value>(text.trim()).ok());
    match number.filter(Value::is_number) {
        Some(number) => json!({ "op": "or", "args": [with(value), with(&number)] }),
        None => with(value),
    }
}

fn like(property: &Value, pattern: &str) -> Value {
    json!({ "op": "like", "args": [property, pattern] })
}

/// A text as part of a pattern.
fn escaped(operator: &str, value: &Value) -> Result<String, ParameterError> {
    let text = value.as_str().ok_or_else(|| wrong(format!("{operator} takes a text")))?;
    Ok(text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"))
}

/// A text that has another in it, or a list that has a value.
fn contains(property: &Value, value: &Value) -> Result<Value, ParameterError> {
    let value = scalar("contains", value)?;
    let member = json!({ "op": "a_contains", "args": [property, [value]] });
    if !value.is_string() {
        return Ok(member);
    }
    let part = like(property, &format!("%{}%", escaped("contains", value)?));
    Ok(json!({ "op": "or", "args": [member, part] }))
}

/// A value that is one of several, or a list that has one of them.
fn one_of(property: &Value, value: &Value) -> Result<Value, ParameterError> {
    let form = || wrong(format!("in takes a list of 1 to {MOST} texts or numbers"));
    let list = value.as_array().filter(|list| list.len() <= MOST).ok_or_else(form)?;
    let any = list.iter().map(|value| Ok(compared("=", property, scalar("in", value)?)));
    let mut any = any.collect::<Result<Vec<Value>, ParameterError>>()?;
    if !any.is_empty() {
        any.push(json!({ "op": "a_overlaps", "args": [property, list] }));
    }
    joined("or", any).ok_or_else(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(query: &Value) -> bool {
        let item = json!({
            "n": 10, "t": "10", "s": "a_b%c", "x": "axb", "l": ["x", "y"], "d": "2024-05-01T00:00:00Z",
        });
        let filter = of_value(query).unwrap().unwrap();
        filter.evaluate(item.as_object().unwrap()).unwrap() == Some(true)
    }

    #[test]
    fn conditions_are_filters() {
        for query in [
            json!({"n": {"eq": 10}}),
            json!({"n": {"eq": "10"}}),
            json!({"t": {"eq": "10"}}),
            json!({"n": {"gt": 9, "lt": "11", "gte": 10, "lte": 10, "neq": 11}}),
            json!({"s": {"startsWith": "a_b"}}),
            json!({"s": {"endsWith": "b%c", "contains": "_b%"}}),
            json!({"l": {"contains": "x"}}),
            json!({"n": {"in": [1, "10"]}, "s": {"in": ["a_b%c"]}}),
            json!({"l": {"in": ["q", "y"]}}),
            json!({"d": {"gte": "2024-04-01T00:00:00Z"}}),
        ] {
            assert!(holds(&query), "{query}");
        }
        for query in [
            json!({"n": {"eq": 11}}),
            json!({"s": {"startsWith": "axb"}}),
            json!({"x": {"startsWith": "a_b"}}),
            json!({"s": {"contains": "zz"}}),
            json!({"l": {"contains": "z"}}),
            json!({"l": {"in": ["q", "z"]}}),
            json!({"n": {"eq": 10}, "t": {"eq": "11"}}),
            json!({"nowhere": {"neq": 1}}),
        ] {
            assert!(!holds(&query), "{query}");
        }
        assert_eq!(of_text("{}").unwrap(), None);
        assert_eq!(
            of_text(r#"{"n":{"lt":1}}"#).unwrap(),
            of_value(&json!({"n": {"lt": 1}})).unwrap()
        );
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        let many: Map<String, Value> =
            (0..=MOST).map(|at| (at.to_string(), json!({ "eq": at }))).collect();
        for query in [
            json!([]),
            json!({"n": 1}),
            json!({"n": {"like": "x"}}),
            json!({"n": {"eq": {"a": 1}}}),
            json!({"n": {"eq": null}}),
            json!({"n": {"lt": [1]}}),
            json!({"s": {"startsWith": 1}}),
            json!({"s": {"in": "x"}}),
            json!({"s": {"in": []}}),
            json!({"s": {"contains": {}}}),
            json!({"s": {"contains": {"op": "f", "args": []}}}),
            json!({"s": {"eq": {"op": "f", "args": []}}}),
            json!({"s": {"in": [{"property": "n"}]}}),
            json!({"s": {"endsWith": "x".repeat(TEXT_BYTES)}}),
            json!(many),
        ] {
            let told = of_value(&query).unwrap_err();
            assert_eq!(told.parameter, "query", "{query}");
        }
        assert!(of_text("{").is_err());
    }
}
