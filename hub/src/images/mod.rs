//! What the hub holds for the conversion of images: the way to registries, credentials while they are
//! needed, and what is known of layers. What a conversion does is in `crate::jobs`, who may ask for one in
//! `crate::actions`.

mod known;
mod layers;
mod vault;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use flisthub_converter::image::registry::{Registries, RegistryOptions, SetupError};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::data;

pub(crate) use known::KnownLayers;
pub use layers::LayerFiles;
pub use vault::Vault;

/// Digests that are looked up at a time.
const MOST_LOOKUPS: usize = 8;

/// One for each hub.
#[derive(Debug)]
pub struct Images {
    registries: OnceLock<Registries>,
    /// Credentials that came with requests.
    pub vault: Vault,
    /// One permit for each request that may ask a registry which digest a name stands for: it takes a
    /// thread for as long as the registry is silent.
    pub lookups: Arc<Semaphore>,
}

impl Default for Images {
    fn default() -> Self {
        Self {
            registries: OnceLock::default(),
            vault: Vault::default(),
            lookups: Arc::new(Semaphore::new(MOST_LOOKUPS)),
        }
    }
}

impl Images {
    /// The way to registries, as configured. Fails where a file of certificates cannot be used; `serve`
    /// asks first, so that this is noticed at the start.
    pub fn registries(&self, config: &Config) -> Result<Registries, SetupError> {
        if let Some(registries) = self.registries.get() {
            return Ok(registries.clone());
        }
        let options = RegistryOptions {
            outbound: config.images.outbound()?,
            ca_files: config.images.ca_files.clone(),
            slowest_bytes_per_second: config.limits.slowest_bytes_per_second,
            slow_start: Duration::from_secs(config.limits.slow_start_seconds),
            ..RegistryOptions::default()
        };
        let registries = Registries::new(options)?;
        Ok(self.registries.get_or_init(|| registries).clone())
    }
}

/// The directory for archives of engines while they are read: of the hub's own disk, where it has one.
pub(crate) fn spool(hub: &crate::state::Hub) -> io::Result<PathBuf> {
    let Some(disk) = &hub.disk else { return Ok(std::env::temp_dir()) };
    let directory = disk.data.spool();
    data::make(&directory)?;
    Ok(directory)
}
