//! Whether JSON may be read as values: how deep it is, and that no object in it has the one key by which the reader of
//! values would take a text for JSON of its own, with a depth of its own.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How deep an item may be: its geometry takes seven.
const MAX_DEPTH: usize = 32;

/// The key under which `serde_json` passes JSON text on as it is written.
const RAW: &str = "$serde_json::private::RawValue";

/// Says what is wrong with JSON text, if anything is.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    Shape { depth: 0 }.deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())
}

/// A value at a depth.
#[derive(Clone, Copy)]
struct Shape {
    depth: usize,
}

impl Shape {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(E::custom(format!("it is nested more than {MAX_DEPTH} deep")));
        }
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Shape {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while list.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while let Some(Key(key)) = object.next_key()? {
            if key == RAW {
                return Err(A::Error::custom(format!("no member is called {RAW}")));
            }
            object.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// The key of a member, without its escapes.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        String::deserialize(reader).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_and_keys_are_looked_at() {
        assert_eq!(check(r#" {"a": [1, -1, 1.5, 1e300, null, true, "x", {"b": {}}]} "#), Ok(()));
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert!(check(&nested(MAX_DEPTH + 1)).unwrap_err().starts_with("it is nested more than"));
        assert!(check(&nested(100_000)).is_err());
        // However the key is written.
        for key in [RAW, "\\u0024serde_json::private::RawValue"] {
            let text = format!(r#"{{"a": [{{"{key}": "[[]]"}}]}}"#);
            assert!(check(&text).unwrap_err().starts_with("no member is called"), "{text}");
        }
        for text in ["", "{", "[1,]", "{} {}"] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
