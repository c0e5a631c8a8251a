//! Where the metrics are served without a token.

use std::net::SocketAddr;

use serde::Deserialize;

/// How whoever watches over the hub gets its metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// An address and port of its own on which `/metrics` is served without a token, by plain HTTP. It tells how
    /// much everybody has and does, so only whoever watches should reach it. Default: none; then an admin's
    /// token gets it from where everything else is.
    pub listen: Option<SocketAddr>,
}
