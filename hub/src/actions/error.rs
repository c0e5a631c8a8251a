//! Why an action did not do what was asked. Knows nothing of HTTP: `crate::error` maps it.

use std::fmt;
use std::io::ErrorKind;

use flisthub_converter::image::ImageError;
use flisthub_flist::LoadError;
use flisthub_storage::{ChunkId, StoreError};

use crate::auth::{AuthError, Denied};
use crate::catalog::CatalogError;
use crate::error::{Code, chain, cut};
use crate::limits::TooMany;
use crate::name::NameError;

/// Bytes of what is told of an image: it may quote from it.
const MESSAGE_BYTES: usize = 4_096;

/// Variants say what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// It is not clear who is calling.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The caller may not do that.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such thing.
    #[error("there is no {what} {name}")]
    NotFound {
        /// What sort of thing.
        what: Thing,
        /// What it was called.
        name: String,
    },
    /// The upload session does not exist, or is over.
    #[error("no such upload session: it was closed or has expired; open another")]
    NoSession,
    /// The request itself is wrong; `code` is a stable word for how.
    #[error("{message}")]
    Invalid {
        /// A stable word.
        code: Code,
        /// What is wrong, where, and what to do.
        message: String,
    },
    /// The request is well formed, but what it carries cannot be taken.
    #[error("{message}")]
    Unprocessable {
        /// A stable word.
        code: Code,
        /// What is wrong, where, and what to do.
        message: String,
    },
    /// A limit of the configuration is passed.
    #[error("{0}")]
    TooLarge(String),
    /// It clashes with what is there.
    #[error("{0}")]
    Conflict(String),
    /// The name is taken: it is there, or is of another kind.
    #[error("{0}")]
    Taken(String),
    /// A link would lead back to itself.
    #[error("{0}")]
    Circular(String),
    /// What the request expects of a name does not hold.
    #[error("{0}")]
    Precondition(String),
    /// Objects are needed that are not in the store.
    #[error("{} objects are not in the store; send them and try again", .0.len())]
    Missing(Vec<ChunkId>),
    /// Objects that were asked for are not in the store.
    #[error("{} of the objects asked for are not in the store", .0.len())]
    Absent(Vec<ChunkId>),
    /// An image could not be converted.
    #[error("{message}")]
    Conversion {
        /// A stable word; [`flisthub_converter::image::ImageError::code`] has most of them.
        code: String,
        /// What is wrong, where, and what to do.
        message: String,
    },
    /// What a deleted name pointed at is no longer whole.
    #[error("{0}")]
    Swept(String),
    /// This caller has as much as may be; `code` is a stable word for of what.
    #[error("{message}")]
    TooMuch {
        /// A stable word.
        code: Code,
        /// Of what, and what to do.
        message: String,
    },
    /// This caller did too much.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// As many as may run at a time are running.
    #[error("{0}")]
    Busy(&'static str),
    /// The catalog's database does not answer.
    #[error(
        "the catalog's database cannot be reached; if this was a change, look whether it was made before you \
         try again"
    )]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another hub has the catalog.
    #[error("another hub has taken over the catalog; nothing was changed")]
    LeaseLost,
    /// It was one of several things to be done, and those before it are done.
    #[error("{at}: {error}{}", after(*done))]
    Among {
        /// Where it stands in what was sent.
        at: String,
        /// How many before it are done.
        done: usize,
        /// What is wrong with it.
        error: Box<ActionError>,
    },
    /// The caller stopped sending.
    #[error("the request body ended early or stood still for too long")]
    BodyEnded,
    /// The caller sends too slowly; holds the bytes a second that it must keep to.
    #[error("the request body comes in at less than {0} bytes a second")]
    TooSlow(u64),
    /// The disk is full. What was not acknowledged is not kept; nothing else is lost.
    #[error("the hub's disk is full; nothing was changed, try again later")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The disk takes no writes for now.
    #[error("the hub cannot write at the moment; nothing was changed, try again later")]
    ReadOnly(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored is not what its id names, or not there any more.
    #[error(
        "an object that is needed is damaged in the store; tell the operator: after a scrub, pushing the \
         same content again heals it"
    )]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something of ours failed. The caller hears no more than that; the log has the rest.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// How many things were done before one that was not.
