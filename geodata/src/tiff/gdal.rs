//! What GDAL writes beside the pixels: a text of XML that is a flat list of items. No tree is made of it.

use std::collections::HashMap;

/// Items that say when an image was taken, the best first.
pub(super) const TAKEN: [&str; 4] =
    ["ACQUISITIONDATETIME", "ACQUISITION_DATETIME", "SENSING_TIME", "DATE_TIME"];

/// The most items.
const MAX_ITEMS: usize = 10_000;

/// The most bytes of a text that are looked at: far more than is made of any.
const MAX_TEXT: usize = 8 << 10;

/// The longest word for a character, with its semicolon: `#x0010ffff;`.
const MAX_WORD: usize = 11;

/// Items in their order: those of the whole image, and those of each band.
#[derive(Debug, Default)]
pub(super) struct Items {
    of_image: Vec<Item>,
    of_bands: HashMap<usize, Vec<Item>>,
}

#[derive(Debug, Default, PartialEq)]
struct Item {
    name: String,
    role: String,
    text: String,
}

impl Items {
    /// What is said of the whole image by this name.
    pub(super) fn of_image(&self, name: &str) -> Option<&str> {
        let named = self.of_image.iter().find(|item| item.name == name);
        named.map(|item| item.text.as_str())
    }

    /// What is said of a band by this role, or by this name.
    pub(super) fn of_band(&self, at: usize, word: &str) -> Option<&str> {
        let named = self
            .of_bands
            .get(&at)?
            .iter()
            .find(|item| item.role == word || item.role.is_empty() && item.name == word);
        named.map(|item| item.text.as_str())
    }
}

pub(super) fn items(text: &str) -> Items {
    let (mut found, mut count, mut rest) = (Items::default(), 0, text);
    while let Some((_, after)) = rest.split_once("<Item") {
        let Some((attributes, after)) = after.split_once('>') else { break };
        rest = after;
        if attributes.ends_with('/') || count >= MAX_ITEMS {
            continue;
        }
        let Some((inside, after)) = after.split_once("</Item>") else { break };
        rest = after;
        let attribute = |name| attribute(attributes, name).map(unescaped);
        // Bands are counted from 0.
        let sample = attribute("sample").and_then(|text| text.parse().ok());
        let of_it = match sample {
            Some(band) => found.of_bands.entry(band).or_default(),
            None => &mut found.of_image,
        };
        of_it.push(Item {
            name: attribute("name").unwrap_or_default(),
            role: attribute("role").unwrap_or_default(),
            text: unescaped(inside),
        });
        count += 1;
    }
    found
}

/// The value of ` name="value"`.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|first| ['"', '\''].contains(first))?;
        let (value, after) = after.get(1..)?.split_once(quote)?;
        if key.trim() == name {
            return Some(value);
        }
        rest = after;
    }
}

/// The beginning of a text, with the five characters that XML writes in words, and those by number.
fn unescaped(text: &str) -> String {
    clean(text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text))
}

fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        clean.push_str(before);
        // A semicolon further on is none of this word: each `&` looks at a few bytes only.
        let end = after.bytes().take(MAX_WORD).position(|byte| byte == b';');
        let word = end.and_then(|end| Some((after.get(..end)?, after.get(end..)?.get(1..)?)));
        let known = word.and_then(|(word, after)| Some((character(word)?, after)));
        // What is no such word stays as it is.
        let (character, after) = known.unwrap_or(('&', after));
        clean.push(character);
        rest = after;
    }
    clean.push_str(rest);
    clean
}

fn character(word: &str) -> Option<char> {
    Some(match word {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = word.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']);
            let code =
                hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
            char::from_u32(code?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read() {
        let text = "<GDALMetadata>\n<Item name=\"A\">1 &lt; 2 &amp;&#xe9; &odd; &</Item>\
            <Item name='DESCRIPTION' sample=\"0\" role=\"description\">red</Item><Item name=\"E\"/>\
            <Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.5</Item>\
            <Item name=\"STATISTICS_MEAN\" sample=\"1\">3</Item></GDALMetadata>";
        let items = items(text);
        assert_eq!(items.of_image("A"), Some("1 < 2 &é &odd; &"));
        assert_eq!(items.of_band(0, "description"), Some("red"));
        assert_eq!(items.of_band(0, "scale"), Some("0.5"));
        assert_eq!(items.of_band(1, "STATISTICS_MEAN"), Some("3"));
        assert_eq!(items.of_band(1, "scale"), None);
        assert_eq!(items.of_image.len(), 1);
        // Each band has its own, so that none looks at those of others.
        assert_eq!([0, 1].map(|band| items.of_bands[&band].len()), [2, 1]);
    }

    /// Hours, where each `&` were to look for its semicolon to the end of the text.
    #[test]
    fn texts_of_nothing_but_escapes_take_no_longer_than_others() {
        // First what is seen at once where that is not bounded.
        assert_eq!(clean("&#x0010fffd;&#65;&#x00010fffd;&a;&é;"), "\u{10fffd}A&#x00010fffd;&a;&é;");
        let text = "&".repeat(4 << 20);
        assert!(clean(&text) == text);
        let items = items(&format!("<Item name=\"{text}\">{text}é{text}</Item>"));
        assert_eq!(
            (items.of_image[0].name.len(), items.of_image[0].text.len()),
            (MAX_TEXT, MAX_TEXT)
        );
        assert_eq!(unescaped(&"é".repeat(MAX_TEXT)).len(), MAX_TEXT);
    }

    #[test]
    fn broken_texts_end_where_they_break() {
        for text in [
            "",
            "<Item",
            "<Item name=\"a\">",
            "<Item name=a>x</Item>",
            "<Item =\"\">",
            "<Item name=\"é>",
        ] {
            assert!(items(text).of_image("a").is_none(), "{text}");
        }
        assert_eq!(items(&"<Item>a</Item>".repeat(20_000)).of_image.len(), MAX_ITEMS);
    }
}
