//! A directory, an archive or an image, into a hub under a name; only what the hub does not have travels.
//!
//! The work is the converter's; this file puts a [`RemoteStore`] below it and publishes. Files are cut
//! as the hub asks, so that a push makes the flist that an upload of the same tree would make. When the hub
//! says that objects are missing after all (a sweep took them in between), the same input is read
//! again, and what is missing travels then.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flisthub_converter::image::{
    ConvertOptions, Image, ImageError, ImageSource, NoCache, convert_image,
};
use flisthub_converter::{
    ConvertError, IngestOptions, IngestReport, Ingested, ingest_archive, ingest_directory,
};
use flisthub_flist::wire::{FlistInfo, Publish, UploadReport};
use flisthub_storage::{ChunkStore, Profile, StoreError};
use tokio::runtime::Handle;

use crate::condition::Condition;
use crate::error::ClientError;
use crate::hub::{HubClient, Opened};
use crate::remote_store::{RemoteStore, Traffic};

/// How often the input is read before a push gives up.
const ATTEMPTS: u32 = 3;

/// Bytes that are said of where a flist is from.
const MOST_DETAIL: usize = 1000;

/// Why a push failed. Nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// There is nothing to push at the path.
    #[error("cannot open {}", path.display())]
    Open {
        /// The path.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The input cannot become a flist, or the hub failed meanwhile.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// The image cannot become a flist, or the hub failed meanwhile.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// What was put could not be sent.
    #[error(transparent)]
    Send(#[from] StoreError),
    /// The hub did not publish it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The hub asks for files to be cut in a way that this program does not know.
    #[error(
        "this hub-client is too old for the hub's profile {0:?}: get the one of the hub's version"
    )]
    UnknownProfile(String),
    /// The hub lost objects again and again, or the input cannot be read a second time.
    #[error("the hub lost objects while they were pushed; push again")]
    Incomplete(#[source] ClientError),
}

/// What to push.
pub enum Source {
    /// A directory on this machine.
    Directory(PathBuf),
    /// An archive that can be read again.
    Archive(PathBuf),
    /// An archive that comes once, from a pipe.
    Stream(Option<Box<dyn Read + Send>>),
}

impl Source {
    /// What stands at a path; `-` is standard input.
    pub fn at(path: &Path) -> Result<Self, PushError> {
        let failed = |source| PushError::Open { path: path.to_owned(), source };
        if path.as_os_str() == "-" {
            return Ok(Self::Stream(Some(Box::new(io::stdin()))));
        }
        let about = fs::metadata(path).map_err(failed)?;
        if about.is_dir() {
            Ok(Self::Directory(path.to_owned()))
        } else if about.is_file() {
            Ok(Self::Archive(path.to_owned()))
        } else {
            let file = File::open(path).map_err(failed)?;
            Ok(Self::Stream(Some(Box::new(file))))
        }
    }

    /// Length of what will be read, where that is known beforehand.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Archive(path) => fs::metadata(path).ok().map(|about| about.len()),
            Self::Directory(_) | Self::Stream(_) => None,
        }
    }

    /// Reads the input into `store`; `None` if it cannot be read again.
    fn ingest(
        &mut self,
        store: &dyn ChunkStore,
        options: &IngestOptions,
    ) -> Result<Option<Ingested>, PushError> {
        let ingested = match self {
            Self::Directory(path) => ingest_directory(path, store, options)?,
            Self::Archive(path) => {
                let file = File::open(&*path);
                let file = file.map_err(|source| PushError::Open { path: path.clone(), source })?;
                ingest_archive(file, store, options)?
            }
            Self::Stream(stream) => match stream.take() {
                Some(stream) => ingest_archive(stream, store, options)?,
                None => return Ok(None),
            },
        };
        Ok(Some(ingested))
    }
}

/// What a push did.
#[derive(Debug, Clone, PartialEq)]
pub struct Pushed {
    /// What the name points at now.
    pub info: FlistInfo,
    /// What it took. `seconds` is left for the caller, who knows when it began.
    pub report: UploadReport,
}

/// One push, within an upload session that the caller opened.
pub struct Push<'a> {
    hub: &'a HubClient,
    repository: &'a str,
    name: &'a str,
    opened: &'a Opened,
    condition: Condition,
    categories: Option<Vec<String>>,
    store: RemoteStore,
}

impl<'a> Push<'a> {
    /// Will push to `repository/name`.
    pub fn new(
        hub: &'a HubClient,
        runtime: &Handle,
        (repository, name): (&'a str, &'a str),
        opened: &'a Opened,
    ) -> Self {
        let session = opened.session;
        let store = RemoteStore::in_session(hub.clone(), runtime.clone(), repository, session);
        let (condition, categories) = (Condition::Always, None);
        Self { hub, repository, name, opened, condition, categories, store }
    }

    /// Will publish only if `condition` holds.
    #[must_use]
    pub fn on(self, condition: Condition) -> Self {
        Self { condition, ..self }
    }

    /// Will put the name into these categories, as an item of each, whatever its files say.
    #[must_use]
    pub fn into_categories(self, categories: Vec<String>) -> Self {
        Self { categories: Some(categories), ..self }
    }

