//! `q`: free text, in which SharingHub's `[tag]` and `:starred` may stand. Several terms: any of them.

use super::error::ParameterError;
use crate::Words;
use crate::words::words;

/// Bytes of a free text: the more words, the longer a search takes.
const MOST_BYTES: usize = 2_048;

/// Terms: each is looked for by itself.
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
    let mut inside = false;
    let terms = text.split(|char| {
        // A tag may have a comma in it.
        inside = (inside || char == '[') && char != ']';
        char == ',' && !inside
    });
    of_terms(&terms.collect::<Vec<_>>())
}

/// Reads terms.
pub(super) fn of_terms(terms: &[&str]) -> Result<FreeText, ParameterError> {
    let bytes: usize = terms.iter().map(|term| term.len()).sum();
    if bytes > MOST_BYTES || terms.len() > MOST_TERMS {
        let message = format!("at most {MOST_TERMS} terms, of {MOST_BYTES} bytes together");
        return Err(ParameterError::new("q", message));
    }
    let mut asked = FreeText::default();
    for term in terms {
        let rest = asked.take_tags(term);
        let (flags, rest): (Vec<&str>, Vec<&str>) =
            rest.split_whitespace().partition(|word| *word == ":starred");
        asked.starred |= !flags.is_empty();
        if rest.is_empty() {
            continue;
        }
        let phrase = words(&rest.join(" "));
        let words = asked.words.get_or_insert_default();
        // What has no word in it is found nowhere.
        if !phrase.is_empty() {
            words.any_of.push(phrase);
        }
    }
    if asked.tags.len() > MOST_TAGS {
        return Err(ParameterError::new("q", format!("it has more than {MOST_TAGS} tags")));
    }
    Ok(asked)
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

    fn phrases(text: &FreeText) -> Option<Vec<String>> {
        let phrases = |words: &Words| words.any_of.iter().map(|words| words.join(" ")).collect();
        text.words.as_ref().map(phrases)
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
        let tags: Vec<String> = (0..=MOST_TAGS).map(|tag| format!("[{tag}]")).collect();
        assert!(of_text(&tags.concat()).is_err());
    }
}
