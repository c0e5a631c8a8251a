//! What is made of a definition of PROJ's before it is used: shifts between datums that need grids are replaced by such
//! as need none, and systems whose definition says less than EPSG does are refused.

use super::rough;

/// Longitude and latitude of WGS 84.
pub(super) const WORLD: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// Positions in units other than degrees, which definitions of PROJ do not say.
const NOT_IN_DEGREES: u32 = 4807;

/// Shifts that definitions name by a datum whose grids are not here: the datum, what is used in its place, and what is
/// to be said of it.
const SHIFTS: [(&str, &str, &str); 1] = [(
    "+datum=NAD27",
    "+ellps=clrk66 +towgs84=-8,160,176,0,0,0,0",
    "NAD27 is shifted by its mean for the contiguous United States: positions may be off by some ten metres there, and \
     by a hundred elsewhere",
)];

const NO_SHIFT: &str =
    "how its datum lies to WGS 84 is not known: positions may be off by some hundred metres";

/// A definition that is ready.
pub(super) struct Adapted {
    pub(super) text: String,
    pub(super) same: bool,
    pub(super) doubt: Option<&'static str>,
}

pub(super) fn adapt(code: u32, definition: &str) -> Result<Adapted, String> {
    if code == NOT_IN_DEGREES || rough::is_wrong(code) {
        return Err(format!("the definition of EPSG:{code} that is known is not good enough"));
    }
    let mut words: Vec<&str> = definition.split_ascii_whitespace().collect();
    let has = |words: &[&str], start: &str| words.iter().any(|word| word.starts_with(start));
    // Where there are both, the grid is the better one; it is not here.
    if has(&words, "+towgs84=") {
        words.retain(|word| !word.starts_with("+nadgrids="));
    }
    let mut doubt = None;
    for (datum, shift, said) in SHIFTS {
        if let Some(word) = words.iter_mut().find(|word| **word == datum) {
            (*word, doubt) = (shift, Some(said));
        }
    }
    let shifted = ["+towgs84=", "+datum=", "+nadgrids="].iter().any(|word| has(&words, word));
    let modern = words.iter().any(|word| ["+ellps=GRS80", "+ellps=WGS84"].contains(word));
    if (!shifted && !modern || rough::is_rough(code)) && doubt.is_none() {
        doubt = Some(NO_SHIFT);
    }
    let plain = words.iter().all(|word| {
        matches!(
            *word,
            "+proj=longlat"
                | "+no_defs"
                | "+datum=WGS84"
                | "+datum=NAD83"
                | "+ellps=GRS80"
                | "+ellps=WGS84"
                | "+towgs84=0,0,0,0,0,0,0"
                | "+towgs84=0,0,0"
        )
    });
    Ok(Adapted { text: words.join(" "), same: plain, doubt })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_are_replaced_and_doubts_said() {
        let nad27 = adapt(4267, "+proj=longlat +datum=NAD27 +no_defs").unwrap();
        assert_eq!(nad27.text, "+proj=longlat +ellps=clrk66 +towgs84=-8,160,176,0,0,0,0 +no_defs");
        assert!(nad27.doubt.is_some() && !nad27.same);
        let both = adapt(1, "+proj=utm +zone=58 +towgs84=1,2,3 +nadgrids=a.gsb").unwrap();
        assert_eq!(both.text, "+proj=utm +zone=58 +towgs84=1,2,3");
        assert!(adapt(1, "+proj=longlat +ellps=bessel +no_defs").unwrap().doubt.is_some());
        assert!(adapt(1, "+proj=longlat +ellps=GRS80 +no_defs").unwrap().same);
        assert!(!adapt(1, "+proj=longlat +datum=WGS84 +pm=paris +no_defs").unwrap().same);
    }
}
