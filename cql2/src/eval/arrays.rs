//! Arrays as sets: neither order nor repetition matters.

use super::datum::Datum;
use crate::operators::ArrayRelation;

/// How many members there are, with those of arrays and geometries among them.
pub(super) fn size(array: &[Datum<'_>]) -> usize {
    let each = array.iter().map(|member| match member {
        Datum::Array(members) => size(members) + 1,
        Datum::Text(text) => text.len() / 16 + 1,
        Datum::Geometry(geometry) => geometry.positions() + 1,
        _ => 1,
    });
    each.sum()
}

/// Whether two arrays lie so to one another, in as many comparisons as the product of their lengths.
pub(super) fn relate(operator: ArrayRelation, first: &[Datum<'_>], second: &[Datum<'_>]) -> bool {
    match operator {
        ArrayRelation::Contains => includes(first, second),
        ArrayRelation::ContainedBy => includes(second, first),
        ArrayRelation::Equals => includes(first, second) && includes(second, first),
        ArrayRelation::Overlaps => first.iter().any(|member| has(second, member)),
    }
}

fn includes(whole: &[Datum<'_>], part: &[Datum<'_>]) -> bool {
    part.iter().all(|member| has(whole, member))
}

fn has(array: &[Datum<'_>], member: &Datum<'_>) -> bool {
    array.iter().any(|other| same(other, member))
}

/// Members of different kinds differ. Those without a value are the same, as in sets; arrays are sets again; geometries
/// are the same when they are written with the same positions.
fn same(left: &Datum<'_>, right: &Datum<'_>) -> bool {
    match (left, right) {
        (Datum::Other, _) => false,
        (Datum::Array(left), Datum::Array(right)) => relate(ArrayRelation::Equals, left, right),
        _ => left.compare(right).map_or(left == right, std::cmp::Ordering::is_eq),
    }
}
