//! Text as HTML. All that comes from the document goes through [`escaped`].

use serde_json::Value;

/// A page that grows.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// What is HTML already.
    pub(super) fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    /// An element around what is HTML already.
    pub(super) fn element(&mut self, name: &str, inner: &str) {
        for part in ["<", name, ">", inner, "</", name, ">"] {
            self.0.push_str(part);
        }
    }

    pub(super) fn finished(self) -> String {
        self.0
    }
}

/// A string of the document; of anything else nothing.
pub(super) fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Text in which nothing is markup.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text of which only backticks are markup.
pub(super) fn inline(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let (before, after) = if index % 2 == 0 { ("", "") } else { ("<code>", "</code>") };
        html.push_str(before);
        html.push_str(&escaped(part));
        html.push_str(after);
    }
    html
}

/// Paragraphs with empty lines between them.
pub(super) fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    let mut html = Html::default();
    for paragraph in paragraphs {
        html.element("p", &inline(paragraph));
    }
    html.finished()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_text_is_markup_but_backticks() {
        assert_eq!(
            prose("a <b> `\"c\" & d`\n\ne\n"),
            concat!("<p>a &lt;b&gt; <code>&quot;c&quot; &amp; d</code></p>", "<p>e\n</p>")
        );
        assert_eq!(prose(""), "");
    }
}
