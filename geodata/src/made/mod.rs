//! For tests: small files of each format, written by hand, so that no test needs a program that writes them.

pub(crate) mod flatgeobuf;
pub(crate) mod parquet;
pub(crate) mod shapefile;
pub(crate) mod tiff;
