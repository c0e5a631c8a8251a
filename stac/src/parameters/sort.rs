//! `sortby`: by which members items are sorted, and which way.

use super::error::ParameterError;
use crate::{Direction, SortKey};

/// What can be sorted by, as the list of sortables calls it, and other words for the same.
pub const SORTABLES: [(&str, SortKey, &[&str]); 9] = [
    ("id", SortKey::Id, &[]),
    ("collection", SortKey::Collection, &[]),
    ("properties.title", SortKey::Title, &["name"]),
    ("properties.datetime", SortKey::Datetime, &[]),
    ("properties.created", SortKey::Created, &[]),
    ("properties.updated", SortKey::Updated, &[]),
    ("properties.start_datetime", SortKey::Start, &[]),
    ("properties.end_datetime", SortKey::End, &[]),
    ("properties.sharinghub:stars", SortKey::Stars, &["stars"]),
];

/// The order where none is asked for.
pub const USUAL: [(SortKey, Direction); 1] = [(SortKey::Datetime, Direction::Descending)];

fn wrong(message: impl Into<String>) -> ParameterError {
    ParameterError::new("sortby", message)
}

/// Reads the text of a query: members with commas between them, `-` before one for the greatest first.
pub(super) fn of_text(text: &str) -> Result<Vec<(SortKey, Direction)>, ParameterError> {
    let mut sort = Vec::new();
    for (field, direction) in parts(text) {
        push(&mut sort, key(field)?, direction);
    }
    Ok(sort)
}

/// The names and directions in such a text.
pub(super) fn parts(text: &str) -> impl Iterator<Item = (&str, Direction)> {
    text.split(',').map(|part| {
        // A plus that was not encoded comes as a blank.
        let part = part.trim();
        match part.strip_prefix('-') {
            Some(field) => (field, Direction::Descending),
            None => (part.strip_prefix('+').unwrap_or(part), Direction::Ascending),
        }
    })
}

/// Adds a key. By what items are sorted already, they are not sorted again.
pub(super) fn push(sort: &mut Vec<(SortKey, Direction)>, key: SortKey, direction: Direction) {
    if sort.iter().all(|(known, _)| *known != key) {
        sort.push((key, direction));
    }
}

/// Reads a direction.
pub(super) fn direction(word: &str) -> Result<Direction, ParameterError> {
    match word {
        "asc" => Ok(Direction::Ascending),
        "desc" => Ok(Direction::Descending),
        _ => Err(wrong("a direction is asc or desc")),
    }
}

/// The key that a member's name stands for.
pub(super) fn key(field: &str) -> Result<SortKey, ParameterError> {
    let short = |name: &'static str| name.strip_prefix("properties.").unwrap_or(name);
    let asked = field.strip_prefix("properties.").unwrap_or(field);
    let found = SORTABLES.iter().find(|(name, _, others)| {
        let own = if name.starts_with("properties.") { asked } else { field };
        short(name) == own || others.contains(&asked)
    });
    found.map(|(_, key, _)| *key).ok_or_else(|| {
        let names = SORTABLES.map(|(name, ..)| short(name)).join(", ");
        let asked: String = field.chars().take(40).collect();
        wrong(format!("items are not sorted by `{asked}`; there are: {names}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Ascending, Descending};

    #[test]
    fn members_are_found_by_any_of_their_names() {
        for (text, expected) in [
            ("id", &[(SortKey::Id, Ascending)][..]),
            ("+id", &[(SortKey::Id, Ascending)]),
            (" id", &[(SortKey::Id, Ascending)]),
            ("-properties.datetime", &[(SortKey::Datetime, Descending)]),
            ("-datetime,+id", &[(SortKey::Datetime, Descending), (SortKey::Id, Ascending)]),
            ("name", &[(SortKey::Title, Ascending)]),
            ("title,-title", &[(SortKey::Title, Ascending)]),
            ("-stars", &[(SortKey::Stars, Descending)]),
            ("-sharinghub:stars", &[(SortKey::Stars, Descending)]),
            ("-properties.sharinghub:stars", &[(SortKey::Stars, Descending)]),
            (
                "collection,end_datetime",
                &[(SortKey::Collection, Ascending), (SortKey::End, Ascending)],
            ),
        ] {
            assert_eq!(of_text(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_sorted_by_is_refused() {
        for text in ["", ",", "id,", "nope", "--id", "properties.id", "geometry", "+"] {
            assert!(of_text(text).is_err(), "{text}");
        }
        assert!(direction("ASC").is_err() && direction("asc").is_ok());
    }
}
