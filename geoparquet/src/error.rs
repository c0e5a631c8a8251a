//! Why items cannot be written.

/// Items that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Something that is no JSON object.
    #[error("item {at} is no object of JSON")]
    Item {
        /// Which one, from 0.
        at: usize,
        /// What its reader says.
        #[source]
        source: serde_json::Error,
    },
    /// The bytes could not be written, or the columns do not fit one another.
    #[error("the file could not be written")]
    File(#[from] parquet::errors::ParquetError),
}
