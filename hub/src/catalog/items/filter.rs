//! What a search asks of an item, in SQL. `i` is the item, `d` its document, which is there if words are asked for, `v`
//! its values, which are if a filter or the order asks for them.

use super::exact::Asked;
use super::known::{index, may_be_found};
use super::pieces::{TURN, is_everything};
use super::query::{ItemQuery, Readable};
use super::row::listed;
use super::sql::Bound;
use super::texts::indexed;
use super::wording::{condition, is_nothing, wanted};
use crate::stac::Interval;

/// What a search asks, but for collections and where to begin.
pub(super) struct Filter {
    /// Conditions, joined by `and`.
    pub(super) text: String,
    /// Whether the document is needed.
    pub(super) words: bool,
    /// Whether the values are.
    pub(super) values: bool,
}

impl Filter {
    /// What is left to be asked of items that an index found, which may know that they have the words, or of all items.
    /// `None`: nothing can match.
    pub(super) fn of(
        query: &ItemQuery,
        asked: Option<&Asked>,
        has_words: bool,
        bound: &mut Bound,
    ) -> Option<Self> {
        let mut all = vec![readable(&query.readable)];
        if let Some(ids) = &query.ids {
            if ids.is_empty() {
                return None;
            }
            all.push(format!("i.id in ({})", bound.texts(&clean(ids))));
        }
        if let Some(asked) = asked {
            all.push(place(asked, bound)?);
        }
        if let Some(span) = &query.interval {
            all.push(time(span, bound));
        }
        if let Some(span) = &query.dated {
            all.push(dated(span, bound));
        }
        let known = index(query);
        if let Some(may) = known.and_then(|known| may_be_found(known, bound)) {
            all.push(format!("v.document = i.document and {may}"));
        }
        let words = wanted(query);
        if words.as_ref().is_some_and(is_nothing) {
            return None;
        }
        let words = words.filter(|_| !has_words);
        all.extend(words.as_ref().map(|words| condition(words, bound)));
        for tag in &query.tags {
            let tag = bound.text(indexed(tag));
            all.push(format!(
                "exists (select 1 from item_tags t where t.item = i.number and t.tag = {tag})"
            ));
        }
        if let Some(user) = query.starred_by {
            all.push(format!(
                "exists (select 1 from item_stars s where s.user_id = {user}
                         and s.repository_id = i.repository_id and s.name = i.name)"
            ));
        }
        let values = known.is_some();
        Some(Self { text: all.join(" and "), words: words.is_some(), values })
    }

    /// The same, with the values.
    pub(super) fn with_values(self) -> Self {
        if self.values {
            return self;
        }
        let text = format!("v.document = i.document and {}", self.text);
        Self { text, values: true, ..self }
    }

    /// What items are read from: items first, and what belongs to them is looked up.
    pub(super) fn tables(&self) -> &'static str {
        match (self.words, self.values) {
            (false, false) => "items i",
            (true, false) => "items i join item_documents d on d.number = i.document",
            (false, true) => "items i cross join _item_values v",
            (true, true) => {
                "items i cross join _item_values v join item_documents d on d.number = i.document"
            }
        }
    }

    /// The same where all are read in any order: the values are looked through first, which are short.
    pub(super) fn tables_of_all(&self) -> &'static str {
        match (self.words, self.values) {
            (false, true) => "_item_values v cross join items i",
            (true, true) => {
                "_item_values v cross join items i join item_documents d on d.number = i.document"
            }
            _ => self.tables(),
        }
    }
}

/// The rows that a caller may read.
pub(super) fn readable(readable: &Readable) -> String {
    let up_to = readable.up_to.code();
    if readable.also.is_empty() {
        format!("i.visibility <= {up_to}")
    } else {
        format!("(i.visibility <= {up_to} or i.repository_id in ({}))", listed(&readable.also))
    }
}

/// Texts as PostgreSQL takes them: no name has a zero in it.
pub(super) fn clean(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.replace('\0', "\u{fffd}")).collect()
}

/// Where an item must be, as far as its box tells. `None`: nowhere.
fn place(asked: &Asked, bound: &mut Bound) -> Option<String> {
    let pieces = asked.pieces();
    if pieces.is_empty() {
        return None;
    }
    if pieces.iter().any(is_everything) {
        return Some("i.west is not null".to_owned());
    }
    let piece = |piece: &geo::Rect<f64>| {
        let (min, max) = (piece.min(), piece.max());
        let (west, east) = (bound.real(min.x), bound.real(max.x));
        let (south, north) = (bound.real(min.y), bound.real(max.y));
        // The second time for what lies over the antimeridian: its part on the other side.
        let turned = bound.real(min.x + TURN);
        format!(
            "(i.south <= {north} and i.north >= {south}
              and (i.west <= {east} and i.east >= {west} or i.east > 180 and i.east >= {turned}))"
        )
    };
    let any: Vec<String> = pieces.iter().map(piece).collect();
    Some(format!("({})", any.join(" or ")))
}

/// When an item must be.
fn time(span: &Interval, bound: &mut Bound) -> String {
    let mut all = vec!["i.timed > 0".to_owned()];
    if let Some(end) = span.end {
        all.push(format!("(i.starts is null or i.starts <= {})", bound.number(end)));
    }
    if let Some(start) = span.start {
        all.push(format!("(i.ends is null or i.ends >= {})", bound.number(start)));
    }
    all.join(" and ")
}

/// When an item must be dated.
fn dated(span: &Interval, bound: &mut Bound) -> String {
    let mut end = |sign: &str, end: Option<i64>| {
        end.map(|end| format!("i.datetime {sign} {}", bound.number(end)))
    };
    let ends: Vec<String> =
        [end(">=", span.start), end("<=", span.end)].into_iter().flatten().collect();
    if ends.is_empty() { "i.datetime is not null".to_owned() } else { ends.join(" and ") }
}
