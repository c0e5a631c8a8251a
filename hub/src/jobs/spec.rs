//! What a job can be asked to do, and how that is written as JSON: in the catalog, over HTTP and on the
//! control socket alike.

use std::path::PathBuf;

use flisthub_storage::ChunkId;
use serde::{Deserialize, Serialize};

/// A job to be done: its kind (`"kind"` in JSON) and what that kind wants to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum JobSpec {
    /// Delete what nothing refers to.
    Sweep {
        /// Only tell what would be deleted.
        #[serde(default)]
        dry_run: bool,
        /// Seconds for which anything that was put or asked for stays; `None`: as configured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace_seconds: Option<u64>,
    },
    /// Read and hash everything again.
    Scrub {
        /// Bytes a second to read at most; `None`: as fast as it goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate_bytes_per_second: Option<u64>,
    },
    /// Write a backup.
    Backup {
        /// The directory that holds the backups. Absolute: the hub works elsewhere than who asks.
        directory: PathBuf,
        /// Older backups in it to keep; `None`: all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<u32>,
    },
    /// Tell what takes how much space.
    Space {},
    /// Tell which names and paths keep an object.
    Why {
        /// The object's id, 64 hex digits.
        id: String,
    },
    /// Compose the items again that are marked.
    Items {},
    /// Make a flist of an image and publish it.
    Convert(Box<ConvertSpec>),
}

/// An image to be converted. Two of one user that are the same ([`JobSpec::is_same`]) are one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvertSpec {
    /// Number of the user who asks. What they may read decides which known layers are used again.
    pub user_id: i64,
    /// The repository to publish into.
    pub repository: String,
    /// The name to publish.
    pub name: String,
    /// The image, as it was asked for.
    pub image: String,
    /// Where the image is.
    #[serde(default)]
    pub source: ImageFrom,
    /// The platform; `None`: the hub's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The digest that the image's name stood for when it was asked for; `None`: not looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Whether to add a `.startup.toml`.
    #[serde(default)]
    pub startup: bool,
    /// The categories that the name is in from now on; `None`: as was said before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// What tells the credentials that came with the request from others, without saying anything of
    /// them; `None`: there were none. The credentials themselves are never written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// Whether it was asked for with an admin's token, which may write to any repository.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// Numbers of the repositories that the token was limited to which it was asked for with; `None`: it was
    /// not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<i64>>,
    /// Numbers of the repositories that an issuer said the user contributes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub member_of: Vec<i64>,
    /// Number of the token that it was asked for with: once that is revoked, nothing is published any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<i64>,
}

impl ConvertSpec {
    /// What tells it from others: a digest names an image, whatever it was called; and who may do more
    /// asks for nothing else. By another token it is another: the first may be revoked.
    fn key(&self) -> Self {
        let image = if self.digest.is_some() { String::new() } else { self.image.clone() };
        Self { image, admin: false, only: None, member_of: Vec::new(), ..self.clone() }
    }

    /// Whether both may turn out to ask for the same once their digests are known.
    pub(super) fn may_be_same(&self, other: &Self) -> bool {
        let rest = |spec: &Self| Self { image: String::new(), digest: None, ..spec.key() };
        rest(self) == rest(other)
    }
}

/// Where an image is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFrom {
    /// In a registry.
    #[default]
    Registry,
    /// In the Docker engine of the hub's machine.
    Docker,
    /// In the Podman engine of the hub's machine.
    Podman,
}

/// Why a job cannot be as asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A rate at which nothing would ever be read.
    #[error("rate_bytes_per_second must be at least 1; leave it out to read as fast as it goes")]
    NoRate,
    /// A directory that means another place to each process.
    #[error("the backup directory {} must be an absolute path", .0.display())]
    RelativeDirectory(PathBuf),
    /// JSON holds text, and the catalog JSON.
    #[error("the backup directory's path must be UTF-8")]
    NotUnicode,
    /// What is asked about is no id.
    #[error("{0:?} is no id of a stored object: that is 64 lower-case hex digits")]
    NoId(String),
    /// The newest backup is always kept.
    #[error("keep must be at least 1; leave it out to keep every backup")]
    KeepNone,
}

impl JobSpec {
    /// What [`Self::kind`] may give.
    pub const KINDS: [&'static str; 7] =
        ["sweep", "scrub", "backup", "space", "why", "items", "convert"];

    /// The kind's word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sweep { .. } => "sweep",
            Self::Scrub { .. } => "scrub",
            Self::Backup { .. } => "backup",
            Self::Space {} => "space",
            Self::Why { .. } => "why",
            Self::Items {} => "items",
            Self::Convert(_) => "convert",
        }
    }

    /// Whether the job may simply be done again when the hub stopped in the middle of it. A backup may
    /// not: where it was to go may be gone, and whoever asked for it looks at the outcome. A conversion
    /// may not that came with credentials: they are gone.
    pub fn may_start_again(&self) -> bool {
        !matches!(self, Self::Backup { .. }) && !self.needs_memory()
    }

    /// What is said of a job that was cut off and may not start again.
    pub(super) fn why_not_again(&self) -> &'static str {
        if self.needs_memory() {
            "the hub stopped while this job ran, and credentials are never written down; ask for it again"
        } else {
            "the hub stopped while this job ran; run it again"
        }
    }

    /// Whether the job needs what the hub keeps nowhere but in memory, so that it cannot even begin once
    /// the hub that was asked for it is gone.
    pub fn needs_memory(&self) -> bool {
        matches!(self, Self::Convert(spec) if spec.credentials.is_some())
    }

    /// Whether both ask for the same.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Convert(one), Self::Convert(other)) => one.key() == other.key(),
            (one, other) => one == other,
        }
    }

    /// Refuses values with which the job would do nothing, or something else than meant.
    pub fn check(&self) -> Result<(), SpecError> {
        match self {
            Self::Scrub { rate_bytes_per_second: Some(0) } => Err(SpecError::NoRate),
            Self::Backup { directory, .. } if !directory.is_absolute() => {
                Err(SpecError::RelativeDirectory(directory.clone()))
            }
            Self::Backup { keep: Some(0), .. } => Err(SpecError::KeepNone),
            Self::Why { id } if id.parse::<ChunkId>().is_err() => {
                Err(SpecError::NoId(id.chars().take(80).collect()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
