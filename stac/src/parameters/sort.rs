//! `sortby`: by which members items are sorted, and which way.

use super::error::ParameterError;
use crate::{COLUMNS, Direction, SortKey};

/// What has a column of its own, as the list of sortables calls it, and other words for the same.
const OWN: [(&str, SortKey, &[&str]); 9] = [
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

/// Members by which one search sorts: where a page begins is told by each with all before it.
const MOST: usize = 8;

/// Where a property is in an item.
const PREFIX: &str = "properties.";

/// The order where none is asked for.
pub const USUAL: [(SortKey, Direction); 1] = [(SortKey::Datetime, Direction::Descending)];

/// What can be sorted by, as the list of sortables calls it: what has a column of its own, and the properties whose values
/// are kept.
pub fn sortables() -> impl Iterator<Item = (String, SortKey)> {
    let own = OWN.iter().map(|(name, key, _)| ((*name).to_owned(), *key));
    let kept = COLUMNS
        .iter()
        .enumerate()
        .filter(|(_, column)| !OWN.iter().any(|(name, ..)| short(name) == column.property));
    own.chain(
        kept.map(|(place, column)| {
            (format!("{PREFIX}{}", column.property), SortKey::Property(place))
        }),
    )
}

/// The name of a member without the path that may be before it.
fn short(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

fn wrong(message: impl Into<String>) -> ParameterError {
    ParameterError::new("sortby", message)
}

/// Reads the text of a query: members with commas between them, `-` before one for the greatest first.
pub(super) fn of_text(text: &str) -> Result<Vec<(SortKey, Direction)>, ParameterError> {
    let mut sort = Vec::new();
    for (field, direction) in parts(text) {
        push(&mut sort, key(field)?, direction)?;
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
pub(super) fn push(
    sort: &mut Vec<(SortKey, Direction)>,
    key: SortKey,
    direction: Direction,
) -> Result<(), ParameterError> {
    if sort.iter().any(|(known, _)| *known == key) {
        return Ok(());
    }
    if sort.len() == MOST {
        return Err(wrong(format!("items are sorted by at most {MOST} members")));
    }
    sort.push((key, direction));
    Ok(())
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
    let asked = short(field);
    let own = OWN.iter().find(|(name, _, others)| {
        let is = if name.starts_with(PREFIX) { asked } else { field };
        short(name) == is || others.contains(&asked)
    });
    let kept = || COLUMNS.iter().position(|column| column.property == asked);
    own.map(|(_, key, _)| *key).or_else(|| kept().map(SortKey::Property)).ok_or_else(|| {
        let names: Vec<String> = sortables().map(|(name, _)| short(&name).to_owned()).collect();
        let asked: String = field.chars().take(40).collect();
        wrong(format!("items are not sorted by `{asked}`; there are: {}", names.join(", ")))
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
    fn properties_that_are_kept_are_sortable_once() {
        let clouds = COLUMNS.iter().position(|column| column.property == "eo:cloud_cover").unwrap();
        for text in ["-eo:cloud_cover", "-properties.eo:cloud_cover"] {
            assert_eq!(of_text(text).unwrap(), [(SortKey::Property(clouds), Descending)]);
        }
        let names: Vec<String> = sortables().map(|(name, _)| name).collect();
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name}");
            assert!(key(name).is_ok(), "{name}");
        }
        assert!(names.contains(&"properties.gsd".to_owned()));
    }

    #[test]
    fn there_is_an_end_to_keys() {
        let names: Vec<String> = sortables().map(|(name, _)| name).collect();
        assert_eq!(of_text(&names[..MOST].join(",")).unwrap().len(), MOST);
        let told = of_text(&names[..=MOST].join(",")).unwrap_err().to_string();
        assert_eq!(told, "sortby: items are sorted by at most 8 members");
        assert!(of_text(&format!("{},-id,id", names[..MOST].join(","))).is_ok());
    }

    #[test]
    fn what_is_not_sorted_by_is_refused() {
        for text in ["", ",", "id,", "nope", "--id", "properties.id", "geometry", "+"] {
            assert!(of_text(text).is_err(), "{text}");
        }
        assert!(direction("ASC").is_err() && direction("asc").is_ok());
    }
}
