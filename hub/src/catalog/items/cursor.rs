//! Where a page of a search ended, as text that callers hand back: the values by which its last row stands where it
//! stands, and the row's number, hidden: it would tell how many items all callers together have.
//! A cursor ends with the process.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::order::Order;
use super::sql::Value;
use crate::catalog::error::CatalogError;
use crate::cursors::Cursors;

/// Bytes of a cursor: a title is the longest that it holds.
const LONGEST: usize = 16 << 10;

/// What the numbers are of.
const LIST: &str = "items";

/// A place in an order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct At {
    /// By which each key stands there; `None`: the row has no value.
    pub(super) values: Vec<Option<Value>>,
    /// The row's number.
    pub(super) number: i64,
}

/// A value in a cursor.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Nothing(()),
    Number(i64),
    /// By its bits: written as a number, it may be read as its neighbour.
    Real {
        bits: u64,
    },
    Text(String),
}

#[derive(Serialize, Deserialize)]
struct Cursor(String, Vec<Written>, String);

impl At {
    /// The cursor.
    pub(super) fn cursor(&self, order: &Order, cursors: &Cursors) -> String {
        let written = |value: &Option<Value>| match value {
            Some(Value::Number(number)) => Written::Number(*number),
            Some(Value::Text(text)) => Written::Text(text.clone()),
            Some(Value::Real(number)) => Written::Real { bits: number.to_bits() },
            None => Written::Nothing(()),
        };
        let values = self.values.iter().map(written).collect();
        let number = cursors.seal(LIST, self.number.unsigned_abs());
        let cursor = Cursor(order.word(), values, number);
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }

    /// What a cursor stands for in that order.
    pub(super) fn parse(
        cursor: &str,
        order: &Order,
        cursors: &Cursors,
    ) -> Result<Self, CatalogError> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
            serde_json::from_slice::<Cursor>(&bytes).ok()
        };
        let short = Some(cursor).filter(|cursor| cursor.len() <= LONGEST);
        let Some(Cursor(word, values, number)) = short.and_then(|_| read()) else {
            return Err(CatalogError::BadCursor);
        };
        let number = cursors.open(LIST, &number).and_then(|number| i64::try_from(number).ok());
        let number = number.ok_or(CatalogError::BadCursor)?;
        let values: Vec<Option<Value>> = values
            .into_iter()
            .map(|value| match value {
                Written::Nothing(()) => None,
                Written::Number(number) => Some(Value::Number(number)),
                Written::Real { bits } => Some(Value::Real(f64::from_bits(bits))),
                Written::Text(text) => Some(Value::Text(text)),
            })
            .collect();
        if word != order.word() || !order.takes(&values) {
            return Err(CatalogError::BadCursor);
        }
        Ok(Self { values, number })
    }
}
