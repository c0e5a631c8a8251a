//! Archives and directories to flists, and flists to directories.
//!
//! This crate is the only one that knows tar. It reads from anything, and puts what it makes into a
//! chunk store; it knows nothing of HTTP or names. Everything is synchronous: threads joined by
//! bounded channels.

mod archive;
mod beneath;
mod directory;
mod envelope;
mod error;
mod export;
mod extract;
mod file_name;
mod first_error;
pub mod image;
mod input;
mod limits;
mod options;
mod pipeline;
mod source;
mod tar;
mod work;
mod xattr;

pub use archive::ingest_archive;
pub use directory::ingest_directory;
pub use envelope::Envelope;
pub use error::{ConvertError, ExtractError, Problem};
pub use export::{
    Compression, ExportError, ExportOptions, Exported, ImageForm, ImageOptions, Measured,
    OnTemporary, docker_name, docker_name_of, export_docker_archive, export_layout,
    export_layout_tar, export_tar, measure, measure_image,
};
pub use extract::{ExtractOptions, ExtractReport, NotRestored, Skipped, Summary, extract};
pub use file_name::without_archive_ending;
pub use limits::{Limit, Limits};
pub use options::{IngestOptions, IngestReport, Ingested, OnProgress, Progress};
