//! Texts without regard to case or accents.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Full case folding: what differs in case alone becomes the same, `ß` is `ss`. The standard library has no table of
/// it; each character becomes lower, upper and lower case, one by one, which is the same but for the dotless `ı`, which
/// is kept.
pub(super) fn case(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        if character == 'ı' {
            folded.push(character);
        } else {
            // `ẞ` has no upper case but `ß`, which it becomes first.
            let upper = character.to_lowercase().flat_map(char::to_uppercase);
            folded.extend(upper.flat_map(char::to_lowercase));
        }
    }
    folded
}

/// Letters without their accents: decomposed (NFD), without combining marks, composed again. Japanese voicing marks are
/// no accents, as the standard recommends; strokes through Latin letters, which do not decompose, are, as its tests ask.
pub(super) fn accents(text: &str) -> String {
    text.nfd()
        .filter(|character| !is_combining_mark(*character) || is_voicing(*character))
        .map(without_stroke)
        .nfc()
        .collect()
}

fn is_voicing(character: char) -> bool {
    matches!(character, '\u{3099}' | '\u{309A}')
}

fn without_stroke(letter: char) -> char {
    match letter {
        'Ø' => 'O',
        'ø' => 'o',
        'Ł' => 'L',
        'ł' => 'l',
        'Đ' => 'D',
        'đ' => 'd',
        'Ħ' => 'H',
        'ħ' => 'h',
        'Ŧ' => 'T',
        'ŧ' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_case_alone_is_folded_to_the_same() {
        for (left, right) in [
            ("PLANET", "planet"),
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("ΟΔΟΣ", "οδος"),
            ("Οδοσ", "ΟΔΟς"),
            ("ŉ", "ʼN"),
            ("ﬃ", "FFI"),
            ("ǅ", "ǆ"),
            ("K", "k"),
            ("İ", "i\u{307}"),
        ] {
            assert_eq!(case(left), case(right), "{left} {right}");
        }
        assert_ne!(case("ı"), case("i"));
        assert_ne!(case("ä"), case("a"));
    }

    #[test]
    fn accents_are_dropped_and_letters_are_kept() {
        for (text, plain) in [
            ("débárquér", "debarquer"),
            ("äöüéáí", "aoueai"),
            ("e\u{301}", "e"),
            ("København", "Kobenhavn"),
            ("Łódź", "Lodz"),
            ("がぱ", "がぱ"),
            ("한국", "한국"),
            ("Straße", "Straße"),
            ("50%_\\", "50%_\\"),
        ] {
            assert_eq!(accents(text), plain, "{text}");
        }
    }
}