    /// The counters, which go on counting.
    pub fn traffic(&self) -> Arc<Traffic> {
        self.store.traffic()
    }

    /// Reads the source, cut by the hub's profile whatever `options` say, sends what is missing,
    /// publishes.
    pub fn run(
        &self,
        runtime: &Handle,
        source: &mut Source,
        options: &IngestOptions,
    ) -> Result<Pushed, PushError> {
        let options = IngestOptions { profile: self.profile()?, ..options.clone() };
        self.publish(runtime, || Ok(source.ingest(&self.store, &options)?.map(|it| (it, None))))
    }

    /// Converts the source's image in the same way.
    pub fn run_image(
        &self,
        runtime: &Handle,
        source: &dyn ImageSource,
        options: &ConvertOptions,
    ) -> Result<(Pushed, Image), PushError> {
        let ingest = IngestOptions { profile: self.profile()?, ..options.ingest.clone() };
        let options = ConvertOptions { ingest, ..options.clone() };
        let mut image = None;
        let pushed = self.publish(runtime, || {
            let converted = convert_image(source, &self.store, &NoCache, &options)?;
            let detail = Some(detail(&converted.image.with_digest()));
            image = Some(converted.image);
            Ok(Some((converted.ingested, detail)))
        })?;
        Ok((pushed, image.ok_or(ConvertError::Empty)?))
    }

    fn profile(&self) -> Result<Profile, PushError> {
        let profile = self.opened.profile.parse::<Profile>();
        profile.map_err(|error| PushError::UnknownProfile(error.name))
    }

    /// Publishes what `ingest` puts into the store, which it does again when the hub has lost some of it.
    fn publish(
        &self,
        runtime: &Handle,
        mut ingest: impl FnMut() -> Result<Option<(Ingested, Option<String>)>, PushError>,
    ) -> Result<Pushed, PushError> {
        let mut total = IngestReport::default();
        let mut left = ATTEMPTS;
        let mut lost = None;
        loop {
            let (ingested, detail) = match (ingest()?, lost.take()) {
                (Some(ingested), _) => ingested,
                (None, Some(error)) => return Err(PushError::Incomplete(error)),
                (None, None) => return Err(ConvertError::Empty.into()),
            };
            self.store.flush()?;
            total = sum(&total, &ingested.report);
            left -= 1;
            let asked = Publish {
                session: self.opened.session.to_string(),
                flist: ingested.flist.to_string(),
                detail,
                categories: self.categories.clone(),
            };
            let name = (self.repository, self.name);
            match runtime.block_on(self.hub.publish(name, &asked, self.condition)) {
                Ok(info) => return Ok(Pushed { report: self.report(&info, &total), info }),
                Err(error @ ClientError::MissingObjects { .. }) if left > 0 => lost = Some(error),
                Err(error @ ClientError::MissingObjects { .. }) => {
                    return Err(PushError::Incomplete(error));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn report(&self, info: &FlistInfo, total: &IngestReport) -> UploadReport {
        // What the hub made of it, and not what was offered: somebody else may have been faster.
        let stored = self.store.stored();
        UploadReport {
            flist: info.flist.clone(),
            files: total.files,
            entries: total.entries,
            bytes: total.bytes,
            chunks: total.chunks,
            new_chunks: total.new_chunks,
            new_objects: stored.new.saturating_sub(total.new_chunks),
            stored_bytes: stored.stored_bytes,
            sent_bytes: Some(self.store.traffic().sent()),
            seconds: 0.0,
            item: info.item.clone(),
        }
    }
}

/// What history keeps of an image. A name that comes from a file may hold anything and be of any length;
/// the hub takes neither, and says so only when everything was sent. The digest stands at the end and stays.
fn detail(image: &str) -> String {
    let plain = |text: &str| text.chars().filter(|char| !char.is_control()).collect::<String>();
    let (name, digest) = match image.rfind("@sha256:") {
        Some(at) => image.split_at(at),
        None => (image, ""),
    };
    let (mut name, digest) = (plain(name), plain(digest));
    name.truncate(name.floor_char_boundary(MOST_DETAIL.saturating_sub(digest.len())));
    name + &digest
}

/// The tree as it was read last; the chunks that were new, in all.
fn sum(before: &IngestReport, last: &IngestReport) -> IngestReport {
    IngestReport { new_chunks: before.new_chunks + last.new_chunks, ..*last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_history_keeps_is_plain_and_short() {
        let digest = format!("@sha256:{}", "a".repeat(64));
        assert_eq!(detail(&format!("app\n\u{9b}:1{digest}")), format!("app:1{digest}"));
        let long = detail(&format!("{}{digest}", "\u{fc}".repeat(2000)));
        assert!(long.len() <= MOST_DETAIL && long.len() > MOST_DETAIL - 2, "{}", long.len());
        assert!(long.starts_with('\u{fc}') && long.ends_with(&digest));
        assert_eq!(detail(&"x".repeat(2000)).len(), MOST_DETAIL);
    }
}
