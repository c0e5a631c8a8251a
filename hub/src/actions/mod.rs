//! What the hub does, one file a verb: the rules. No HTTP and no SQL in here.

pub mod accounts;
pub mod chunks;
pub mod conversions;
pub mod convert;
pub mod delete;
pub mod download;
pub mod dump;
mod error;
pub mod export;
mod feed;
pub mod image_upload;
pub mod jobs;
pub mod lists;
pub mod merge;
mod merge_report;
pub mod publish;
mod put_objects;
mod registries;
mod resolve;
pub mod sessions;
mod stream;
pub mod undelete;
pub mod upload;

pub use error::{ActionError, Thing};
pub use stream::Items;
