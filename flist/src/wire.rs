//! JSON bodies spoken between the hub and its clients on `/api/v1`. Ids are lower-case hex.

mod accounts;
mod conversions;
mod diffs;
mod files;
mod jobs;
mod merges;
mod names;
mod signing;
mod stac;

use flisthub_storage::Profile;
use serde::{Deserialize, Serialize};

pub use accounts::{
    AuditEntry, AuditPage, LoginRequest, MemberInfo, MemberList, MemberRequest, PasswordChange,
    RepositoryChange, RepositoryDetail, RepositoryRequest, TokenInfo, TokenMade, TokenPage,
    TokenRequest, UserChange, UserInfo, UserPage, UserRequest,
};
pub use conversions::{Conversion, RegistryCredentials, default_name};
pub use diffs::{DiffAspect, DiffChange, DiffKind, DiffLine, DiffSummary};
pub use files::{DeviceNumber, DirectoryPage, EntryKind, ListedEntry};
pub use jobs::{JobDetail, JobInfo, JobLine, JobPage, JobPart};
pub use merges::{
    MergeConflict, MergeDifference, MergeRequest, MergeRule, MergeSummary, MergedFlist,
};
pub use names::{
    HistoryEntry, HistoryPage, LinkRequest, NameInfo, NameKind, NamePage, PromoteRequest,
    RenameRequest, RepositoryPage, RollbackRequest, TagInfo, TagMember,
};
pub use signing::{
    MAX_SIGNED_PATHS, MAX_SIGNED_SECONDS, SIGNED_SECONDS, SignRequest, SignedUrl, SignedUrls,
};
pub use stac::{ItemMetadata, ItemMetadataInfo, ItemNote, MAX_CATEGORIES, StarInfo};

/// Media type of error bodies (RFC 9457).
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// Most ids in one question which are missing: 4 MiB of them.
pub const MAX_MISSING_IDS: usize = 131_072;

/// Most ids in one request for chunks.
pub const MAX_CHUNK_IDS: usize = 4096;

/// Who the token belongs to, and what it is worth. Older hubs say the first two only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The user's name.
    pub user: String,
    /// Repositories the token may write to.
    pub repositories: Vec<String>,
    /// `read`, `write` or `admin`; each includes those before it.
    #[serde(default)]
    pub scope: String,
    /// What it is: `api` or `login`, a token of the hub; `jwt`, one that an issuer signed.
    #[serde(default)]
    pub credential: String,
    /// Whether the user may do all that admins may, with this token.
    #[serde(default)]
    pub admin: bool,
    /// When the token ends; null: never.
    #[serde(default)]
    pub expires: Option<u64>,
    /// The repositories that the token is limited to; null: it is not.
    #[serde(default)]
    pub limited_to: Option<Vec<String>>,
    /// The repository that `me` means in paths; null: the one of the user's name.
    #[serde(default)]
    pub acts_for: Option<String>,
}

/// Asks for an upload session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// The repository to publish into.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"))]
    pub repository: String,
}

/// An upload session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionOpened {
    /// Its id, 32 hex digits.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-f]{32}$"))]
    pub session: String,
    /// When it ends, in seconds since the Unix epoch.
    pub expires: u64,
    /// Name of the profile by which the hub cuts what is uploaded, as in manifests. Who cuts by it too
    /// gets the same flist id from the same tree. A hub that does not say cuts by the standard one.
    #[serde(default = "standard")]
    pub profile: String,
}

fn standard() -> String {
    Profile::Standard.name().to_owned()
}

/// What the hub did with sent chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChunksStored {
    /// Objects that the hub did not have.
    pub new: u64,
    /// Objects that it had.
    pub known: u64,
    /// Content bytes of the new ones.
    pub new_bytes: u64,
    /// Bytes stored for the new ones.
    pub stored_bytes: u64,
}

