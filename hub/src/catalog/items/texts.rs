//! Texts as the indexes take them: words, titles and tags, cut to what both databases keep. What is a word at all is said
//! in `crate::stac::words`.

/// Bytes of words that are found: as much as PostgreSQL takes, with room to spare. A readme has less.
const MOST_WORDS: usize = 256 << 10;

/// Bytes of one word that count: PostgreSQL takes none over 2,046.
pub(super) const LONGEST_WORD: usize = 256;

/// Bytes of a text that stands in an index: PostgreSQL takes no more than about 2,700.
const LONGEST_INDEXED: usize = 1024;

/// Words as they are looked for: each with a blank before and after it, as many as an index takes.
pub(super) fn words(text: &str) -> String {
    let mut words = " ".to_owned();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = cut(word);
        if words.len() + word.len() > MOST_WORDS {
            break;
        }
        words.push_str(word);
        words.push(' ');
    }
    words
}

/// What counts of a word.
pub(super) fn cut(word: &str) -> &str {
    word.get(..word.floor_char_boundary(LONGEST_WORD)).unwrap_or(word)
}

/// What an index keeps of a title or a tag. PostgreSQL takes no zero in a text.
pub(super) fn indexed(text: &str) -> String {
    let begin = text.get(..text.floor_char_boundary(LONGEST_INDEXED)).unwrap_or(text);
    begin.replace('\0', "\u{fffd}")
}
