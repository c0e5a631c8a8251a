//! Texts against patterns.

use super::Outcome;
use super::steps::Steps;

/// One part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// This character.
    Character(char),
    /// Any one character.
    One,
    /// Any characters, or none.
    Any,
}

/// Whether a whole text is like a pattern: `%` is any characters, `_` any one, and a backslash before one of these or
/// another backslash takes its meaning. Before other characters, and at the end, it stands for itself.
///
/// Where a `%` was tried with too few characters, only the last one is tried with more: earlier ones cannot do better.
/// So it takes at most as many steps as the product of both lengths.
pub(super) fn matches(text: &str, pattern: &str, steps: &Steps) -> Outcome<bool> {
    steps.take(text.len() + pattern.len())?;
    let pattern = parts(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part) = (0, 0);
    // After the last `%`, and the character from which it was tried.
    let mut again: Option<(usize, usize)> = None;
    loop {
        steps.take(1)?;
        let next = text.get(at);
        match (pattern.get(part), next) {
            (Some(Part::Any), _) => {
                part += 1;
                again = Some((part, at));
                continue;
            }
            (Some(Part::One), Some(_)) => {
                (at, part) = (at + 1, part + 1);
                continue;
            }
            (Some(Part::Character(expected)), Some(found)) if expected == found => {
                (at, part) = (at + 1, part + 1);
                continue;
            }
            (None, None) => return Ok(true),
            _ => {}
        }
        let Some((after, from)) = again.filter(|(_, from)| *from < text.len()) else {
            return Ok(false);
        };
        again = Some((after, from + 1));
        (at, part) = (from + 1, after);
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => {
                let escaped = characters.next_if(|next| matches!(next, '%' | '_' | '\\'));
                Part::Character(escaped.unwrap_or('\\'))
            }
            other => Part::Character(other),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(text: &str, pattern: &str) -> bool {
        super::matches(text, pattern, &Steps::default()).unwrap()
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("a", "", false),
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "bc", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "a_c", true),
            ("abc", "a__c", false),
            ("aXbXc", "a%X_", true),
            ("aab", "%ab", true),
            ("Ünö道", "_n_道", true),
            ("50%", r"50\%", true),
            ("505", r"50\%", false),
            ("a_b", r"a\_b", true),
            ("axb", r"a\_b", false),
            (r"a\b", r"a\\b", true),
            (r"a\b", r"a\b", true),
            (r"a\", r"a\", true),
            ("a\nb", "a%b", true),
            ("Abc", "abc", false),
        ] {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn many_wildcards_take_no_exponential_time() {
        let text = "a".repeat(5_000);
        assert!(!matches(&text, &format!("{}b", "%a".repeat(500))));
        assert!(matches(&text, &"%a".repeat(500)));
    }
}
