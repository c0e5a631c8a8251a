//! The alternatives of a schema (`anyOf`, `oneOf`) none of which an item fulfils: which of them was meant, and what all
//! of them have in common. A schema of an extension is a choice between items and collections at its top, and often
//! one between fields of the item and fields of an asset below that.

use std::cmp::Reverse;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};

/// How deep alternatives of alternatives are looked into.
pub(super) const MAX_DEPTH: usize = 8;

/// What is wrong with the item by each alternative.
fn branches<'e>(error: &'e ValidationError<'_>) -> &'e [Vec<ValidationError<'static>>] {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context
        }
        _ => &[],
    }
}

/// What is wrong by the alternative that was meant: by one for the same type of value, and of those by the one that
/// goes wrong deepest in the item and least often.
pub(super) fn meant<'e>(error: &'e ValidationError<'_>) -> Option<&'e [ValidationError<'static>]> {
    let at = error.instance_path().as_str();
    let rank = |branch: &&Vec<ValidationError<'static>>| {
        (
            branch.iter().map(|inner| otherness(at, inner)).max(),
            branch.iter().any(is_vague),
            Reverse(branch.iter().map(|inner| deepest(inner, MAX_DEPTH)).max()),
            branch.len(),
        )
    };
    let said = branches(error).iter().filter(|branch| !branch.is_empty());
    said.min_by_key(rank).map(Vec::as_slice)
}

/// How much an error says that the alternative is for something else than what is there: 2, that it surely is; 1, that
/// it may be.
fn otherness(at: &str, error: &ValidationError<'_>) -> u8 {
    let kind = error.kind();
    if error.instance_path().as_str() == at {
        return if matches!(kind, ValidationErrorKind::Type { .. }) { 2 } else { 0 };
    }
    let Some(name) = child(at, error) else { return 0 };
    let is_value = matches!(
        kind,
        ValidationErrorKind::Constant { .. }
            | ValidationErrorKind::Enum { .. }
            | ValidationErrorKind::Not { .. }
    );
    if is_null(error) || wants_null(kind) || (is_value && name == "type") {
        return 2;
    }
    u8::from(is_value)
}

/// The name of the member at which an error is, if that is one of what is at a place.
fn child<'e>(at: &str, error: &'e ValidationError<'_>) -> Option<&'e str> {
    let name = error.instance_path().as_str().strip_prefix(at)?.strip_prefix('/')?;
    (!name.contains('/')).then_some(name)
}

fn is_null(error: &ValidationError<'_>) -> bool {
    error.instance().is_null()
}

fn wants_null(kind: &ValidationErrorKind) -> bool {
    matches!(kind, ValidationErrorKind::Type { kind: TypeKind::Single(JsonType::Null) })
}

/// Whether an error says that none of several members is as one must be, but of none why.
fn is_vague(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        ValidationErrorKind::Not { schema } => schema.get("additionalProperties").is_some(),
        _ => false,
    }
}

/// How many members lead to the deepest place that an error, or one of its alternatives, is about.
fn deepest(error: &ValidationError<'_>, left: usize) -> usize {
    let own = error.instance_path().as_str().bytes().filter(|byte| *byte == b'/').count();
    let Some(left) = left.checked_sub(1) else { return own };
    let inner = branches(error).iter().flatten().map(|error| deepest(error, left)).max();
    inner.map_or(own, |inner| inner.max(own))
}

/// The names of the members of which one must be given, where all that is wrong is that none is.
pub(super) fn missing<'e>(error: &'e ValidationError<'_>, left: usize) -> Option<Vec<&'e str>> {
    if let ValidationErrorKind::Required { property } = error.kind() {
        return property.as_str().map(|name| vec![name]);
    }
    let left = left.checked_sub(1)?;
    let at = error.instance_path().as_str();
    let mut names = Vec::new();
    for branch in branches(error) {
        let [only] = branch.as_slice() else { return None };
        if only.instance_path().as_str() != at {
            return None;
        }
        names.extend(missing(only, left)?);
    }
    (!names.is_empty()).then_some(names)
}

/// The types of which a value must be, where it is of none of them.
pub(super) fn types(error: &ValidationError<'_>, left: usize) -> Option<Vec<String>> {
    if let ValidationErrorKind::Type { kind } = error.kind() {
        return Some(match kind {
            TypeKind::Single(one) => vec![one.to_string()],
            TypeKind::Multiple(some) => some.iter().map(|one| one.to_string()).collect(),
        });
    }
    let left = left.checked_sub(1)?;
    let at = error.instance_path().as_str();
    let mut names: Vec<String> = Vec::new();
    for branch in branches(error) {
        let mut here = branch.iter().filter(|inner| inner.instance_path().as_str() == at);
        let found = here.find_map(|inner| types(inner, left))?;
        for name in found {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    (!names.is_empty()).then_some(names)
}

/// What the other alternatives have to do with what is missing by the one that was meant: a member that is null rules
/// them out, or they would do with fields of an asset.
pub(super) fn beside(error: &ValidationError<'_>, branch: &[ValidationError<'static>]) -> String {
    let at = error.instance_path().as_str();
    let others = || {
        let others = branches(error).iter().filter(|other| other.as_ptr() != branch.as_ptr());
        others.flatten()
    };
    let null = others().find_map(|other| child(at, other).filter(|_| is_null(other)));
    if let Some(name) = null {
        return format!(", as {name} is null");
    }
    if others().any(|other| is_vague(other) && child(at, other) == Some("assets")) {
        return ", here or in an asset whose fields are all right".to_owned();
    }
    String::new()
}
