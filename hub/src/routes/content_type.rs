//! What a file is by its name, and what a browser may do with it. Anybody may have made the file, so only
//! what shows and never acts is shown; all else is to be saved.

use super::percent;

/// Types that are not known to the crate, or by other words than those that are registered or common.
const OWN: &[(&str, &str)] = &[
    ("arrow", "application/vnd.apache.arrow.file"),
    ("fgb", "application/flatgeobuf"),
    ("geojson", "application/geo+json"),
    ("geojsonl", "application/geo+json-seq"),
    ("gpkg", "application/geopackage+sqlite3"),
    ("h5", "application/x-hdf5"),
    ("hdf5", "application/x-hdf5"),
    ("ipynb", "application/x-ipynb+json"),
    ("jp2", "image/jp2"),
    ("laz", "application/vnd.laszip"),
    ("log", "text/plain"),
    ("ndjson", "application/x-ndjson"),
    ("parquet", "application/vnd.apache.parquet"),
    ("pmtiles", "application/vnd.pmtiles"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zst", "application/zstd"),
];

/// Types that a browser shows and that can do nothing, beside images, sound and film.
const PASSIVE: &[&str] = &[
    "application/geo+json",
    "application/json",
    "text/csv",
    "text/markdown",
    "text/plain",
    "text/tab-separated-values",
];

/// The type of a file with that name.
pub(super) fn of(name: &[u8]) -> &'static str {
    let name = String::from_utf8_lossy(name);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let own = ending.and_then(|ending| OWN.iter().find(|(known, _)| *known == ending));
    match own {
        Some((_, own)) => own,
        None => mime_guess::from_path(&*name).first_raw().unwrap_or("application/octet-stream"),
    }
}

/// Whether it is a type whose text has a character set of its own.
pub(super) fn is_text(content_type: &str) -> bool {
    content_type.starts_with("text/")
}

/// Whether a browser may show it.
pub(super) fn is_passive(content_type: &str) -> bool {
    let (kind, subtype) = content_type.split_once('/').unwrap_or_default();
    let media = matches!(kind, "image" | "audio" | "video") && !subtype.ends_with("xml");
    media || PASSIVE.contains(&content_type)
}

/// The header that has a browser save a file under its name (RFC 6266).
pub(super) fn attachment(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let plain = |char: char| matches!(char, ' '..='~') && !matches!(char, '"' | '\\' | '%');
    let fallback: String = text.chars().map(|char| if plain(char) { char } else { '_' }).collect();
    let exact = percent::encode(text.as_bytes());
    if fallback == text {
        format!("attachment; filename=\"{fallback}\"")
    } else {
        format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{exact}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_name() {
        for (name, content_type, passive) in [
            ("scene.tif", "image/tiff", true),
            ("SCENE.TIFF", "image/tiff", true),
            ("a.png", "image/png", true),
            ("a.geojson", "application/geo+json", true),
            ("a.json", "application/json", true),
            ("a.parquet", "application/vnd.apache.parquet", false),
            ("a.txt", "text/plain", true),
            ("a.csv", "text/csv", true),
            ("a.md", "text/markdown", true),
            ("a.html", "text/html", false),
            ("a.HtM", "text/html", false),
            ("a.xhtml", "application/xhtml+xml", false),
            ("a.svg", "image/svg+xml", false),
            ("a.xml", "text/xml", false),
            ("a.js", "text/javascript", false),
            ("a.css", "text/css", false),
            ("a.pdf", "application/pdf", false),
            ("a.wasm", "application/wasm", false),
            ("a.mp4", "video/mp4", true),
            ("a.tar.gz", "application/gzip", false),
            ("a.unheard", "application/octet-stream", false),
            ("README", "application/octet-stream", false),
            (".html", "application/octet-stream", false),
            ("", "application/octet-stream", false),
        ] {
            assert_eq!(of(name.as_bytes()), content_type, "{name}");
            assert_eq!(is_passive(content_type), passive, "{name}");
        }
        assert_eq!(of(b"\xff\xfe.tif"), "image/tiff");
    }

    #[test]
    fn names_in_headers() {
        for (name, header) in [
            (&b"a.html"[..], r#"attachment; filename="a.html""#),
            (b"a b.html", r#"attachment; filename="a b.html""#),
            (b"a\"b\\c", r#"attachment; filename="a_b_c"; filename*=UTF-8''a%22b%5Cc"#),
            (b"a\r\nb", r#"attachment; filename="a__b"; filename*=UTF-8''a%0D%0Ab"#),
            ("\u{fc}.js".as_bytes(), r#"attachment; filename="_.js"; filename*=UTF-8''%C3%BC.js"#),
            (b"a\xff", r#"attachment; filename="a_"; filename*=UTF-8''a%EF%BF%BD"#),
            (b"100%", r#"attachment; filename="100_"; filename*=UTF-8''100%25"#),
        ] {
            assert_eq!(attachment(name), header);
            assert!(axum::http::HeaderValue::from_str(&attachment(name)).is_ok());
        }
    }
}
