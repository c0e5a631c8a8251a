//! Titles and descriptions in several languages. Those beside `locales` are English, as in SharingHub.

use serde_json::{Map, Value};

/// A title and a description, in several languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// In English: keys like `title`.
    pub english: Map<String, Value>,
    /// In others, by their tags.
    pub locales: Map<String, Value>,
}

impl Texts {
    /// In English alone.
    pub(super) fn plain(title: &str, description: &str) -> Self {
        let mut english = Map::new();
        english.insert("title".to_owned(), title.into());
        english.insert("description".to_owned(), description.into());
        Self { english, locales: Map::new() }
    }

    /// Takes the texts out of what else is said of something.
    pub(super) fn take(map: &mut Map<String, Value>, keys: &[&str]) -> Self {
        let texts = keys.iter().filter_map(|key| map.remove_entry(*key));
        let english = texts.filter(|(_, value)| !value.is_null()).collect();
        let locales = match map.remove("locales") {
            Some(Value::Object(locales)) => locales,
            _ => Map::new(),
        };
        Self { english, locales }
    }

    /// The title, in the first of these languages that it is known in.
    pub fn title<'a>(&'a self, languages: &[String]) -> Option<&'a str> {
        self.find("title", languages)
    }

    /// The description, likewise.
    pub fn description<'a>(&'a self, languages: &[String]) -> Option<&'a str> {
        self.find("description", languages)
    }

    /// By language: English, and the others.
    pub(super) fn by_language(&self) -> Value {
        let mut all = Map::new();
        all.insert("en".to_owned(), Value::Object(self.english.clone()));
        all.extend(self.locales.clone());
        Value::Object(all)
    }

    fn find<'a>(&'a self, key: &str, languages: &[String]) -> Option<&'a str> {
        let english = || self.english.get(key).and_then(Value::as_str);
        let in_language = |language: &String| match self.locale(language) {
            Some(locale) => locale.get(key).and_then(Value::as_str),
            None if primary(language) == "en" => english(),
            None => None,
        };
        languages.iter().find_map(in_language).or_else(english)
    }

    /// What is said in that language: by its whole tag, or else by the part before the country.
    fn locale(&self, language: &str) -> Option<&Value> {
        let by = |tag: &str| self.locales.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
        by(language).or_else(|| by(primary(language))).map(|(_, locale)| locale)
    }
}

/// The language of a tag: `fr` of `fr-CA`.
fn primary(tag: &str) -> &str {
    tag.split_once('-').map_or(tag, |(primary, _)| primary)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_language_that_is_known_is_used() {
        let Value::Object(mut map) = json!({
            "title": "Models", "description": "All", "logo": "x",
            "locales": {"fr": {"title": "Modèles"}, "de": {"title": "Modelle"}, "it": 1},
        }) else {
            panic!("no object")
        };
        let texts = Texts::take(&mut map, &["title", "description"]);
        assert_eq!(Value::Object(map), json!({"logo": "x"}));
        for (languages, title) in [
            (&[][..], "Models"),
            (&["fr"], "Modèles"),
            (&["fr-CA"], "Modèles"),
            (&["FR"], "Modèles"),
            (&["es", "de", "fr"], "Modelle"),
            (&["en", "fr"], "Models"),
            (&["en-GB", "fr"], "Models"),
            (&["it", "es"], "Models"),
        ] {
            let languages: Vec<String> = languages.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(texts.title(&languages), Some(title), "{languages:?}");
            assert_eq!(texts.description(&languages), Some("All"));
        }
    }
}
