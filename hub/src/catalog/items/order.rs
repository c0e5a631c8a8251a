//! The order of a search's items in SQL. Items without a value come last, whichever way it goes; items that are equal
//! stand as their rows do, in the direction of the last key, so that one index serves both directions.

use super::cursor::At;
use super::known;
use super::sql::{Bound, Value};
use crate::stac::{COLUMNS, Direction, Field, SortKey, Stored};

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) by: SortKey,
    direction: Direction,
}

/// The keys, the first one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) keys: Vec<Key>,
}

/// A part of the order that an index gives as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All rows.
    All,
    /// Those that have a value of the first key.
    Valued,
    /// Those that have none.
    Empty,
    /// All rows, those that have none last: no index gives them so.
    Sorted,
}

impl Key {
    /// The column: of the item, `i`, or of its values, `v`.
    fn column(self) -> String {
        let own = match self.by {
            SortKey::Id => "id",
            SortKey::Collection => "collection",
            SortKey::Title => "title",
            SortKey::Datetime => "datetime",
            SortKey::Created => "created",
            SortKey::Updated => "updated",
            SortKey::Start => "starts",
            SortKey::End => "ends",
            SortKey::Stars => "stars",
            SortKey::Property(place) => return known::name(Field::Column(place)),
        };
        format!("i.{own}")
    }

    /// What the column holds.
    pub(super) fn holds(self) -> Stored {
        match self.by {
            SortKey::Id | SortKey::Collection | SortKey::Title => Stored::Text,
            SortKey::Property(place) => COLUMNS.get(place).map_or(Stored::Text, |one| one.stored),
            _ => Stored::Time,
        }
    }

    fn may_be_empty(self) -> bool {
        matches!(self.by, SortKey::Datetime | SortKey::Start | SortKey::End | SortKey::Property(_))
    }

    fn after(self) -> &'static str {
        sign(self.direction)
    }
}

/// What is greater than what stands before, in that direction.
fn sign(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => ">",
        Direction::Descending => "<",
    }
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    }
}

impl Order {
    /// The order that is asked for. A key that comes again says nothing.
    pub(super) fn of(sort: &[(SortKey, Direction)]) -> Self {
        let mut keys: Vec<Key> = Vec::new();
        for (by, direction) in sort.iter().copied() {
            if keys.iter().all(|key| key.by != by) {
                keys.push(Key { by, direction });
            }
        }
        Self { keys }
    }

    /// Whether items stand by values of properties.
    pub(super) fn asks_values(&self) -> bool {
        self.keys.iter().any(|key| matches!(key.by, SortKey::Property(_)))
    }

    /// The direction of the rows' numbers.
    fn last(&self) -> Direction {
        self.keys.last().map_or(Direction::Ascending, |key| key.direction)
    }

    /// The order in a word: a cursor holds it.
    pub(super) fn word(&self) -> String {
        let key = |key: &Key| format!("{}{}", key.after(), key.column());
        self.keys.iter().map(key).collect()
    }

    /// Whether those may be the values of a row.
    pub(super) fn takes(&self, values: &[Option<Value>]) -> bool {
        let fits = |(key, value): (&Key, &Option<Value>)| match value {
            None => key.may_be_empty(),
            Some(Value::Text(text)) => key.holds() == Stored::Text && !text.contains('\0'),
            Some(Value::Number(_)) => key.holds() == Stored::Time,
            Some(Value::Real(number)) => key.holds() == Stored::Number && number.is_finite(),
        };
        self.keys.len() == values.len() && self.keys.iter().zip(values).all(fits)
    }

    /// The parts that are left after a place, in their order.
    pub(super) fn parts(&self, after: Option<&At>, sorted: bool) -> &'static [Part] {
        if sorted {
            return &[Part::Sorted];
        }
        if !self.keys.first().is_some_and(|key| key.may_be_empty()) {
            return &[Part::All];
        }
        match after {
            Some(At { values, .. }) if matches!(values.first(), Some(None)) => &[Part::Empty],
            _ => &[Part::Valued, Part::Empty],
        }
    }

    /// The keys' columns, named `k0`, `k1`, ... in the answer.
    pub(super) fn columns(&self) -> String {
        let columns = self.keys.iter().enumerate();
        let columns: Vec<String> =
            columns.map(|(place, key)| format!(", {} as k{place}", key.column())).collect();
        columns.concat()
    }

    /// How a part is sorted, by the items' own columns or by those of an answer.
    pub(super) fn by(&self, part: Part, answered: bool) -> String {
        let mut by = Vec::new();
        for (place, key) in self.keys.iter().enumerate() {
            let column = if answered { format!("k{place}") } else { key.column() };
            if place == 0 && part == Part::Empty {
                continue;
            }
            if key.may_be_empty() && (place > 0 || part == Part::Sorted) {
                by.push(format!("case when {column} is null then 1 else 0 end"));
            }
            by.push(format!("{column} {}", word(key.direction)));
        }
        let number = if answered { "number" } else { "i.number" };
        by.push(format!("{number} {}", word(self.last())));
        by.join(", ")
    }

    /// What is true of the rows of a part that come after a place.
    pub(super) fn condition(&self, part: Part, after: Option<&At>, bound: &mut Bound) -> String {
        let first = self.keys.first().map_or_else(|| "i.number".to_owned(), |key| key.column());
        let of_part = match part {
            Part::All | Part::Sorted => None,
            Part::Valued => Some(format!("{first} is not null")),
            Part::Empty => Some(format!("{first} is null")),
        };
        // After the last row that has a value come all that have none.
        let after =
            after.filter(|at| part != Part::Empty || matches!(at.values.first(), Some(None)));
        let after = after.map(|at| self.after(part, at, bound));
        let all: Vec<String> = of_part.into_iter().chain(after).collect();
        if all.is_empty() { "1 = 1".to_owned() } else { all.join(" and ") }
    }

    fn after(&self, part: Part, at: &At, bound: &mut Bound) -> String {
        let number = bound.number(at.number);
        let tie = format!("i.number {} {number}", sign(self.last()));
        let sorted = part == Part::Sorted;
        if let ([key], [Some(value)]) = (self.keys.as_slice(), at.values.as_slice())
            && !(sorted && key.may_be_empty())
        {
            let value = bound.place(value.clone());
            return format!("({}, i.number) {} ({value}, {number})", key.column(), key.after());
        }
        let skipped = usize::from(part == Part::Empty);
        let mut equal: Vec<String> = Vec::new();
        let mut any: Vec<String> = Vec::new();
        let mut range = String::new();
        let pairs = self.keys.iter().zip(&at.values).enumerate().skip(skipped);
        for (place, (key, value)) in pairs {
            let column = key.column();
            let Some(value) = value else {
                equal.push(format!("{column} is null"));
                continue;
            };
            let value = bound.place(value.clone());
            let mut later = format!("{column} {} {value}", key.after());
            if place == 0 && !sorted {
                // Said once more by itself: an index is entered by it.
                range = format!("{column} {}= {value} and ", key.after());
            } else if key.may_be_empty() {
                later = format!("({later} or {column} is null)");
            }
            any.push(all(&equal, &later));
            equal.push(format!("{column} = {value}"));
        }
        any.push(all(&equal, &tie));
        format!("{range}({})", any.join(" or "))
    }
}

fn all(equal: &[String], last: &str) -> String {
    let all: Vec<&str> = equal.iter().map(String::as_str).chain([last]).collect();
    format!("({})", all.join(" and "))
}
