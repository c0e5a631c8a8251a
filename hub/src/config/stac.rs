//! The part of the configuration that is about STAC: `[stac]`. The catalogue itself is in files of its own, with
//! SharingHub's keys: see `crate::stac::Settings`.

use std::path::PathBuf;

use serde::Deserialize;

/// The STAC catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stac {
    /// Files of YAML that say what the catalogue is called, which categories it has and so on, with SharingHub's
    /// keys; later ones are laid over earlier ones. Default: none; then there are the categories `ai-model`, `dataset`,
    /// `processor` and `dashboard`. At most 1 MiB each, within which aliases count as what they stand for: stops a
    /// small file from taking all memory.
    pub config: Vec<PathBuf>,
}
