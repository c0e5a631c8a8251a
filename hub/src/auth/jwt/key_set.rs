//! All keys of an issuer at one time, and which of them is meant.

use serde_json::Value;

use super::error::{JwtError, UnfitKey};
use super::key::Key;
use crate::config::Algorithm;

/// The most keys of one set.
const MOST_KEYS: usize = 100;

/// Keys that fit the configuration.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    pub(super) fn new(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// Reads a JWK set. Keys that do not fit are left out, with a line in the log: a set may have others for
    /// others.
    pub(super) fn of_jwks(
        text: &[u8],
        algorithms: &[Algorithm],
        from: &str,
    ) -> Result<Self, UnfitKey> {
        let set: Value = serde_json::from_slice(text).map_err(|_| UnfitKey::NoSet)?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or(UnfitKey::NoSet)?;
        if keys.len() > MOST_KEYS {
            return Err(UnfitKey::NoSet);
        }
        let mut fitting = Vec::new();
        for (number, key) in keys.iter().enumerate() {
            match Key::of_jwk(key).and_then(|key| configured(key, algorithms)) {
                Ok(key) => fitting.push(key),
                Err(why) => tracing::warn!(from, number, %why, "a key of a JWK set is ignored"),
            }
        }
        Ok(Self(fitting))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The key that the header of a JWT means: the one of that `kid`, or the only one that fits.
    pub(super) fn pick(&self, kid: Option<&str>, algorithm: &str) -> Result<&Key, JwtError> {
        let named = || self.0.iter().filter(|key| kid.is_none() || key.kid.as_deref() == kid);
        if named().next().is_none() {
            return Err(JwtError::UnknownKey);
        }
        let mut fitting = named().filter(|key| key.algorithm.name() == algorithm);
        match (fitting.next(), fitting.next()) {
            (None, _) => Err(JwtError::Algorithm),
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(JwtError::SeveralKeys),
        }
    }
}

/// A key, if the configuration takes its algorithm.
pub(super) fn configured(key: Key, algorithms: &[Algorithm]) -> Result<Key, UnfitKey> {
    if algorithms.contains(&key.algorithm) {
        Ok(key)
    } else {
        Err(UnfitKey::NotConfigured(key.algorithm))
    }
}
