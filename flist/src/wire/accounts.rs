//! Accounts as JSON: logging in, tokens, users, members, and the log of changes. Times are seconds since the
//! Unix epoch. What the values mean and who may set them is the hub's.

use serde::{Deserialize, Serialize};

/// Asks for a token by user name and password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The user's name.
    pub user: String,
    /// The user's password.
    #[cfg_attr(feature = "openapi", schema(format = Password))]
    pub password: String,
}

/// Asks for another password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password that holds now.
    #[cfg_attr(feature = "openapi", schema(format = Password))]
    pub current: String,
    /// The one that is to hold: at least 8 characters, at most 1,024 bytes, no control characters.
    #[cfg_attr(feature = "openapi", schema(format = Password, min_length = 8, max_length = 1024))]
    pub new: String,
}

/// Asks for a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it is for, as its owner will find it again: at most 128 bytes without control characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub label: String,
    /// `read`, `write` or `admin`; each includes those before it.
    #[cfg_attr(feature = "openapi", schema(pattern = "^(read|write|admin)$"))]
    pub scope: String,
    /// The repositories that it is limited to: at least one, at most 100. Without the list it reaches as far as its
    /// owner does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub repositories: Option<Vec<String>>,
    /// Seconds after which it ends. Without it, it ends with the API token that makes it, or, made by a login, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub expires_in: Option<u64>,
}

/// A token, without what it is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenInfo {
    /// Its number, as text: it has up to 19 digits. Opens nothing.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9]{1,19}$"))]
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// `api`, or `login` for one that a password was given for.
    pub kind: String,
    /// What it is for.
    pub label: String,
    /// `read`, `write` or `admin`.
    pub scope: String,
    /// The repositories that it is limited to; absent where it is not. Those that are gone are not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<Vec<String>>,
    /// When it was made.
    pub created: u64,
    /// When it ends; null: never.
    pub expires: Option<u64>,
    /// When it was revoked; null: it was not.
    pub revoked: Option<u64>,
}

/// A token that was just made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenMade {
    /// The token. It is shown this once.
    pub token: String,
    /// What is told of it from now on.
    #[serde(flatten)]
    pub info: TokenInfo,
}

/// A page of tokens, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenPage {
    /// The tokens.
    pub tokens: Vec<TokenInfo>,
    /// What to ask for as `cursor` to get the next page; null on the last one.
    pub next: Option<String>,
}

/// Asks for a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RepositoryRequest {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"))]
    pub name: String,
    /// `public`, `internal` or `private`; as the hub is configured unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^(public|internal|private)$"))]
    pub visibility: Option<String>,
}

/// Asks to change a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RepositoryChange {
    /// `public`, `internal` or `private`. Null: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^(public|internal|private)$"))]
    pub visibility: Option<String>,
    /// Ids of the categories that its names are in which say none themselves. Null: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 32))]
    pub categories: Option<Vec<String>>,
}

/// A repository, as somebody sees it who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepositoryDetail {
    /// Its name.
    pub name: String,
    /// `public`, `internal` or `private`.
    pub visibility: String,
    /// The caller's own level: `guest`, `reader`, `contributor` or `owner`; null for who is no member.
    pub level: Option<String>,
    /// Whether the hub's configuration calls it official.
    pub official: bool,
    /// When a name in it last changed.
    pub updated: u64,
    /// Ids of the categories that its names are in which say none themselves; null for who may not read it.
    #[serde(default)]
    pub categories: Option<Vec<String>>,
}

/// Asks to make somebody a member, or to change a member's level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberRequest {
    /// `guest`, `reader`, `contributor` or `owner`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^(guest|reader|contributor|owner)$"))]
    pub level: String,
}

/// A member of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberInfo {
    /// The user's name.
    pub user: String,
    /// `guest`, `reader`, `contributor` or `owner`.
    pub level: String,
    /// Since when they are a member.
    pub added: u64,
}

/// The members of a repository, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberList {
    /// The members.
    pub members: Vec<MemberInfo>,
}

/// Asks for a user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// The user's name, and that of the repository that is made with the user.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"))]
    pub name: String,
    /// Whether the user may do all that admins may.
    #[serde(default)]
    pub admin: bool,
    /// A password, of 8 characters to 1,024 bytes; without one the user logs in by other ways alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = Password, min_length = 8, max_length = 1024))]
    pub password: Option<String>,
}

/// Asks to change a user; what is not given stays.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Whether the user is shut out: nothing that says it is that user is taken any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Whether the user may do all that admins may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<bool>,
    /// Another password. Ends what the user logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = Password, min_length = 8, max_length = 1024))]
    pub password: Option<String>,
}

/// A user, as admins see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserInfo {
    /// The user's name.
    pub name: String,
    /// Whether the user is an admin.
    pub admin: bool,
    /// Since when the user is shut out; null: is not.
    pub disabled: Option<u64>,
    /// Whether the user has a password.
    pub password: bool,
    /// When the user was made.
    pub created: u64,
}

/// A page of users, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserPage {
    /// The users.
    pub users: Vec<UserInfo>,
    /// What to ask for as `cursor` to get the next page; null on the last one.
    pub next: Option<String>,
}

/// One change, in the log of all changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// When.
    pub at: u64,
    /// Who: the user's name, or `operator`, who works at the hub's machine.
    pub actor: String,
    /// By what they were known: `token` or `login` and its number, `password`, `jwt` and the issuer, `job`, or
    /// `command line`.
    pub credential: String,
    /// The address that it came from; null where there is none.
    pub address: Option<String>,
    /// The request's id, as the hub's log has it; null where it was no request.
    pub request: Option<String>,
    /// What was done, in a stable word.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// What else there is to tell.
    pub detail: Option<String>,
}

/// A page of changes, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// The changes.
    pub entries: Vec<AuditEntry>,
    /// What to ask for as `cursor` to get the next page; null on the last one.
    pub next: Option<String>,
}
