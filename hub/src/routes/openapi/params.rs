//! Parameters that many routes have, for the document.
#![expect(
    dead_code,
    clippy::struct_field_names,
    reason = "the document alone reads the fields, and they are called as the parameters are"
)]

use utoipa::IntoParams;

/// A repository in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct Repository {
    /// The repository's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "alice")]
    repository: String,
}

/// `repository/name` in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct Name {
    /// The repository's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "alice")]
    repository: String,
    /// The name in the repository, with `.flist` at its end or without.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "base")]
    name: String,
}

/// A member of a repository in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct RepositoryMember {
    /// The repository's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "alice")]
    repository: String,
    /// The user's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "bob")]
    user: String,
}

/// A user in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct User {
    /// The user's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "bob")]
    user: String,
}

/// A token in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct TokenId {
    /// The token's number.
    #[param(pattern = "^[0-9]{1,19}$", example = "4093417529012845123")]
    token: String,
}

/// A tag in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct Tag {
    /// The repository's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "alice")]
    repository: String,
    /// The tag's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "stable")]
    tag: String,
}

/// A member of a tag in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct Member {
    /// The repository's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "alice")]
    repository: String,
    /// The tag's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "stable")]
    tag: String,
    /// The member's name.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", example = "base")]
    member: String,
}

/// Conditions of a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in crate::routes) struct Conditions {
    /// Change only what has one of these tags, which reading the name gives as `ETag`; `*`: only what is there.
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
    /// `*`: only make what is not there. Other values have no meaning here.
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// Conditions of reading (RFC 9110, 13.1).
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in crate::routes) struct ReadConditions {
    /// Read only what has one of these tags.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
    /// The tags of what the caller has.
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
    /// Read only what has changed since; does not count beside `If-None-Match`.
    #[param(rename = "If-Modified-Since", example = "Sat, 21 Nov 2026 12:00:00 GMT")]
    if_modified_since: Option<String>,
    /// Read only what has not changed since; does not count beside `If-Match`.
    #[param(rename = "If-Unmodified-Since")]
    if_unmodified_since: Option<String>,
}

/// An upload session in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct Session {
    /// The upload session's id.
    #[param(pattern = "^[0-9a-f]{32}$", example = "5e0c1b7f5e0c1b7f5e0c1b7f5e0c1b7f")]
    session: String,
}

/// A job in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::routes) struct Job {
    /// The job's id.
    #[param(pattern = "^[0-9a-f]{32}$", example = "7c1b7f5e0c1b7f5e0c1b7f5e0c1b7f5e")]
    job: String,
}
