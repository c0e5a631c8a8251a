//! Parameters that many routes have, for the document.
#![expect(dead_code, reason = "the document alone reads the fields")]

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
