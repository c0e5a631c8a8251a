//! The result of a job as text for people: its JSON, line by line, with sizes as sizes.

use std::fmt::Write as _;

use serde_json::Value;

/// The lines of a result.
pub(super) fn text(result: &Value) -> String {
    let mut text = String::new();
    put(&mut text, result, "", 0);
    harmless(&text)
}

/// `key` is the name under which the value stands.
fn put(text: &mut String, value: &Value, key: &str, depth: usize) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let label = name.replace('_', " ");
                let indent = "  ".repeat(depth);
                if is_simple(field) {
                    let _ = write!(text, "{indent}{label}: ");
                    put(text, field, name, depth);
                } else {
                    let _ = writeln!(text, "{indent}{label}:");
                    put(text, field, name, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let _ = write!(text, "{}- ", "  ".repeat(depth));
                if is_simple(item) {
                    put(text, item, key, depth);
                } else {
                    // The first line stands behind the dash.
                    let mut inner = String::new();
                    put(&mut inner, item, key, depth + 1);
                    text.push_str(inner.trim_start());
                }
            }
        }
        Value::Number(number) => {
            let _ = match number
                .as_u64()
                .filter(|_| key.ends_with("bytes") || key.contains("bytes_"))
            {
                Some(bytes) => writeln!(text, "{} ({bytes})", indicatif::BinaryBytes(bytes)),
                None => writeln!(text, "{number}"),
            };
        }
        Value::String(string) => {
            let _ = writeln!(text, "{}", string.replace('\n', " "));
        }
        Value::Bool(yes) => text.push_str(if *yes { "yes\n" } else { "no\n" }),
        Value::Null => text.push_str("-\n"),
    }
}

/// Whether a value takes one line. An empty list takes none, and would leave its name alone.
fn is_simple(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

/// Text in which names from archives may stand, with everything escaped that could move a cursor, colour
/// a screen or hide. Line breaks stay.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        let hides = matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (char.is_control() && char != '\n') || hides {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_is_lines() {
        let result = json!({
            "dry_run": true,
            "stored_bytes": 1_572_864,
            "removed": { "objects": 3 },
            "damaged": [{ "id": "ab", "paths": ["a/b", "c"] }, { "id": "cd", "paths": [] }],
            "error": null,
        });
        let expected = "\
damaged:
  - id: ab
    paths:
      - a/b
      - c
  - id: cd
    paths:
dry run: yes
error: -
removed:
  objects: 3
stored bytes: 1.50 MiB (1572864)
";
        assert_eq!(text(&result), expected);
    }

    #[test]
    fn names_cannot_reach_the_terminal_as_commands() {
        assert_eq!(text(&json!(["a\u{1b}[31m\nb\u{202e}"])), "- a\\u{1b}[31m b\\u{202e}\n");
    }
}
