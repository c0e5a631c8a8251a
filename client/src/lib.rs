//! What a program needs to use a hub: typed calls, and a hub as a chunk store.
//!
//! [`HubClient`] has one method for each route. [`RemoteStore`] is a [`ChunkStore`] over it, so that the
//! converter's pipeline pushes and its extraction pulls as if the hub were a local store. The
//! `hub-client` program is built on both.
//!
//! [`ChunkStore`]: flisthub_storage::ChunkStore

mod accounts;
mod address;
mod body;
mod changes;
mod condition;
mod diffs;
mod download;
mod error;
mod event_stream;
mod files;
mod hub;
mod jobs;
mod names;
mod object_file;
mod pages;
mod pull;
mod push;
mod remote_store;
mod retry;
mod sender;
mod stac;
mod transport;

pub use condition::{Change, Condition};
pub use diffs::Differences;
pub use download::{ChunkDownload, Download};
pub use error::{ClientError, Refusal};
pub use files::{FileDownload, FileRange, Found};
pub use hub::{HubClient, Opened, flist_id};
pub use jobs::{JobEvent, JobEvents};
pub use pages::{Page, Pages};
pub use pull::{Pull, PullError};
pub use push::{Push, PushError, Pushed, Source};
pub use remote_store::{RemoteStore, Traffic};
pub use retry::Patience;
pub use stac::{Document, ItemPage, Items, Search, SortBy};
