//! A statement that is put together from parts, with what is bound to its places.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

/// What is bound.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(i64),
    Real(f64),
    Text(String),
}

/// What is bound to the places of a statement, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Bound {
    values: Vec<Value>,
}

impl Bound {
    /// The place of a value, for the text. It may stand there more than once.
    pub(super) fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    pub(super) fn number(&mut self, number: i64) -> String {
        self.place(Value::Number(number))
    }

    pub(super) fn real(&mut self, number: f64) -> String {
        self.place(Value::Real(number))
    }

    pub(super) fn text(&mut self, text: impl Into<String>) -> String {
        self.place(Value::Text(text.into()))
    }

    /// The places of several texts, with commas between them.
    pub(super) fn texts(&mut self, texts: &[String]) -> String {
        let places: Vec<String> = texts.iter().map(|text| self.text(text.as_str())).collect();
        places.join(", ")
    }

    /// The statement. Whatever a caller wrote is bound, and not part of `text`.
    pub(super) fn query(self, text: String) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(AssertSqlSafe(text));
        self.values.into_iter().fold(query, |query, value| match value {
            Value::Number(number) => query.bind(number),
            Value::Real(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
        })
    }
}
