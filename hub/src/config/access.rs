//! The configuration of who may do what: `[access]`.

use serde::Deserialize;

use crate::auth::Visibility;

/// Who may do what, as far as the operator decides it for all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Who may read a new repository unless its maker says otherwise: `public`, `internal` or `private`.
    /// Default: `public`.
    pub default_visibility: Visibility,
    /// Whether all repositories share one public pool of objects: then whoever knows an object's id may use
    /// it, and the hub tells everybody which objects it has. Default: false. Only for a hub on which nothing
    /// is private; it spares the look at the membership index.
    pub public_pool: bool,
    /// Who may make repositories beside those that come with users: `users` or `admins`. Default: `users`.
    /// `admins` stops users from taking names that others want.
    pub create_repositories: Creators,
    /// Seconds that a token lives which somebody got for a password. Default: 43,200 (12 hours). Bounds what a
    /// token is worth that somebody left lying about.
    pub login_seconds: u64,
    /// API tokens that one user may have at a time; the operator may make more of them. Default: 1,000. Stops
    /// one user from filling the catalog. (Of logins the newest 100 of a user are kept.)
    pub tokens_per_user: u64,
    /// Repositories that one user may make, unless they are an admin. Default: 1,000. Stops one user from filling
    /// the catalog and from taking all names.
    pub repositories_per_user: u64,
}

/// Who may make repositories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Creators {
    /// Every signed-in user.
    #[default]
    Users,
    /// Admins.
    Admins,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            default_visibility: Visibility::default(),
            public_pool: false,
            create_repositories: Creators::default(),
            login_seconds: 43_200,
            tokens_per_user: 1_000,
            repositories_per_user: 1_000,
        }
    }
}
