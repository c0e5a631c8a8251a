//! The part of the configuration that is about images: `[images]`.

use serde::Deserialize;

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
}

impl Default for Images {
    fn default() -> Self {
        Self { conversions: 2, queued_conversions: 50, queued_per_user: 10 }
    }
}

impl Images {
    /// Refuses values with which no image could be converted.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, number) in [
            ("images.conversions", self.conversions as u64),
            ("images.queued_conversions", self.queued_conversions as u64),
            ("images.queued_per_user", self.queued_per_user as u64),
        ] {
            if !(1..=MOST_AT_A_TIME).contains(&number) {
                let need = format!("from 1 to {MOST_AT_A_TIME}");
                return Err(ConfigError::Value { key, need });
            }
        }
        Ok(())
    }
}
