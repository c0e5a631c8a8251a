//! What a filter means: true, false or unknown, as in SQL. Here are the predicates; what values are is `value.rs`, and
//! each family of functions has a file.

#[cfg(test)]
mod any_tests;
mod arithmetic;
mod arrays;
mod datum;
mod fold;
mod like;
mod spatial;
mod steps;
#[cfg(test)]
mod steps_tests;
#[cfg(test)]
mod tests;
mod times;
#[cfg(test)]
mod times_tests;
mod value;

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::limits::STEPS;
use crate::operators::Comparison;
use crate::tree::Expr;
use datum::Datum;
use steps::Steps;

/// Where the properties come from that a filter asks for.
pub trait Properties {
    /// The value of a property, as JSON has it; a geometry is one of GeoJSON, a time a text. Nothing is the same as null.
    fn property(&self, name: &str) -> Option<Cow<'_, Value>>;
}

impl Properties for Map<String, Value> {
    /// The member of that name.
    fn property(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.get(name).map(Cow::Borrowed)
    }
}

/// Why a filter could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// The filter has a function that is not one of the standard's. [`crate::Filter::functions`] tells before.
    #[error("there is no function called {0}")]
    UnknownFunction(String),
    /// It would take more than [`STEPS`].
    #[error("the evaluation takes more than {STEPS} steps")]
    TooMuch,
}

/// True, false, or unknown.
type Truth = Option<bool>;

type Outcome<T> = Result<T, EvaluateError>;

/// The properties that a filter is evaluated with, and the work that it may be.
struct Evaluation<'a, P: ?Sized> {
    properties: &'a P,
    steps: Steps,
}

pub(crate) fn evaluate(filter: &Expr, properties: &(impl Properties + ?Sized)) -> Outcome<Truth> {
    Evaluation { properties, steps: Steps::default() }.truth(filter)
}

impl<'a, P: Properties + ?Sized> Evaluation<'a, P> {
    /// Every part is looked at, even where one decides: a function that is not known is an error whatever the
    /// properties are.
    fn truth(&self, predicate: &'a Expr) -> Outcome<Truth> {
        self.steps.take(1)?;
        Ok(match predicate {
            Expr::And(parts) => self.junction(parts, false)?,
            Expr::Or(parts) => self.junction(parts, true)?,
            Expr::Not(of) => self.truth(of)?.map(|holds| !holds),
            Expr::IsNull(of) => Some(self.value(of)?.is_null()),
            Expr::Compare(operator, pair) => {
                let order = self.order(&self.value(&pair.0)?, &pair.1)?;
                order.map(|order| holds(*operator, order))
            }
            Expr::Like(pair) => {
                let (text, pattern) = (self.value(&pair.0)?, self.value(&pair.1)?);
                match (text.text(), pattern.text()) {
                    (Some(text), Some(pattern)) => Some(like::matches(text, pattern, &self.steps)?),
                    _ => None,
                }
            }
            Expr::Between(three) => {
                let of = self.value(&three.0)?;
                let above = self.order(&of, &three.1)?.map(Ordering::is_ge);
                let below = self.order(&of, &three.2)?.map(Ordering::is_le);
                joined([above, below], false)
            }
            Expr::In(of, list) => {
                let of = self.value(of)?;
                let each = list.iter().map(|one| Ok(self.order(&of, one)?.map(Ordering::is_eq)));
                joined(each.collect::<Outcome<Vec<_>>>()?, true)
            }
            Expr::Spatial(operator, pair) => self.spatial(*operator, pair)?,
            Expr::Temporal(operator, pair) => {
                let (first, second) = (self.value(&pair.0)?.span(), self.value(&pair.1)?.span());
                first.zip(second).map(|(first, second)| times::relate(*operator, &first, &second))
            }
            Expr::Arrays(operator, pair) => {
                let (first, second) = (self.value(&pair.0)?, self.value(&pair.1)?);
                match (first.array(), second.array()) {
                    (Some(first), Some(second)) => {
                        self.steps.take_pairs(arrays::size(first), arrays::size(second))?;
                        Some(arrays::relate(*operator, first, second))
                    }
                    _ => None,
                }
            }
            _ => self.value(predicate)?.boolean(),
        })
    }

    /// How a value compares to another one.
    fn order(&self, left: &Datum<'_>, right: &'a Expr) -> Outcome<Option<Ordering>> {
        let right = self.value(right)?;
        // Texts are compared many bytes at a time, and read as times one by one.
        self.steps.take(left.length().max(right.length()) / 16)?;
        Ok(left.compare(&right))
    }

    fn junction(&self, parts: &'a [Expr], decisive: bool) -> Outcome<Truth> {
        let each = parts.iter().map(|part| self.truth(part));
        Ok(joined(each.collect::<Outcome<Vec<_>>>()?, decisive))
    }
}

/// All of them, where false decides, or one of them, where true does. Else it is unknown if one is.
fn joined(parts: impl IntoIterator<Item = Truth>, decisive: bool) -> Truth {
    let mut all_known = true;
    for part in parts {
        match part {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!decisive)
}

fn holds(operator: Comparison, order: Ordering) -> bool {
    match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::Greater => order.is_gt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}
