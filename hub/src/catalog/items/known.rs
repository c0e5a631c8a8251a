//! What is known of a filter (`crate::stac::Known`) in SQL. `i` is the item, `v` its values. SQL's comparisons are
//! unknown where a value is null, as the filter's are; texts have the order of their bytes on both databases.

use super::query::ItemQuery;
use super::sql::Bound;
use crate::stac::{COLUMNS, Comparison, Field, Index, Known, Scalar};

/// The column of a property.
pub(super) fn column(property: &str) -> String {
    property.replace(':', "_")
}

/// What the index knows of the filter of a search, if it is worth to ask.
pub(super) fn index(query: &ItemQuery) -> Option<&Index> {
    let index = query.filter.as_ref().map(|filter| filter.index())?;
    index.known.is_some().then_some(index)
}

/// Whether its filter finds exactly what the index says, but for marked items.
pub(super) fn is_exact(query: &ItemQuery) -> bool {
    query.filter.as_ref().is_none_or(|filter| filter.index().exact)
}

/// The condition of an index, also true of all items whose values are marked that it asks for.
pub(super) fn may_be_found(index: &Index, bound: &mut Bound) -> Option<String> {
    let known = condition(index.known.as_ref()?, bound);
    Some(match index.bits() {
        0 => known,
        bits => format!("({known} or {})", marked(bits)),
    })
}

/// The columns of properties by their bits. `None`: not each of them has one.
pub(super) fn bits_of<'a>(properties: impl IntoIterator<Item = &'a str>) -> Option<i64> {
    let ranges = properties.into_iter().map(|property| {
        let place = COLUMNS.iter().position(|one| one.property == property)?;
        Some(Known::IsNull(Field::Column(place)))
    });
    let known = Some(Known::All(ranges.collect::<Option<_>>()?));
    Some(Index { known, exact: false }.bits())
}

/// An item has a value that stands only in its document. Few have any: that is what PostgreSQL can estimate, and what
/// the index of marked items knows.
pub(super) fn marked(bits: i64) -> String {
    format!("(v.odd <> 0 and (v.odd & {bits}) <> 0)")
}

/// It has none.
pub(super) fn unmarked(bits: i64) -> String {
    format!("(v.odd = 0 or (v.odd & {bits}) = 0)")
}

/// Whether an item's values are all known that a filter asks for. `None`: they always are.
pub(super) fn is_sure(index: &Index) -> Option<String> {
    match index.bits() {
        0 => None,
        bits => Some(unmarked(bits)),
    }
}

/// The opposite.
pub(super) fn is_unsure(index: &Index) -> String {
    match index.bits() {
        0 => "1 = 0".to_owned(),
        bits => marked(bits),
    }
}

/// Documents whose values are in ranges, and those that are marked.
pub(super) fn documents(ranges: &Known, bound: &mut Bound) -> String {
    let known = condition(ranges, bound);
    let bits = Index { known: Some(ranges.clone()), exact: false }.bits();
    format!(
        "select v.document as number from _item_values v where {known} and {}
         union all select v.document from _item_values v where {}",
        unmarked(bits),
        marked(bits)
    )
}

fn condition(known: &Known, bound: &mut Bound) -> String {
    let mut junction = |parts: &[Known], by: &str| {
        let parts: Vec<String> = parts.iter().map(|part| condition(part, bound)).collect();
        format!("({})", parts.join(by))
    };
    match known {
        Known::All(parts) => junction(parts, " and "),
        Known::Any(parts) => junction(parts, " or "),
        Known::Not(of) => format!("not {}", condition(of, bound)),
        Known::Always(true) => "(1 = 1)".to_owned(),
        Known::Always(false) => "(1 = 0)".to_owned(),
        Known::Unknown(_) => "(1 = null)".to_owned(),
        Known::Compare(field, operator, value) => {
            let value = scalar(value, bound);
            format!("({} {} {value})", name(*field), sign(*operator))
        }
        Known::Fields(one, operator, two) => {
            format!("({} {} {})", name(*one), sign(*operator), name(*two))
        }
        Known::OneOf(field, values, others) => {
            let places = values.iter().map(|value| scalar(value, bound));
            let places = places.chain(others.then(|| "null".to_owned()));
            format!("({} in ({}))", name(*field), places.collect::<Vec<_>>().join(", "))
        }
        Known::IsNull(field) => format!("({} is null)", name(*field)),
    }
}

/// The column of what a filter asks for.
pub(super) fn name(field: Field) -> String {
    match field {
        Field::Id => "i.id".to_owned(),
        Field::Collection => "i.collection".to_owned(),
        Field::Column(place) => {
            let name = COLUMNS.get(place).map(|one| column(one.property));
            name.map_or_else(|| "null".to_owned(), |name| format!("v.{name}"))
        }
    }
}

fn scalar(value: &Scalar, bound: &mut Bound) -> String {
    match value {
        Scalar::Number(number) => bound.real(*number),
        Scalar::Text(text) => bound.text(text.as_str()),
        Scalar::Time(micros) => bound.number(*micros),
    }
}

/// The operator in SQL.
fn sign(operator: Comparison) -> &'static str {
    // They have the same names there.
    operator.name()
}
