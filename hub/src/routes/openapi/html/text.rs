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
        self.0.push_str(&format!("<{name}>{inner}</{name}>"));
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
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| match index % 2 {
            0 => escaped(part),
            _ => format!("<code>{}</code>", escaped(part)),
        })
        .collect()
}

/// Paragraphs with empty lines between them.
pub(super) fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", inline(paragraph))).collect()
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
