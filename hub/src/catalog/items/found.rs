//! The indexes that find items without a walk over all of them: by id, star, tag, words, place and values. What they find may
//! be too much, never too little. Here is most of what differs between the databases in a search.

use geo::Rect;

use super::exact::Asked;
use super::filter::clean;
use super::known::{self, index};
use super::pieces::{TURN, is_everything};
use super::query::ItemQuery;
use super::sql::Bound;
use super::texts::indexed;
use super::wording::{Lookup, is_nothing, wanted};
use crate::catalog::dialect::Dialect;
use crate::stac::{Index, Interval, Known};

/// Tags of a search that are looked up to see which one is rare.
const TAGS: usize = 4;

/// Properties of a filter that are looked up to see of which one few have the values.
const RANGES: usize = 4;

/// By what items are found.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// By their ids.
    Ids(Vec<String>),
    /// By the user who starred them.
    Stars(i64),
    /// By a tag.
    Tag(String),
    /// By the rectangles that their boxes meet, and when they are, if that is asked for.
    Place(Vec<Rect<f64>>, Option<Interval>),
    /// By their words.
    Words(Lookup),
    /// By documents that were found by their words: their numbers with commas between them, and whether their words
    /// need no other look.
    Documents(String, bool),
    /// By values of a property.
    Values(Known),
}

impl Found {
    /// What finds few whatever the catalog holds.
    pub(super) fn few(query: &ItemQuery) -> Option<Self> {
        if let Some(ids) = &query.ids {
            return Some(Self::Ids(clean(ids)));
        }
        query.starred_by.map(Self::Stars)
    }

    /// What may find few.
    pub(super) fn perhaps_few(query: &ItemQuery, asked: Option<&Asked>) -> Vec<Self> {
        let pieces = asked.map(Asked::pieces).filter(|pieces| !pieces.iter().any(is_everything));
        let place = pieces.filter(|pieces| !pieces.is_empty());
        let place = place.map(|pieces| Self::Place(pieces, query.interval));
        let words = wanted(query).filter(|words| !is_nothing(words));
        let words = words.and_then(|words| Lookup::of(&words)).map(Self::Words);
        let tags = query.tags.iter().take(TAGS).map(|tag| Self::Tag(indexed(tag)));
        let ranges = index(query).map(Index::ranges).unwrap_or_default();
        let values = ranges.into_iter().take(RANGES).map(Self::Values);
        place.into_iter().chain(words).chain(tags).chain(values).collect()
    }

    /// Whether it finds exactly what has the words that are asked for, so that nobody need look at them.
    pub(super) fn has_words(&self, dialect: Dialect) -> bool {
        match self {
            Self::Words(words) => words.is_exact(dialect),
            Self::Documents(_, has_words) => *has_words,
            _ => false,
        }
    }

    /// The same, once the numbers of all that it finds are known.
    pub(super) fn known(&self, numbers: String, dialect: Dialect) -> Self {
        match self {
            Self::Words(_) => Self::Documents(numbers, self.has_words(dialect)),
            other => other.clone(),
        }
    }

    /// Whether a statement with it is worth keeping, because others will be the same.
    pub(super) fn comes_again(&self) -> bool {
        !matches!(self, Self::Documents(..))
    }

    /// The beginning of a statement over `found`, and what joins the items `i` that were found with it.
    pub(super) fn with(&self, dialect: Dialect, bound: &mut Bound) -> With {
        let select = self.select(dialect, false, bound);
        // Words find documents, in the order of their numbers, in which SQLite best looks for their items one by one.
        let (on, kept) = match self {
            Self::Words(_) if dialect == Dialect::Sqlite => ("i.document", "not materialized"),
            Self::Words(_) | Self::Documents(..) | Self::Values(_) => {
                ("i.document", "materialized")
            }
            _ => ("i.number", "materialized"),
        };
        With {
            text: format!("with found (number) as {kept} ({select})"),
            on: format!("{on} = found.number"),
        }
    }

