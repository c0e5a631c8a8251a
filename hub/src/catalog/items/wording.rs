//! The words that a search asks for, as the databases look for them: by an index, which may find too much and never too
//! little, and in SQL, which is exact.

use super::query::ItemQuery;
use super::sql::Bound;
use super::texts::{LONGEST_WORD, cut};
use crate::catalog::dialect::Dialect;
use crate::stac::Words;

/// Bytes of a phrase that is looked for; SQLite takes a longer pattern for an attack.
const LONGEST_PHRASE: usize = 16 * LONGEST_WORD;

/// The words that are looked for; `None`: any text will do.
pub(super) fn wanted(query: &ItemQuery) -> Option<Words> {
    let words = simple(query.words.as_ref()?);
    (!is_everything(&words)).then_some(words)
}

/// Whether nothing has them.
pub(super) fn is_nothing(words: &Words) -> bool {
    matches!(words, Words::Any(parts) if parts.is_empty())
}

fn is_everything(words: &Words) -> bool {
    matches!(words, Words::All(parts) if parts.is_empty())
}

/// The same without parts that nothing or everything has; phrases as an index has them. It is as deep as a text may be.
fn simple(words: &Words) -> Words {
    let (nothing, everything) = (Words::Any(Vec::new()), Words::All(Vec::new()));
    match words {
        Words::Phrase(words) => phrase(words).map_or(nothing, Words::Phrase),
        Words::Not(part) => match simple(part) {
            part if is_nothing(&part) => everything,
            part if is_everything(&part) => nothing,
            part => Words::Not(Box::new(part)),
        },
        Words::All(parts) => {
            let parts: Vec<Words> = parts.iter().map(simple).collect();
            if parts.iter().any(is_nothing) {
                return nothing;
            }
            Words::All(parts.into_iter().filter(|part| !is_everything(part)).collect())
        }
        Words::Any(parts) => {
            let parts: Vec<Words> = parts.iter().map(simple).collect();
            if parts.iter().any(is_everything) {
                return everything;
            }
            Words::Any(parts.into_iter().filter(|part| !is_nothing(part)).collect())
        }
    }
}

/// A phrase of words that are letters and digits alone, so that nobody has to quote them.
fn phrase(words: &[String]) -> Option<Vec<String>> {
    let plain = |word: &String| !word.is_empty() && word.chars().all(char::is_alphanumeric);
    let words: Vec<String> = words.iter().map(|word| cut(word).to_owned()).collect();
    let fits = words.iter().map(String::len).sum::<usize>() <= LONGEST_PHRASE;
    (fits && !words.is_empty() && words.iter().all(plain)).then_some(words)
}

/// What a document's words are like, in SQL. `d` is the document.
pub(super) fn condition(words: &Words, bound: &mut Bound) -> String {
    let mut joined = |parts: &[Words], by: &str| {
        let parts: Vec<String> = parts.iter().map(|part| condition(part, bound)).collect();
        format!("({})", parts.join(by))
    };
    match words {
        Words::All(parts) => joined(parts, " and "),
        Words::Any(parts) => joined(parts, " or "),
        Words::Not(part) => format!("not {}", condition(part, bound)),
        Words::Phrase(words) => {
            let phrase = format!("% {} %", words.join(" "));
            format!("(d.words like {})", bound.text(phrase))
        }
    }
}

/// Words by which an index finds documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lookup {
    /// What is looked up: nothing in it is what must not be there.
    words: Words,
    /// Whether that is all that was asked for.
    is_all: bool,
}

impl Lookup {
    /// What of the words an index knows. `None`: it would have to find what has no words.
    pub(super) fn of(words: &Words) -> Option<Self> {
        let found = there(words)?;
        Some(Self { is_all: found == *words, words: found })
    }

    /// Whether it finds exactly what has the words, so that nobody need look at them: SQLite's index knows which word
    /// follows which.
    pub(super) fn is_exact(&self, dialect: Dialect) -> bool {
        self.is_all && (dialect == Dialect::Sqlite || has_single_words(&self.words))
    }

    /// As the index takes it.
    pub(super) fn matching(&self, dialect: Dialect) -> String {
        matching(&self.words, dialect)
    }
}

/// What is true of all that has the words, and says of no word that it is not there.
fn there(words: &Words) -> Option<Words> {
    match words {
        Words::Phrase(_) => Some(words.clone()),
        Words::Not(_) => None,
        Words::All(parts) => {
            let parts: Vec<Words> = parts.iter().filter_map(there).collect();
            (!parts.is_empty()).then_some(Words::All(parts))
        }
        Words::Any(parts) => parts.iter().map(there).collect::<Option<_>>().map(Words::Any),
    }
}

fn has_single_words(words: &Words) -> bool {
    match words {
        Words::Phrase(words) => words.len() == 1,
        Words::Not(part) => has_single_words(part),
        Words::All(parts) | Words::Any(parts) => parts.iter().all(has_single_words),
    }
}

fn matching(words: &Words, dialect: Dialect) -> String {
    let joined = |parts: &[Words], (sqlite, postgres): (&str, &str)| {
        let parts: Vec<String> = parts.iter().map(|part| matching(part, dialect)).collect();
        let by = match dialect {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        format!("({})", parts.join(by))
    };
    match (words, dialect) {
        (Words::Phrase(words), Dialect::Sqlite) => format!("\"{}\"", words.join(" ")),
        (Words::Phrase(words), Dialect::Postgres) => {
            let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            format!("({})", words.join(" & "))
        }
        (Words::All(parts), _) => joined(parts, (" AND ", " & ")),
        (Words::Any(parts), _) => joined(parts, (" OR ", " | ")),
        // There is none in a lookup; this says too much rather than too little.
        (Words::Not(part), _) => matching(part, dialect),
    }
}
