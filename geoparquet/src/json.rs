//! JSON as it is written: each value stays text until somebody asks what it is, so that no digit is lost and no depth is
//! followed that nobody wants.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A value as it is written.
pub(crate) type Raw<'a> = &'a RawValue;

/// The members of an object. Of a name that stands there twice, the last one counts.
pub(crate) type Members<'a> = IndexMap<String, Raw<'a>>;

/// What a value is, and the values directly in it.
#[derive(Debug)]
pub(crate) enum View<'a> {
    Null,
    Truth,
    Number(&'a str),
    Text(String),
    List(Vec<Raw<'a>>),
    Object(Members<'a>),
    /// Text with an escape that is no character: its JSON is all that there is.
    Odd,
}

/// What a value is.
pub(crate) fn view(raw: Raw<'_>) -> View<'_> {
    let text = raw.get();
    match text.bytes().next() {
        Some(b'n') => View::Null,
        Some(b't' | b'f') => View::Truth,
        Some(b'"') => read(text).map_or(View::Odd, View::Text),
        Some(b'[') => read(text).map_or(View::Odd, View::List),
        Some(b'{') => read(text).map_or(View::Odd, View::Object),
        _ => View::Number(text),
    }
}

/// The text of a value that is one.
pub(crate) fn text(raw: Raw<'_>) -> Option<String> {
    match view(raw) {
        View::Text(text) => Some(text),
        _ => None,
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}
