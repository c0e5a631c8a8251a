//! `q`: free text, in which SharingHub's `[tag]` and `:starred` may stand. Several terms: any of them. A term is a phrase,
//! or an expression, if anything in it makes it one.

use super::error::ParameterError;
use super::terms::{Token, any, expression, phrase, tokens};
use crate::Words;

/// Bytes of a free text: the more words, the longer a search takes.
const MOST_BYTES: usize = 2_048;

/// Terms, and words and phrases of expressions: each is looked for by itself.
const MOST_TERMS: usize = 64;

/// Tags that are asked for at once.
const MOST_TAGS: usize = 20;

/// What a free text asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FreeText {
    /// Words. `None`: none are asked for. Of no word, nothing has them.
    pub words: Option<Words>,
    /// Tags that items must have, all of them.
    pub tags: Vec<String>,
    /// Only what the caller starred.
    pub starred: bool,
}

/// Reads the text of a query: terms with commas between them.
pub(super) fn of_text(text: &str) -> Result<FreeText, ParameterError> {
    let (mut in_tag, mut in_quotes, mut depth) = (false, false, 0_usize);
    let terms = text.split(|char| {
        // A tag may have a comma in it, a phrase and what is between parentheses as well.
        in_tag = (in_tag || char == '[') && char != ']';
        in_quotes ^= char == '"' && !in_tag;
        match char {
            '(' if !in_tag && !in_quotes => depth = depth.saturating_add(1),
            ')' if !in_tag && !in_quotes => depth = depth.saturating_sub(1),
            _ => {}
        }
        char == ',' && !in_tag && !in_quotes && depth == 0
    });
    of_terms(&terms.collect::<Vec<_>>())
}

/// Reads terms.
pub(super) fn of_terms(terms: &[&str]) -> Result<FreeText, ParameterError> {
    let too_many = || {
        let message = format!("at most {MOST_TERMS} terms, of {MOST_BYTES} bytes together");
        Err(ParameterError::new("q", message))
    };
    let bytes: usize = terms.iter().map(|term| term.len()).sum();
    if bytes > MOST_BYTES || terms.len() > MOST_TERMS {
        return too_many();
    }
    let (mut asked, mut wanted, mut looked_for) = (FreeText::default(), None, 0_usize);
    for term in terms {
        let rest = asked.take_tags(term);
        let (flags, rest): (Vec<&str>, Vec<&str>) =
            rest.split_whitespace().partition(|word| *word == ":starred");
        asked.starred |= !flags.is_empty();
        if rest.is_empty() {
            continue;
        }
        let rest = rest.join(" ");
        let tokens = tokens(&rest)?;
        let is_plain = tokens.iter().all(|token| matches!(token, Token::Word(_)));
        looked_for = looked_for.saturating_add(if is_plain { 1 } else { terms_in(&tokens) });
        if looked_for > MOST_TERMS {
            return too_many();
        }
        let read = if is_plain { phrase(&rest) } else { expression(&tokens)? };
        wanted.get_or_insert_with(Vec::new).push(read);
    }
    asked.words = wanted.map(any);
    if asked.tags.len() > MOST_TAGS {
        return Err(ParameterError::new("q", format!("it has more than {MOST_TAGS} tags")));
    }
    Ok(asked)
}

fn terms_in(tokens: &[Token]) -> usize {
    tokens.iter().filter(|token| matches!(token, Token::Word(_) | Token::Quoted(_))).count()
}

impl FreeText {
    /// Takes the tags out of a term, and gives what is left.
    fn take_tags(&mut self, mut term: &str) -> String {
        let mut rest = String::new();
        while let Some((before, after)) = term.split_once('[') {
            let Some((tag, behind)) = after.split_once(']') else { break };
            rest.push_str(before);
            rest.push(' ');
            let tag = tag.trim().to_owned();
            if !tag.is_empty() && !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
            term = behind;
        }
        rest + term
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Phrases, of which any will do.
    fn phrases(text: &FreeText) -> Option<Vec<String>> {
        let one = |words: &Words| match words {
            Words::Phrase(words) => words.join(" "),
            other => format!("{other:?}"),
        };
        Some(match text.words.as_ref()? {
            Words::Any(parts) => parts.iter().map(one).collect(),
            words => vec![one(words)],
        })
    }

    #[test]
    fn words_tags_and_the_star_are_told_apart() {
        for (text, expected, tags, starred) in [
            ("", None, &[][..], false),
            (" , ", None, &[], false),
            ("flood", Some(&["flood"][..]), &[], false),
            ("flood map,wine", Some(&["flood map", "wine"]), &[], false),
            ("[water]", None, &["water"], false),
            ("[ sea, ice ] flood[wine]map", Some(&["flood map"]), &["sea, ice", "wine"], false),
            ("[a] [a],[]", None, &["a"], false),
            (":starred", None, &[], true),
            ("flood :starred [x]", Some(&["flood"]), &["x"], true),
            ("***", Some(&[]), &[], false),
            ("flood [open", Some(&["flood open"]), &[], false),
            ("\"flood map\" [x]", Some(&["flood map"]), &["x"], false),
            ("\"ice, sheet\",sea level", Some(&["ice sheet", "sea level"]), &[], false),
            ("(ice, sheet) :starred", Some(&["ice", "sheet"]), &[], true),
            ("[a, (b] ice,sheet", Some(&["ice", "sheet"]), &["a, (b"], false),
        ] {
            let read = of_text(text).unwrap();
            let expected: Option<Vec<String>> =
                expected.map(|words| words.iter().map(ToString::to_string).collect());
            assert_eq!(phrases(&read), expected, "{text}");
            assert_eq!((&*read.tags, read.starred), (&*owned(tags), starred), "{text}");
        }
    }

    fn owned(tags: &[&str]) -> Vec<String> {
        tags.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn there_is_an_end_to_it() {
        assert!(of_text(&"x".repeat(MOST_BYTES)).is_ok());
        assert!(of_text(&"x".repeat(MOST_BYTES + 1)).is_err());
        assert!(of_text(&"x,".repeat(MOST_TERMS)).is_err());
        assert!(of_text(&format!("({})", "x ".repeat(MOST_TERMS))).is_ok());
        assert!(of_text(&format!("({})", "x ".repeat(MOST_TERMS + 1))).is_err());
        assert!(of_text(&"x ".repeat(MOST_TERMS + 1)).is_ok());
        assert!(of_text("(a, b").is_err());
        let tags: Vec<String> = (0..=MOST_TAGS).map(|tag| format!("[{tag}]")).collect();
        assert!(of_text(&tags.concat()).is_err());
    }
}
