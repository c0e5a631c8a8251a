//! `f`: as what the items are sent.

use super::error::ParameterError;

/// As what items are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A feature collection of GeoJSON.
    Json,
    /// A table: GeoParquet.
    Parquet,
}

impl Format {
    /// Reads the word.
    pub(super) fn of_text(text: &str) -> Result<Self, ParameterError> {
        match text {
            "json" | "geojson" => Ok(Self::Json),
            "parquet" => Ok(Self::Parquet),
            _ => Err(ParameterError::new("f", "it must be json, geojson or parquet")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_one_of_three_words() {
        for (word, format) in
            [("json", Format::Json), ("geojson", Format::Json), ("parquet", Format::Parquet)]
        {
            assert_eq!(Format::of_text(word), Ok(format));
        }
        for word in ["", "Parquet", "html", "geoparquet"] {
            assert_eq!(Format::of_text(word).unwrap_err().parameter, "f");
        }
    }
}
