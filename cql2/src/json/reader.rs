//! Where in a document the reading is, and what it has left of its limits. What is read is `read.rs` and `places.rs`.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::Value;

use crate::error::{Place, ReadError, shown};
use crate::geometry::degrees_fault;
use crate::limits::{Budget, Limit};

/// One step of a JSON pointer; no name that is stepped into needs to be escaped.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Name(&'static str),
    Index(usize),
}

/// A document on its way to a tree.
#[derive(Debug, Default)]
pub(super) struct Reader {
    path: Vec<Step>,
    budget: Budget,
    /// Positions are taken as they are: they are not of a filter.
    any_degrees: bool,
}

impl Reader {
    /// For a geometry that a property has: it may be larger, and in other coordinates.
    pub(super) fn of_property() -> Self {
        Self { path: Vec::new(), budget: Budget::of_property(), any_degrees: true }
    }

    pub(super) fn degrees(&self, x: f64, y: f64) -> Result<(), ReadError> {
        match degrees_fault(x, y).filter(|_| !self.any_degrees) {
            Some(fault) => Err(self.wrong(fault)),
            None => Ok(()),
        }
    }
}

impl Reader {
    pub(super) fn place(&self) -> Place {
        let mut pointer = String::new();
        for step in &self.path {
            let _ = match step {
                Step::Name(name) => write!(pointer, "/{name}"),
                Step::Index(index) => write!(pointer, "/{index}"),
            };
        }
        Place::Pointer(pointer)
    }

    pub(super) fn unexpected(
        &self,
        expected: impl Into<Cow<'static, str>>,
        found: &Value,
    ) -> ReadError {
        let found = match found {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => format!("the number {number}"),
            Value::String(text) => format!("the text \"{}\"", shown(text)),
            Value::Array(_) => "an array".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        ReadError::unexpected(self.place(), expected, found)
    }

    pub(super) fn wrong(&self, reason: &'static str) -> ReadError {
        ReadError::wrong(self.place(), reason)
    }

    fn limited(&self, used: Result<(), Limit>) -> Result<(), ReadError> {
        used.map_err(|limit| ReadError::TooMuch { place: self.place(), limit })
    }

    pub(super) fn node_used(&mut self) -> Result<(), ReadError> {
        let used = self.budget.node();
        self.limited(used)
    }

    pub(super) fn position_used(&mut self) -> Result<(), ReadError> {
        let used = self.budget.position();
        self.limited(used)
    }

    /// Reads something one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let used = self.budget.enter();
        self.limited(used)?;
        let value = read(self)?;
        self.budget.leave();
        Ok(value)
    }

    /// Reads what is one step further. After an error the path stays where it happened.
    pub(super) fn within<T>(
        &mut self,
        step: Step,
        read: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.path.push(step);
        let value = read(self)?;
        self.path.pop();
        Ok(value)
    }
}