    /// A query that gives the numbers of what is found. Each comes once, unless it may come `often`.
    pub(super) fn select(&self, dialect: Dialect, often: bool, bound: &mut Bound) -> String {
        match self {
            Self::Ids(ids) => {
                format!("select number from items where id in ({})", bound.texts(ids))
            }
            Self::Stars(user) => format!(
                "select i.number as number from item_stars s
                 join item_documents d on d.repository_id = s.repository_id and d.name = s.name
                 join items i on i.document = d.number where s.user_id = {user}"
            ),
            Self::Tag(tag) => {
                let tag = bound.text(tag.as_str());
                format!("select item as number from item_tags where tag = {tag}")
            }
            Self::Place(pieces, span) => place(pieces, span.as_ref(), (dialect, often), bound),
            Self::Words(words) => documents(words, dialect, bound),
            Self::Documents(numbers, _) if numbers.is_empty() => {
                "select number from item_documents where 1 = 0".to_owned()
            }
            Self::Values(ranges) => known::documents(ranges, bound),
            Self::Documents(numbers, _) => format!("values ({})", numbers.replace(',', "), (")),
        }
    }
}

/// How a statement over what was found begins.
pub(super) struct With {
    /// What stands before `select`.
    pub(super) text: String,
    /// What joins items with it.
    pub(super) on: String,
}

fn place(
    pieces: &[Rect<f64>],
    span: Option<&Interval>,
    (dialect, often): (Dialect, bool),
    bound: &mut Bound,
) -> String {
    let from = match dialect {
        Dialect::Sqlite => "select number from _item_boxes where ",
        Dialect::Postgres => "select number from items where ",
    };
    let then = match dialect {
        Dialect::Sqlite => when(span, bound),
        Dialect::Postgres => String::new(),
    };
    let mut meets = |piece: &Rect<f64>, turn: f64| {
        let (min, max) = (piece.min(), piece.max());
        let (west, east) = (bound.real(min.x + turn), bound.real(max.x + turn));
        let (south, north) = (bound.real(min.y), bound.real(max.y));
        match dialect {
            Dialect::Sqlite => format!(
                "west <= {east} and east >= {west} and south <= {north} and north >= {south}{then}"
            ),
            Dialect::Postgres => format!(
                "box(point(west, south), point(east, north))
                     && box(point({west}, {south}), point({east}, {north}))"
            ),
        }
    };
    // Each a second time, a turn further: what lies over the antimeridian is kept up to there.
    if let [piece] = pieces {
        let (once, again) = (meets(piece, 0.0), meets(piece, TURN));
        return format!("{from}{once} union all {from}{again} and not ({once})");
    }
    let turns = pieces.iter().flat_map(|piece| [(piece, 0.0), (piece, TURN)]);
    let selects: Vec<String> =
        turns.map(|(piece, turn)| format!("{from}{}", meets(piece, turn))).collect();
    selects.join(if often { " union all " } else { " union " })
}

/// When the boxes of SQLite's index are, which know the time as well: a place where much is has it of long.
fn when(span: Option<&Interval>, bound: &mut Bound) -> String {
    let end = |column: &str, end: Option<i64>, bound: &mut Bound| {
        end.map_or_else(String::new, |end| format!(" and {column} {}", bound.number(end)))
    };
    span.map_or_else(String::new, |span| {
        end("starts <=", span.end, bound) + &end("ends >=", span.start, bound)
    })
}

/// The documents that have the words.
fn documents(words: &Lookup, dialect: Dialect, bound: &mut Bound) -> String {
    let words = bound.text(words.matching(dialect));
    match dialect {
        Dialect::Sqlite => {
            format!("select rowid as number from _item_words where _item_words match {words}")
        }
        Dialect::Postgres => format!(
            "select d.number from item_documents d
             where array_to_tsvector(string_to_array(btrim(d.words), ' ')) @@ cast({words} as tsquery)"
        ),
    }
}
