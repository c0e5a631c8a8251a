//! The YAML that a README begins with, between lines of `---`, and the text after it.

/// A README, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// What stands between the lines.
    pub(super) yaml: Option<&'a str>,
    /// What comes after.
    pub(super) body: &'a str,
}

/// Takes a README apart. `None`: its front matter begins and does not end.
pub(super) fn split(text: &str) -> Option<Parts<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = after_line(text, |line| line == "---") else {
        return Some(Parts { yaml: None, body: text });
    };
    let mut at = 0_usize;
    for line in rest.split_inclusive('\n') {
        let next = at.saturating_add(line.len());
        if matches!(line.trim_end(), "---" | "...") {
            let (yaml, _) = rest.split_at_checked(at)?;
            let (_, body) = rest.split_at_checked(next)?;
            return Some(Parts { yaml: Some(yaml), body });
        }
        at = next;
    }
    None
}

/// What comes after the first line, if that is the one.
fn after_line(text: &str, is: impl Fn(&str) -> bool) -> Option<&str> {
    let (line, rest) = text.split_once('\n')?;
    is(line.trim_end()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<&str>, &str) {
        let Parts { yaml, body } = split(text).unwrap();
        (yaml, body)
    }

    #[test]
    fn a_readme_is_taken_apart() {
        assert_eq!(parts("---\na: 1\n---\n# T\n"), (Some("a: 1\n"), "# T\n"));
        assert_eq!(parts("\u{feff}---\r\na: 1\r\n---\r\nx"), (Some("a: 1\r\n"), "x"));
        assert_eq!(parts("---  \na: 1\n...\n"), (Some("a: 1\n"), ""));
        assert_eq!(parts("---\n---"), (Some(""), ""));
        assert_eq!(parts("# T\n---\na: 1\n---\n"), (None, "# T\n---\na: 1\n---\n"));
        assert_eq!(parts(""), (None, ""));
        assert_eq!(parts("----\na"), (None, "----\na"));
    }

    #[test]
    fn one_that_does_not_end_is_told() {
        assert_eq!(split("---\na: 1\n"), None);
        assert_eq!(split("---\n"), None);
    }
}