/// Asks to make a name point at a flist whose objects were all sent or known before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The upload session, 32 hex digits.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-f]{32}$"))]
    pub session: String,
    /// The manifest's id, 64 hex digits.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-f]{64}$"))]
    pub flist: String,
    /// Where it is from, for the name's history: at most 1,024 bytes without control characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub detail: Option<String>,
    /// Ids of the categories in which the name shall be a STAC item from now on; absent: as it was set before, or as
    /// its files or its repository say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 32))]
    pub categories: Option<Vec<String>>,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepositoryInfo {
    /// Its name.
    pub name: String,
    /// Whether the hub's configuration calls it official.
    pub official: bool,
    /// When a name in it last changed, in seconds since the Unix epoch.
    pub updated: u64,
}

/// A published name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlistInfo {
    /// The repository it is in.
    pub repository: String,
    /// The name, without `.flist`.
    pub name: String,
    /// The flist's id, 64 hex digits.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-f]{64}$"))]
    pub flist: String,
    /// Entries of its tree at any depth.
    pub entries: u64,
    /// Content bytes of its files.
    pub bytes: u64,
    /// When the name that points at the flist last changed, in seconds since the Unix epoch.
    pub updated: u64,
    /// Of the name: 1 for its first change, then one more each time.
    pub revision: u64,
    /// What the name links to, as `repository/name`, if it is a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What became of it in the catalogue; in the answer to a publish alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemNote>,
}

/// What an upload or a push did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UploadReport {
    /// The flist's id, 64 hex digits.
    pub flist: String,
    /// Regular files.
    pub files: u64,
    /// Entries of the tree at any depth.
    pub entries: u64,
    /// Content bytes of the files.
    pub bytes: u64,
    /// Chunks that the files are made of, each counted as often as it is used.
    pub chunks: u64,
    /// Those of them that were new to the uploader, each counted once: what others have counts as new.
    pub new_chunks: u64,
    /// Directory and other objects that were new to the uploader.
    pub new_objects: u64,
    /// Bytes stored for all that was new.
    pub stored_bytes: u64,
    /// Bytes sent over the network; absent where the hub did the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_bytes: Option<u64>,
    /// How long it took.
    pub seconds: f64,
    /// What became of it in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemNote>,
}

/// How much space something takes, in bytes.
///
/// Stored bytes are those of the compressed frames, without what the store's own tables and free space
/// add. They are exclusive and shared bytes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Space {
    /// Content bytes of the files, holes included, as they would be after a pull; a file with two hard
    /// links counts twice.
    pub logical_bytes: u64,
    /// Bytes stored for it, directories and lists included, each distinct object once however often it
    /// is used.
    pub stored_bytes: u64,
    /// Those of the stored bytes that nothing else here uses: what a sweep would give back if only this
    /// were deleted and nothing else, such as history or a running upload, used it.
    pub exclusive_bytes: u64,
    /// Those that something else here uses as well. They count in full for each of their users, so the
    /// stored bytes of several may add up to more than the total.
    pub shared_bytes: u64,
}

/// The space of one flist, beside all other flists of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlistSpace {
    /// Its id, 64 hex digits.
    pub flist: String,
    /// The names that point at it, as `repository/name`; none if only history does.
    pub names: Vec<String>,
    /// The space it takes. Exclusive is what no other flist uses, whatever repository that is in.
    pub space: Space,
}

/// The space of one repository, beside all other repositories of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepositorySpace {
    /// Its name.
    pub repository: String,
    /// The space its flists take together; a flist that has several names in it counts once. Exclusive
    /// is what no other repository uses.
    pub space: Space,
}

/// The space that flists and repositories take, computed from what is stored at the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpaceReport {
    /// All flists together, each once. Exclusive is what just one flist uses, shared what several do.
    pub total: Space,
    /// The repositories, by name.
    pub repositories: Vec<RepositorySpace>,
    /// The distinct flists, in the order asked.
    pub flists: Vec<FlistSpace>,
}

/// An error of `/api/v1` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`: the code says which problem it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The status code.
    pub status: u16,
    /// A stable word for the problem.
    pub code: String,
    /// What was wrong, where, and what to do.
    pub detail: String,
    /// The ids that are not there, when `code` is `missing_objects`; the first 100,000 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}
