//! A JSON object of which each member comes once. Of two members with one name, one reader takes the first
//! and another one the last; what a JWT says must not depend on that.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

/// The members of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Members(BTreeMap<String, Value>);

impl Members {
    /// What the member of that name says; `None` where there is none, or it is null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether there is a member of that name, whatever it says.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The member of that name, where it is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;

        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member comes twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_comes_once() {
        let read = |text| serde_json::from_str::<Members>(text);
        let members = read("{\"a\":\"b\",\"c\":null}").unwrap();
        assert_eq!(
            (members.text("a"), members.text("c"), members.text("d")),
            (Some("b"), None, None)
        );
        assert!(members.has("c") && members.get("c").is_none());
        for bad in ["{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}", "[]", "1", "null", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
