//! What is needed of the text form of reference systems (WKT 1 and 2): keyword, name, code and unit of the outermost
//! one. No tree is made of it, so that nesting takes no stack.

/// The most bytes of such a text.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// Keywords that only the second version has.
const SECOND: [&str; 12] = [
    "GEODCRS",
    "GEODETICCRS",
    "GEOGCRS",
    "GEOGRAPHICCRS",
    "PROJCRS",
    "PROJECTEDCRS",
    "BOUNDCRS",
    "COMPOUNDCRS",
    "ENGCRS",
    "ENGINEERINGCRS",
    "VERTCRS",
    "DERIVEDPROJCRS",
];

/// What the outermost system of a text says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outermost {
    /// As it stands there: `PROJCS`, `GEOGCRS`.
    pub(crate) keyword: String,
    pub(crate) name: String,
    /// Who gave the code, and the code.
    pub(crate) code: Option<(String, u32)>,
    /// The last unit of this level: metres, or radians.
    pub(crate) unit: Option<f64>,
}

impl Outermost {
    pub(crate) fn is_second(&self) -> bool {
        SECOND.contains(&self.keyword.as_str())
    }

    /// The code, where EPSG gave it.
    pub(crate) fn epsg(&self) -> Option<u32> {
        self.code
            .as_ref()
            .and_then(|(authority, code)| authority.eq_ignore_ascii_case("EPSG").then_some(*code))
    }
}

/// What a piece of the text is.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Open,
    Close,
    Comma,
    Quoted(&'a str),
    Word(&'a str),
}

/// Reads it, or nothing where it is no such text.
pub(crate) fn outermost(text: &str) -> Option<Outermost> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let (mut found, mut depth) = (Outermost::default(), 0_usize);
    // The keyword of the part of the first level that is open, and what stands in it.
    let (mut word, mut keyword, mut inside): (&str, &str, Vec<&str>) = ("", "", Vec::new());
    for piece in Pieces(text) {
        match piece {
            Piece::Open => {
                depth = depth.checked_add(1)?;
                match depth {
                    1 => found.keyword = word.to_ascii_uppercase(),
                    2 => (keyword, inside) = (word, Vec::new()),
                    _ => {}
                }
            }
            Piece::Close => {
                if depth == 2 {
                    take(&mut found, keyword, &inside);
                }
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    break;
                }
            }
            Piece::Comma => {}
            Piece::Quoted(text) if depth == 1 && found.name.is_empty() => {
                text.clone_into(&mut found.name);
            }
            Piece::Quoted(text) | Piece::Word(text) => {
                if depth == 2 && inside.len() < 3 {
                    inside.push(text);
                }
                word = text;
            }
        }
    }
    (depth == 0 && !found.keyword.is_empty() && !found.name.is_empty()).then_some(found)
}

fn take(found: &mut Outermost, keyword: &str, inside: &[&str]) {
    match (keyword.to_ascii_uppercase().as_str(), inside) {
        ("AUTHORITY" | "ID", [authority, code, ..]) => {
            found.code = code.trim().parse().ok().map(|code| ((*authority).to_owned(), code));
        }
        ("UNIT" | "LENGTHUNIT" | "ANGLEUNIT", [_, factor, ..]) => {
            found.unit = factor.trim().parse().ok();
        }
        _ => {}
    }
}

struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        self.0 = self.0.trim_start();
        let first = self.0.chars().next()?;
        let one = match first {
            '[' | '(' => Some(Piece::Open),
            ']' | ')' => Some(Piece::Close),
            ',' => Some(Piece::Comma),
            _ => None,
        };
        if let Some(piece) = one {
            self.0 = self.0.get(1..)?;
            return Some(piece);
        }
        if first == '"' {
            // A doubled quote is one inside of a name; the name is then read in two, which no name here needs whole.
            let (text, rest) = self.0.get(1..)?.split_once('"')?;
            self.0 = rest;
            return Some(Piece::Quoted(text));
        }
        let end = self.0.find(['[', '(', ']', ')', ',', '"']).unwrap_or(self.0.len());
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Piece::Word(text.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTM: &str = r#"PROJCS["WGS 84 / UTM zone 31N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,
        298.257223563,AUTHORITY["EPSG","7030"]]],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]],
        UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AUTHORITY["EPSG","32631"]]"#;

    #[test]
    fn the_outermost_system_is_found() {
        let found = outermost(UTM).unwrap();
        assert_eq!((found.epsg(), found.unit, found.is_second()), (Some(32631), Some(1.0), false));
        assert_eq!(
            (found.keyword.as_str(), found.name.as_str()),
            ("PROJCS", "WGS 84 / UTM zone 31N")
        );
        let second =
            r#"GEOGCRS["WGS 84",DATUM["World",ELLIPSOID["WGS 84",6378137,298.2]],ID["EPSG",4326]]"#;
        let found = outermost(second).unwrap();
        assert_eq!((found.epsg(), found.is_second()), (Some(4326), true));
        let esri =
            r#"GEOGCS["GCS_WGS_1984",PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
        assert_eq!(outermost(esri).unwrap().epsg(), None);
        assert_eq!(outermost(esri).unwrap().unit, Some(0.017_453_292_519_943_3));
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "x",
            "PROJCS[",
            "PROJCS[\"a\"",
            "]",
            "[]",
            "PROJCS[\"a]",
            "\"",
            "+proj=utm +zone=31",
        ] {
            assert_eq!(outermost(text), None, "{text}");
        }
        assert_eq!(outermost(&"A[".repeat(30_000)), None);
        assert_eq!(outermost(&"A".repeat(MAX_BYTES + 1)), None);
    }
}
