//! A flist out again: as a tar of the whole tree or of a part of it, as an OCI image layout, and as an
//! archive that `docker load` takes.
//!
//! The tar is canonical: the same tree gives the same bytes on every hub (`docs/tar-format.md`). Where
//! zstd is asked for, it is made of the stored frames and content is not compressed again.
//!
//! ```text
//! plan ──literals, chunks──> batch ──> pack (threads) ──in order──> stream ──> tar
//!                                                                              ├─> layout, layout_tar
//!                                                                              └─> docker
//! ```

mod batch;
mod checked;
mod docker;
mod error;
mod gzip;
mod header;
mod image;
mod layout;
mod layout_tar;
mod options;
mod pack;
mod plan;
mod records;
mod stream;
mod tag;
mod tar;

pub use checked::{ImageForm, measure_image};
pub use docker::export_docker_archive;
pub use error::ExportError;
pub use image::ImageOptions;
pub use layout::export_layout;
pub use layout_tar::export_layout_tar;
pub use options::{Compression, ExportOptions, Exported, Measured, OnTemporary};
pub use tag::{docker_name, docker_name_of};
pub use tar::{export_tar, measure};
