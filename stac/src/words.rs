//! The form in which words are compared: what is indexed and what is asked for go through the same function, so that
//! every database finds the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a text: compatibility forms and letters with marks become plain ones (NFKD), case is dropped, and
/// whatever is neither letter nor digit separates.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded: String = text
        .nfkd()
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|char| !is_combining_mark(*char))
        .collect();
    let parts = folded.split(|char: char| !char.is_alphanumeric());
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The words of a text, joined by one blank.
pub fn normal(text: &str) -> String {
    words(text).join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_case_and_forms_do_not_count() {
        assert_eq!(normal("Été à l'Île-d’Yeu, ﬁn №5"), "ete a l ile d yeu fin no5");
        assert_eq!(words("s2b_msi/L2A 10.5"), ["s2b", "msi", "l2a", "10", "5"]);
        assert_eq!(normal("İstanbul ΣΊΣΥΦΟΣ"), normal("istanbul σισυφοσ"));
        assert_eq!(words(" -- "), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn what_is_normal_stays(text in ".*") {
            let once = normal(&text);
            prop_assert_eq!(normal(&once), once);
        }
    }
}