fn after(done: usize) -> String {
    if done == 0 { String::new() } else { format!("; the {done} before it are done") }
}

/// What a caller can name that may not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A user.
    User,
    /// A repository.
    Repository,
    /// A flist's name in a repository.
    Flist,
    /// A tag in a repository.
    Tag,
    /// A member of a tag.
    Member,
    /// A revision of a name.
    Revision,
    /// The configuration of the image that a flist was made of.
    ImageConfig,
    /// A path in a flist's tree.
    Path,
    /// A token, by its number.
    Token,
    /// A job.
    Job,
    /// A collection of items.
    Collection,
    /// An item of a collection.
    Item,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Repository => "repository",
            Self::Flist => "flist",
            Self::Tag => "tag",
            Self::Member => "member",
            Self::Revision => "revision",
            Self::ImageConfig => "image configuration in",
            Self::Path => "path",
            Self::Token => "token",
            Self::Job => "job",
            Self::Collection => "collection",
            Self::Item => "item",
        })
    }
}

impl ActionError {
    /// Nothing of that sort has that name.
    pub fn not_found(what: Thing, name: impl Into<String>) -> Self {
        Self::NotFound { what, name: name.into() }
    }

    /// Objects of a flist that is published could not be read.
    pub fn of_load(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            error => Self::Damaged(error.into()),
        }
    }

    /// An image could not be converted. What is wrong with the image is for whoever asked; what is wrong
    /// in the hub is not.
    pub fn of_image(error: ImageError) -> Self {
        match error {
            ImageError::Store(error) => error.into(),
            ImageError::File { source, .. } if source.kind() == ErrorKind::StorageFull => {
                Self::Full(source.into())
            }
            error if error.is_internal() => Self::internal(error),
            error => Self::Conversion {
                code: error.code().to_owned(),
                message: cut(&chain(&error), MESSAGE_BYTES).to_owned(),
            },
        }
    }

    /// Something of ours failed.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<CatalogError> for ActionError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Conflict { .. }
            | CatalogError::TooManyMembers { .. }
            | CatalogError::LastOwner { .. } => Self::Conflict(error.to_string()),
            CatalogError::Taken { .. } => Self::Taken(error.to_string()),
            CatalogError::Circular { .. } | CatalogError::TooManyLinks { .. } => {
                Self::Circular(error.to_string())
            }
            CatalogError::NoTarget { target } => Self::not_found(Thing::Flist, target.to_string()),
            CatalogError::Precondition { .. } => Self::Precondition(error.to_string()),
            error if error.is_full() => Self::Full(error.into()),
            error if error.is_read_only() => Self::ReadOnly(error.into()),
            error if error.is_busy() => Self::Busy("the catalog is busy; try again"),
            error if error.is_unreachable() => Self::Unreachable(error.into()),
            CatalogError::LeaseLost => Self::LeaseLost,
            CatalogError::StaleItem => {
                Self::Busy("what the item is made of changes all the time; try again")
            }
            CatalogError::SlowSearch => {
                Self::Busy("a search that takes so long is given up; ask for less")
            }
            other => Self::internal(other),
        }
    }
}

impl From<StoreError> for ActionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSession(_) => Self::NoSession,
            StoreError::Full(_) => Self::Full(error.into()),
            StoreError::Unwritable(_) => Self::ReadOnly(error.into()),
            StoreError::Corrupt { .. } => Self::Damaged(error.into()),
            // Whoever said who may use what could not (see `reach`): that is what is told.
            StoreError::Backend(cause) => match cause.downcast::<Self>() {
                Ok(told) => *told,
                Err(cause) => Self::internal(StoreError::Backend(cause)),
            },
            other @ StoreError::Unusable { .. } => Self::internal(other),
        }
    }
}

impl From<NameError> for ActionError {
    fn from(error: NameError) -> Self {
        Self::Invalid { code: Code::BAD_NAME, message: error.to_string() }
    }
}

/// A blocking task that panicked, or that the runtime gave up at shutdown.
impl From<tokio::task::JoinError> for ActionError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::internal(error)
    }
}
