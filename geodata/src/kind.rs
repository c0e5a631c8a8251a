//! Which reader a file is for: by the ending of its name and its first bytes.

/// A format whose files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// TIFF and `BigTIFF`, with the keys of `GeoTIFF` or without.
    GeoTiff,
    /// RFC 7946.
    GeoJson,
    /// Parquet with the metadata of `GeoParquet`.
    GeoParquet,
    /// The header of a `FlatGeobuf`.
    FlatGeobuf,
    /// The header of a `.shp`.
    Shapefile,
}

/// The first bytes that [`Kind::of`] looks at.
const LOOKED_AT: usize = 4096;

/// Texts of which JSON that is GeoJSON has one early. Files that end in `.geojson` need none.
const WORDS: [&[u8]; 5] = [
    b"\"FeatureCollection\"",
    b"\"Feature\"",
    b"\"coordinates\"",
    b"\"features\"",
    b"\"geometries\"",
];

impl Kind {
    /// The kind of a file with this name that begins with these bytes (a few thousand are enough). Both must fit, so
    /// that neither a text called `a.tif` nor a TIFF called `model.bin` is taken for a raster.
    pub fn of(name: &str, head: &[u8]) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        let fits = match ending.as_str() {
            "tif" | "tiff" | "gtiff" | "geotiff" => (Self::GeoTiff, is_tiff(head)),
            "geojson" => (Self::GeoJson, begins_object(head)),
            "json" => (Self::GeoJson, begins_object(head) && speaks_geojson(head)),
            "parquet" | "geoparquet" | "pq" => (Self::GeoParquet, head.starts_with(b"PAR1")),
            "fgb" => (Self::FlatGeobuf, head.starts_with(b"fgb\x03fgb")),
            "shp" => (Self::Shapefile, head.starts_with(&[0, 0, 0x27, 0x0a])),
            _ => return None,
        };
        fits.1.then_some(fits.0)
    }
}

fn is_tiff(head: &[u8]) -> bool {
    let magics: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
    magics.iter().any(|magic| head.starts_with(magic))
}

fn begins_object(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

fn speaks_geojson(head: &[u8]) -> bool {
    let head = head.get(..LOOKED_AT).unwrap_or(head);
    // An item of STAC is a feature, too: what it says is read elsewhere.
    let has = |word: &[u8]| head.windows(word.len()).any(|part| part == word);
    !has(b"\"stac_version\"") && WORDS.iter().any(|word| has(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_first_bytes_must_fit() {
        let cases: [(&str, &[u8], Option<Kind>); 14] = [
            ("a.TIF", b"II*\0....", Some(Kind::GeoTiff)),
            ("b/a.tiff", b"MM\0+....", Some(Kind::GeoTiff)),
            ("a.tif", b"hello", None),
            ("a.bin", b"II*\0", None),
            ("tif", b"II*\0", None),
            ("a.geojson", b"\xef\xbb\xbf \n{", Some(Kind::GeoJson)),
            ("a.geojson", b"[1]", None),
            ("a.json", b"{\"a\": 1}", None),
            ("a.json", b"{\"type\": \"FeatureCollection\"", Some(Kind::GeoJson)),
            ("item.json", b"{\"stac_version\": \"1.1.0\", \"type\": \"Feature\"", None),
            ("a.parquet", b"PAR1\x15", Some(Kind::GeoParquet)),
            ("a.fgb", b"fgb\x03fgb\x01", Some(Kind::FlatGeobuf)),
            ("a.shp", &[0, 0, 0x27, 0x0a, 0], Some(Kind::Shapefile)),
            ("a.shp", b"", None),
        ];
        for (name, head, kind) in cases {
            assert_eq!(Kind::of(name, head), kind, "{name}");
        }
    }
}
