//! Conditions of one value each, as an index of values can answer them: comparisons with literals and with one another,
//! lists and patterns. `None`: it cannot.

use flisthub_cql2::{Comparison, Date, Expr};

use super::bare;
use super::columns::{COLUMNS, Scalar, Stored, micros, text_of};
use super::implied::turned;
use super::indexed::{Field, Known, MOST};
use super::patterns::{Pattern, after, pattern};

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// What the index has of a property.
pub(super) fn field(expression: &Expr) -> Option<Field> {
    let Expr::Property(name) = expression else { return None };
    match name.as_str() {
        "id" => Some(Field::Id),
        "collection" => Some(Field::Collection),
        _ => {
            let place = COLUMNS.iter().position(|column| column.property == bare(name))?;
            Some(Field::Column(place))
        }
    }
}

fn stored(field: Field) -> Option<Stored> {
    match field {
        Field::Id | Field::Collection => Some(Stored::Text),
        Field::Column(place) => COLUMNS.get(place).map(|column| column.stored),
    }
}

pub(super) fn compared(left: &Expr, operator: Comparison, right: &Expr) -> Option<Known> {
    match (field(left), field(right)) {
        (Some(one), Some(two)) => {
            // Texts of times compare as texts, which the index does not keep.
            let kind = stored(one).filter(|kind| *kind != Stored::Time)?;
            (stored(two)? == kind).then_some(Known::Fields(one, operator, two))
        }
        (Some(field), None) => literal(field, operator, right),
        (None, Some(field)) => literal(field, turned(operator), left),
        (None, None) => None,
    }
}

fn literal(field: Field, operator: Comparison, value: &Expr) -> Option<Known> {
    match (stored(field)?, value) {
        (Stored::Number, Expr::Number(_)) | (Stored::Text, Expr::Text(_)) => {
            Some(Known::Compare(field, operator, scalar(value)?))
        }
        (Stored::Time, Expr::Date(day)) => Some(of_day(field, operator, *day)),
        (Stored::Time, Expr::Timestamp(at)) => {
            Some(Known::Compare(field, operator, Scalar::Time(micros(*at)?)))
        }
        _ if never_compares(stored(field)?, value) => Some(Known::Unknown(field)),
        _ => None,
    }
}

/// Whether no value of a column compares to a literal.
fn never_compares(stored: Stored, value: &Expr) -> bool {
    match stored {
        Stored::Number => {
            matches!(value, Expr::Text(_) | Expr::Boolean(_) | Expr::Date(_) | Expr::Timestamp(_))
        }
        Stored::Text | Stored::Time => matches!(value, Expr::Number(_) | Expr::Boolean(_)),
    }
}

/// A literal as a column keeps it, if it does so exactly.
fn scalar(value: &Expr) -> Option<Scalar> {
    match value {
        Expr::Number(number) => {
            let near = number.as_f64();
            #[expect(clippy::cast_possible_truncation, reason = "integers have 64 bits")]
            let is_exact = number.integer().is_none_or(|whole| near as i128 == whole);
            is_exact.then_some(Scalar::Number(near))
        }
        Expr::Text(text) => text_of(text.clone()),
        _ => None,
    }
}

/// An instant against a day: what is within it is equal.
fn of_day(field: Field, operator: Comparison, day: Date) -> Known {
    let first = Scalar::Time(day.first_second().saturating_mul(MICROS));
    let end = Scalar::Time(day.end_second().saturating_mul(MICROS));
    let (below, from) = (Comparison::Less, Comparison::GreaterOrEqual);
    let at = |operator, moment| Known::Compare(field, operator, moment);
    match operator {
        Comparison::Equal => Known::All(vec![at(from, first), at(below, end)]),
        Comparison::NotEqual => Known::Any(vec![at(below, first), at(from, end)]),
        Comparison::Less => at(below, first),
        Comparison::LessOrEqual => at(below, end),
        Comparison::Greater => at(from, end),
        Comparison::GreaterOrEqual => at(from, first),
    }
}

/// How a value lies to a list of literals: that is unknown of each that is kept, as lists are not.
pub(super) fn array(one: &Expr, two: &Expr) -> Option<Known> {
    let (of, list) = match (one, two) {
        (of, Expr::Array(list)) | (Expr::Array(list), of) => (field(of)?, list),
        _ => return None,
    };
    let is_literal = |one: &Expr| {
        matches!(
            one,
            Expr::Number(_) | Expr::Text(_) | Expr::Boolean(_) | Expr::Date(_) | Expr::Timestamp(_)
        )
    };
    list.iter().all(is_literal).then_some(Known::Unknown(of))
}

pub(super) fn one_of(of: &Expr, list: &[Expr]) -> Option<Known> {
    let of = field(of)?;
    if stored(of)? == Stored::Time {
        let each = list.iter().map(|one| literal(of, Comparison::Equal, one));
        let each: Vec<Known> = each.collect::<Option<_>>()?;
        return (each.len() <= MOST).then_some(Known::Any(each));
    }
    let (mut values, mut others) = (Vec::new(), false);
    for one in list {
        match literal(of, Comparison::Equal, one)? {
            Known::Compare(_, _, value) => values.push(value),
            Known::Unknown(_) => others = true,
            _ => return None,
        }
    }
    Some(Known::OneOf(of, values, others))
}

/// What is known of a text that is like a pattern, and whether that is all.
pub(super) fn like(of: &Expr, with: &Expr) -> Option<(Known, bool)> {
    let (field, Expr::Text(with)) = (field(of)?, with) else { return None };
    if stored(field)? != Stored::Text || with.contains('\0') {
        return None;
    }
    let Pattern { begin, rest } = pattern(with);
    let text = |operator, text| Known::Compare(field, operator, Scalar::Text(text));
    let Some(is_any) = rest else { return Some((text(Comparison::Equal, begin), true)) };
    let end = after(&begin).map(|end| text(Comparison::Less, end));
    let from = text(Comparison::GreaterOrEqual, begin);
    Some((Known::All(std::iter::once(from).chain(end).collect()), is_any))
}
