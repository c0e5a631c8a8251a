//! What must hold whatever bytes come in: one function for each thing that is read from outside.
//!
//! A target takes any bytes and panics when a law is broken: what is accepted has exactly one encoding,
//! a frame holds what its id names, reading in pieces gives what reading at once gives, and nothing
//! asks for more memory than its limits allow. The short run of `make test` (`tests/suite`) and the
//! long one of `make soak` (`src/main.rs`) call the same functions.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a target says that a law is broken by panicking"
)]

mod archive;
mod encode;
mod file;
mod filter;
mod frame;
mod image;
mod item;
mod object;
mod pieces;
mod tree;
mod wire;

/// What became of an input. Tests look at it to be sure that a target sees both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The bytes were taken, and every law held.
    Accepted,
    /// They were refused.
    Refused,
}

/// Something that reads bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder in `corpus/`.
    pub name: &'static str,
    /// Bytes beyond this many are not tried.
    pub longest: usize,
    /// Reads the bytes; panics if a law is broken.
    pub run: fn(&[u8]) -> Outcome,
}

/// All targets.
pub const TARGETS: [Target; 21] = [
    Target { name: "frame", longest: 64 << 10, run: frame::frame },
    Target { name: "records", longest: 64 << 10, run: wire::records },
    Target { name: "ids", longest: 4 << 10, run: wire::ids },
    Target { name: "manifest", longest: 16 << 10, run: object::manifest },
    Target { name: "directory", longest: 64 << 10, run: object::directory },
    Target { name: "list", longest: 64 << 10, run: object::list },
    Target { name: "links", longest: 64 << 10, run: object::links },
    Target { name: "flist", longest: 64 << 10, run: file::flist },
    Target { name: "tree", longest: 1 << 10, run: tree::tree },
    Target { name: "archive", longest: 64 << 10, run: archive::archive },
    Target { name: "image-document", longest: 16 << 10, run: image::document },
    Target { name: "image-config", longest: 16 << 10, run: image::config },
    Target { name: "known-layer", longest: 16 << 10, run: image::known_layer },
    Target { name: "layer", longest: 64 << 10, run: image::layer },
    Target { name: "yaml", longest: 16 << 10, run: item::yaml },
    Target { name: "readme", longest: 16 << 10, run: item::readme },
    Target { name: "item-json", longest: 16 << 10, run: item::item_json },
    Target { name: "wkt", longest: 16 << 10, run: item::wkt },
    Target { name: "search", longest: 16 << 10, run: item::search },
    Target { name: "filter-text", longest: 16 << 10, run: filter::text },
    Target { name: "filter-json", longest: 16 << 10, run: filter::json },
];
