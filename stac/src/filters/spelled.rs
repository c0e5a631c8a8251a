//! Texts that stand, letter by letter, in the document of every item that a filter finds: names of properties and texts
//! that it compares with. Documents without them need not be read as JSON. What is written with escapes in JSON does not
//! stand there so: see [`Spelled::escapes`].

use flisthub_cql2::{Comparison, Expr};

use super::bare;

/// Texts that are looked for, more of which are not worth it.
const MOST: usize = 8;

/// Bytes of each.
const LONGEST: usize = 64;

/// A text that stands in a document, unless one of its characters is written as an escape there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelled(String);

impl Spelled {
    /// The text. It has no character that JSON can only write as an escape, but for the quotes of a whole string.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What stands in a document in which any of its characters is an escape.
    pub fn escapes(&self) -> impl Iterator<Item = &str> {
        let slash = self.0.contains('/').then_some(r"\/");
        [r"\u"].into_iter().chain(slash)
    }

    /// A text that is a whole string of the document, or as much of it as can be looked for.
    fn whole(text: &str) -> Option<Self> {
        let part = Self::of(text)?;
        Some(if part.0 == text { Self(format!("\"{text}\"")) } else { part })
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

/// What is so of all that a predicate finds: texts, or names where there are none, the longest first.
pub(super) fn spelled(predicate: &Expr) -> Vec<Spelled> {
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    let mut open = vec![predicate];
    while let Some(expression) = open.pop() {
        match expression {
            Expr::And(parts) => open.extend(parts),
            Expr::Compare(operator, pair) => {
                let (one, two) = &**pair;
                for (of, with) in [(one, two), (two, one)] {
                    let Some(name) = name(of) else { continue };
                    names.extend(Spelled::whole(name));
                    if let (Comparison::Equal, Expr::Text(text)) = (operator, with) {
                        texts.extend(Spelled::whole(text));
                    }
                }
            }
            Expr::Like(pair) => {
                if let ((_, Expr::Text(pattern)), Some(name)) = (&**pair, name(&pair.0)) {
                    names.extend(Spelled::whole(name));
                    texts.extend(literal(pattern));
                }
            }
            Expr::Between(three) => names.extend(name(&three.0).and_then(Spelled::whole)),
            Expr::In(of, _) => names.extend(name(of).and_then(Spelled::whole)),
            _ => {}
        }
    }
    let mut found = if texts.is_empty() { names } else { texts };
    found.sort_by(|one, two| (two.0.len(), &one.0).cmp(&(one.0.len(), &two.0)));
    found.dedup();
    found.truncate(MOST);
    found
}

/// The name of a property in the document. `None`: it is read from elsewhere, or is none.
fn name(expression: &Expr) -> Option<&str> {
    let Expr::Property(name) = expression else { return None };
    let is_made = matches!(name.as_str(), "id" | "collection" | "geometry")
        || bare(name).starts_with("sharinghub:");
    (!is_made).then(|| bare(name))
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
            ("title LIKE '%near Lagos%'", &["near Lagos"] as &[&str]),
            ("title LIKE 'a%bcd_e' AND x > 1", &["bcd"]),
            (r"x LIKE '%a\%b\\\\%'", &["a%b"]),
            ("x LIKE '%'", &["\"x\""]),
            (r#"x = 'a"long'"#, &["long"]),
            ("'text' = properties.x AND x LIKE 'longer%'", &["\"text\"", "longer"]),
            ("x <> 'text'", &["\"x\""]),
            ("x BETWEEN 1 AND 2 AND yy IN (1, 2)", &["\"yy\"", "\"x\""]),
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
