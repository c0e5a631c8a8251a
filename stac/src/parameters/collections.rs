//! A search for collections, from the query of a `GET`: it has the parameters of a search for items that make sense
//! there, and they are read alike. What it finds is `crate::collection_search`'s.

use super::error::ParameterError;
use super::{Search, of_query, sort};
use crate::Direction;

/// The parameters of a list of collections.
pub const OF_COLLECTIONS: &[&str] = &[
    "bbox",
    "datetime",
    "q",
    "filter",
    "filter-lang",
    "filter-crs",
    "query",
    "sortby",
    "fields",
    "limit",
    "after",
];

/// By what collections are sorted. Those without a value come last, in either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectionKey {
    /// The id.
    Id,
    /// The title.
    Title,
    /// The license.
    License,
    /// The begin of the first item.
    Start,
    /// The end of the last one.
    End,
}

/// What collections can be sorted by, as the list of sortables calls it.
pub const COLLECTION_SORTABLES: [(&str, CollectionKey); 5] = [
    ("id", CollectionKey::Id),
    ("title", CollectionKey::Title),
    ("license", CollectionKey::License),
    ("start_datetime", CollectionKey::Start),
    ("end_datetime", CollectionKey::End),
];

/// A search for collections as it was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectionSearch {
    /// What a search for items says as well. It has no order of items.
    pub asked: Search,
    /// The order; empty: that of the configuration.
    pub sort: Vec<(CollectionKey, Direction)>,
}

/// Reads the parameters of a query.
pub fn of_collections(pairs: &[(String, String)]) -> Result<CollectionSearch, ParameterError> {
    let (sorts, others): (Vec<_>, Vec<_>) =
        pairs.iter().cloned().partition(|(name, _)| name == "sortby");
    let asked = of_query(&others, OF_COLLECTIONS)?;
    if asked.text.starred {
        return Err(ParameterError::new("q", "nobody stars collections"));
    }
    let sort = match sorts.as_slice() {
        [] => Vec::new(),
        [(_, text)] => sort::parts(text).map(of_part).collect::<Result<_, _>>()?,
        _ => return Err(ParameterError::new("sortby", "it stands there twice")),
    };
    Ok(CollectionSearch { asked, sort })
}

fn of_part(
    (field, direction): (&str, Direction),
) -> Result<(CollectionKey, Direction), ParameterError> {
    let asked = field.strip_prefix("properties.").unwrap_or(field);
    let found = COLLECTION_SORTABLES.iter().find(|(name, _)| *name == asked);
    found.map(|(_, key)| (*key, direction)).ok_or_else(|| {
        let names = COLLECTION_SORTABLES.map(|(name, _)| name).join(", ");
        let asked: String = field.chars().take(40).collect();
        let message = format!("collections are not sorted by `{asked}`; there are: {names}");
        ParameterError::new("sortby", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<CollectionSearch, ParameterError> {
        let owned = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        of_collections(&owned.collect::<Vec<_>>())
    }

    #[test]
    fn the_parameters_are_those_of_items() {
        let read = read(&[
            ("bbox", "170,0,-170,1"),
            ("sortby", "-title, id,+start_datetime"),
            ("q", "ice"),
            ("filter", "id = 'a'"),
            ("limit", "2"),
        ])
        .unwrap();
        let expected = [
            (CollectionKey::Title, Direction::Descending),
            (CollectionKey::Id, Direction::Ascending),
            (CollectionKey::Start, Direction::Ascending),
        ];
        assert_eq!(read.sort, expected);
        assert!(read.asked.bbox.is_some() && read.asked.filter.is_some());
        assert_eq!((read.asked.limit, read.asked.sort.len()), (Some(2), 0));
    }

    #[test]
    fn what_collections_have_not_is_refused_by_name() {
        for (name, value) in [
            ("sortby", "datetime"),
            ("sortby", ""),
            ("sortby", "properties.nope"),
            ("q", ":starred"),
            ("ids", "a"),
            ("collections", "a"),
            ("intersects", "{}"),
            ("mode", "full"),
            ("limit", "0"),
            ("bbox", "1,2,3"),
            ("filter", "id ="),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().parameter, name, "{value}");
        }
        assert!(read(&[("sortby", "id"), ("sortby", "id")]).is_err());
    }
}
