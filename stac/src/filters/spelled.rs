//! Texts that stand, letter by letter, in the document of every item that a filter finds: names of properties and texts
//! that it compares with. Documents without them need not be read as JSON. What is written with escapes in JSON does not
//! stand there so: see [`Spelled::escapes`].

use flisthub_cql2::{Comparison, Expr};

use super::bare;
use super::columns::COLUMNS;

/// Texts that are looked for, more of which are not worth it.
const MOST: usize = 8;

/// Bytes of each.
const LONGEST: usize = 64;

/// A text that stands in a document, unless one of its characters is written as an escape there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelled(String);

impl Spelled {
    /// The text. It has no character that JSON can only write as an escape, but for the quotes of a name.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What stands in a document in which any of its characters is an escape.
    pub fn escapes(&self) -> impl Iterator<Item = &str> {
        let slash = self.0.contains('/').then_some(r"\/");
        [r"\u"].into_iter().chain(slash)
    }

    /// The name of a property, as it stands before its value.
    fn name(name: &str) -> Option<Self> {
        let part = Self::of(name)?;
        Some(if part.0 == name { Self(format!("\"{name}\"")) } else { part })
    }

    /// The longest part of a text that JSON needs no escape for. `None`: there is none.
    fn of(text: &str) -> Option<Self> {
        let is_escaped = |character: char| character < ' ' || matches!(character, '"' | '\\');
        let longest = text.split(is_escaped).max_by_key(|part| part.len())?;
        let end = (0..=LONGEST.min(longest.len())).rev().find(|end| longest.is_char_boundary(*end));
        let cut = longest.get(..end?).filter(|cut| !cut.is_empty())?;
        Some(Self(cut.to_owned()))
    }
}

/// What is so of all that a predicate finds.
pub(super) fn spelled(predicate: &Expr) -> Vec<Spelled> {
    let (mut found, mut open) = (Vec::new(), vec![predicate]);
    while let Some(expression) = open.pop() {
        match expression {
            Expr::And(parts) => open.extend(parts),
            Expr::Compare(operator, pair) => {
                let (one, two) = &**pair;
                for (of, with) in [(one, two), (two, one)] {
                    let text = match with {
                        Expr::Text(text) if *operator == Comparison::Equal => Spelled::of(text),
                        _ => None,
                    };
                    found.extend(needed(of, text));
                }
            }
            Expr::Like(pair) => {
                let (of, with) = &**pair;
                let text = if let Expr::Text(pattern) = with { literal(pattern) } else { None };
                found.extend(needed(of, text));
            }
            Expr::Between(three) => found.extend(needed(&three.0, None)),
            Expr::In(of, _) => found.extend(needed(of, None)),
            _ => {}
        }
    }
    fewest(found)
}

/// Those that are worth to look for: the longest ones are in the fewest documents.
pub(super) fn fewest(mut of: Vec<Spelled>) -> Vec<Spelled> {
    of.sort_by(|one, two| (two.0.len(), &one.0).cmp(&(one.0.len(), &two.0)));
    of.dedup();
    of.truncate(MOST);
    of
}

/// What a document needs for a condition of a property, which has that text: the property's name and the text. Nothing
/// where the value is not read from there, or the index knows it.
fn needed(of: &Expr, text: Option<Spelled>) -> Vec<Spelled> {
    let Expr::Property(name) = of else { return Vec::new() };
    let is_made = matches!(name.as_str(), "id" | "collection" | "geometry")
        || bare(name).starts_with("sharinghub:");
    let is_kept = COLUMNS.iter().any(|column| column.property == bare(name));
    if is_made || is_kept {
        return Vec::new();
    }
    Spelled::name(bare(name)).into_iter().chain(text).collect()
}

/// The longest part of a pattern that is literal.
fn literal(pattern: &str) -> Option<Spelled> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '%' | '_' => parts.push(std::mem::take(&mut part)),
            '\\' => {
                let escaped = characters.next_if(|next| matches!(next, '%' | '_' | '\\'));
                part.push(escaped.unwrap_or('\\'));
            }
            other => part.push(other),
        }
    }
    parts.push(part);
    parts.iter().filter_map(|part| Spelled::of(part)).max_by_key(|spelled| spelled.0.len())
}

#[cfg(test)]
mod tests {
    use flisthub_cql2::Filter;

    use super::*;

    #[test]
    fn what_all_documents_have_that_are_found_is_known() {
        for (filter, expected) in [
            ("title LIKE '%near Lagos%'", &["near Lagos", "\"title\""] as &[&str]),
            ("x LIKE 'a%bcde_e' AND x > 1", &["bcde", "\"x\""]),
            (r"x LIKE '%a\%b\\\\%'", &["\"x\"", "a%b"]),
            ("x LIKE '%'", &["\"x\""]),
            (r#"x = 'a"long'"#, &["long", "\"x\""]),
            ("'text' = properties.x AND x LIKE 'longer%'", &["longer", "text", "\"x\""]),
            ("x <> 'text'", &["\"x\""]),
            ("x BETWEEN 1 AND 2 AND yy IN (1, 2)", &["\"yy\"", "\"x\""]),
            ("platform = 'text' AND gsd > 5 AND rare > 5", &["\"rare\""]),
            ("x = y AND x > 1", &["\"x\"", "\"y\""]),
            ("x = 1 OR y = 1", &[]),
            ("NOT x = 'text'", &[]),
            ("x IS NULL", &[]),
            ("CASEI(x) = 'text'", &[]),
            ("x + 1 = 2", &[]),
            ("id = 'a/b' AND collection = 'c' AND \"sharinghub:name\" = 'd'", &[]),
        ] {
            let filter = Filter::from_text(filter).unwrap();
            let found = spelled(filter.root());
            let texts: Vec<&str> = found.iter().map(Spelled::text).collect();
            assert_eq!(texts, expected, "{filter:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = format!("x{}", "é".repeat(LONGEST));
        assert_eq!(Spelled::of(&long).unwrap().text().len(), LONGEST - 1);
        assert_eq!(Spelled::of("\n\"\\"), None);
        assert_eq!(Spelled::of(""), None);
    }
}
