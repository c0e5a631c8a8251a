//! The part of the configuration that is about images: `[images]`.

use std::path::PathBuf;

use flisthub_converter::image::Platform;
use flisthub_converter::image::registry::{Outbound, SetupError};
use serde::{Deserialize, Deserializer};

use super::{ConfigError, MOST_AT_A_TIME};

/// The conversion of images.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Images {
    /// Conversions at a time, beside the one job of upkeep that may run. Default: 2. The rest wait
    /// their turn. Stops memory and the line from being taken by conversions alone.
    pub conversions: usize,
    /// Conversions that may wait. Default: 50. One more is answered 503. Stops a queue that nobody at
    /// its end would wait for.
    pub queued_conversions: usize,
    /// Conversions of one user that may wait. Default: 10. One more is answered 503. Stops one user from
    /// taking the whole queue.
    pub queued_per_user: usize,
    /// Layers of one image that are fetched and unpacked side by side. Default: 3. Each takes about
    /// 40 MB of memory.
    pub layers_at_a_time: usize,
    /// Bytes on disk for what is known of layers, so that the next image with one of them needs not fetch
    /// it again; 0 for none. Default: 1 GiB. The layers' content is not counted: it is in the store.
    pub layer_cache_bytes: u64,
    /// The platform of whoever names none. Default: `linux/amd64`.
    #[serde(deserialize_with = "platform")]
    pub platform: Platform,
    /// Hosts that may be connected to: registries, their token servers and where they redirect to.
    /// `registry.example.com`, `*.example.com`, `*` for all; `default` stands for the well-known public
    /// registries, and is the default. Stops users from making the hub connect anywhere.
    pub hosts: Vec<String>,
    /// Hosts (`host` or `host:port`) whose addresses may be private, loopback or link-local. Default:
    /// none. Stops users from reaching services of the hub's own network. They must be in `hosts` too.
    pub private_hosts: Vec<String>,
    /// Hosts (`host` or `host:port`) that are spoken to by plain HTTP. Default: none.
    pub plain_http_hosts: Vec<String>,
    /// Files of PEM certificates that are trusted besides the system's. Default: none.
    pub ca_files: Vec<PathBuf>,
    /// A Docker `config.json` with credentials of the operator's own, used where a request brings none.
    /// Default: none. With it, every user can convert what those credentials may read.
    pub docker_config: Option<PathBuf>,
    /// The Docker engine's socket, for admins. Default: `/var/run/docker.sock`.
    pub docker_socket: PathBuf,
    /// The Podman engine's socket, for admins. Default: `/run/podman/podman.sock`.
    pub podman_socket: PathBuf,
}

impl Default for Images {
    fn default() -> Self {
        Self {
            conversions: 2,
            queued_conversions: 50,
            queued_per_user: 10,
            layers_at_a_time: 3,
            layer_cache_bytes: 1 << 30,
            platform: Platform::default(),
            hosts: vec!["default".to_owned()],
            private_hosts: Vec::new(),
            plain_http_hosts: Vec::new(),
            ca_files: Vec::new(),
            docker_config: None,
            docker_socket: "/var/run/docker.sock".into(),
            podman_socket: "/run/podman/podman.sock".into(),
        }
    }
}

fn platform<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Platform, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

impl Images {
    /// Refuses values with which no image could be converted.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, number) in [
            ("images.conversions", self.conversions as u64),
            ("images.queued_conversions", self.queued_conversions as u64),
            ("images.queued_per_user", self.queued_per_user as u64),
            ("images.layers_at_a_time", self.layers_at_a_time as u64),
        ] {
            if !(1..=MOST_AT_A_TIME).contains(&number) {
                let need = format!("from 1 to {MOST_AT_A_TIME}");
                return Err(ConfigError::Value { key, need });
            }
        }
        self.outbound().map(drop).map_err(|error| ConfigError::Value {
            key: "images.hosts, private_hosts and plain_http_hosts",
            need: format!("lists of hosts: {error}"),
        })
    }

    /// The rules of where the hub may connect to.
    pub fn outbound(&self) -> Result<Outbound, SetupError> {
        Outbound::new(&self.hosts, &self.private_hosts, &self.plain_http_hosts)
    }
}
