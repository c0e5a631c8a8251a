//! How much the reading of one file may take.

/// What the reading of one file may take at most. Stack and time follow: nothing is nested deeper than constants of the
/// readers say, and what is done for a byte is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that are asked of the source.
    pub bytes_read: u64,
    /// Bytes of one value that is held in memory: a tag of TIFF, a text of Parquet, the header of `FlatGeobuf`.
    pub value_bytes: u64,
    /// Positions of GeoJSON.
    pub positions: u64,
    /// Bands that are described.
    pub bands: usize,
    /// Bytes of pixels that are decoded for a thumbnail.
    pub decoded_bytes: u64,
}

impl Default for Limits {
    /// Those for metadata.
    fn default() -> Self {
        Self {
            bytes_read: 16 << 20,
            value_bytes: 4 << 20,
            positions: 2_000_000,
            bands: 1_000,
            decoded_bytes: 64 << 20,
        }
    }
}
