//! The values of expressions.

use serde_json::Value;

use super::datum::Datum;
use super::times::{Bound, Moment, Span};
use super::{EvaluateError, Evaluation, Outcome, Properties, arithmetic, fold};
use crate::tree::{End, Expr};

/// Steps for each member of a property: its value is kept in about 100 bytes, and all of an array at once.
const MEMBER: usize = 16;

impl<'a, P: Properties + ?Sized> Evaluation<'a, P> {
    pub(super) fn value(&self, expression: &'a Expr) -> Outcome<Datum<'a>> {
        self.steps.take(1)?;
        Ok(match expression {
            Expr::Boolean(value) => Datum::Boolean(*value),
            Expr::Text(text) => Datum::Text(text.as_str().into()),
            Expr::Number(number) => Datum::Number(*number),
            Expr::Date(date) => Datum::Moment(Moment::day(*date)),
            Expr::Timestamp(instant) => Datum::Moment(Moment::instant(*instant)),
            Expr::Interval(ends) => self.interval(ends)?.map_or(Datum::Null, Datum::Span),
            Expr::Geometry(geometry) => Datum::Geometry((**geometry).clone()),
            Expr::BBox(_) => Datum::Other,
            Expr::Array(parts) => {
                let each = parts.iter().map(|part| self.value(part));
                Datum::Array(each.collect::<Outcome<_>>()?)
            }
            Expr::Property(name) => self.property(name)?,
            Expr::Function(name, _) => {
                return Err(EvaluateError::UnknownFunction(name.clone()));
            }
            Expr::CaseI(of) => self.folded(of, fold::case)?,
            Expr::AccentI(of) => self.folded(of, fold::accents)?,
            Expr::Arithmetic(operator, pair) => {
                let (left, right) = (self.value(&pair.0)?, self.value(&pair.1)?);
                let both = left.number().zip(right.number());
                both.and_then(|(left, right)| arithmetic::calculate(*operator, left, right))
                    .map_or(Datum::Null, Datum::Number)
            }
            _ => self.truth(expression)?.map_or(Datum::Null, Datum::Boolean),
        })
    }

    fn property(&self, name: &str) -> Outcome<Datum<'a>> {
        let Some(value) = self.properties.property(name) else { return Ok(Datum::Null) };
        if let Value::Array(_) | Value::Object(_) = &*value {
            self.count(&value)?;
        }
        Ok(Datum::from_json(value))
    }

    /// Takes steps for each member that a value has, before anything is made of them.
    fn count(&self, value: &Value) -> Outcome<()> {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(members) => {
                    self.steps.take(members.len().saturating_mul(MEMBER))?;
                    open.extend(members);
                }
                Value::Object(members) => {
                    self.steps.take(members.len().saturating_mul(MEMBER))?;
                    open.extend(members.values());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn folded(&self, of: &'a Expr, fold: fn(&str) -> String) -> Outcome<Datum<'a>> {
        let value = self.value(of)?;
        self.steps.take(value.length())?;
        Ok(value.text().map_or(Datum::Null, |text| Datum::Text(fold(text).into())))
    }

    fn interval(&self, ends: &'a (End, End)) -> Outcome<Option<Span>> {
        let start = self.end(&ends.0, Bound::Past)?;
        let end = self.end(&ends.1, Bound::Future)?;
        Ok(start.zip(end).and_then(|(start, end)| Span::new(start, end)))
    }

    fn end(&self, end: &'a End, open: Bound) -> Outcome<Option<Bound>> {
        Ok(match end {
            End::Open => Some(open),
            End::At(expression) => self.value(expression)?.moment().map(Bound::At),
        })
    }
}
