//! The configuration of who may do what: `[access]`.

use serde::Deserialize;

use crate::auth::Visibility;

/// Who may do what, as far as the operator decides it for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Who may read a new repository unless its maker says otherwise: `public`, `internal` or `private`.
    /// Default: `public`.
    pub default_visibility: Visibility,
    /// Whether all repositories share one public pool of objects: then whoever knows an object's id may use
    /// it, and the hub tells everybody which objects it has. Default: false. Only for a hub on which nothing
    /// is private; it spares the look at the membership index.
    pub public_pool: bool,
}
