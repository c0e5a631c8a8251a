//! Keys in files of the hub's machine. They are read at the start, and again when a file changes. A file that
//! is gone, or of no use any more, takes its keys with it: so an operator takes a key away.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt as _;

use super::error::{KeyError, UnfitKey};
use super::key::Key;
use super::key_set::{KeySet, configured};
use crate::config::{Algorithm, Issuer};

/// The most bytes of a file of keys.
const LARGEST: u64 = 256 << 10;

/// The files of an issuer.
#[derive(Debug)]
pub(super) struct Files {
    all: Vec<File>,
    algorithms: Vec<Algorithm>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// One key, with what it is called and what it must be for.
    Pem { kid: Option<String>, algorithm: Option<Algorithm> },
    /// A JWK set.
    Set,
}

/// What is known of the files.
#[derive(Debug, Default)]
struct State {
    /// When they were looked at, in seconds since the Unix epoch.
    looked: Option<u64>,
    /// What they were like then.
    stamps: Vec<Option<Stamp>>,
    keys: Arc<KeySet>,
}

/// What tells that a file has changed: inode, length, and when it and its entry were changed.
type Stamp = (u64, u64, (i64, i64), (i64, i64));

impl Files {
    /// The files that the configuration names; not read yet.
    pub(super) fn new(issuer: &Issuer) -> Self {
        let pem = issuer.keys.iter().map(|key| File {
            path: key.file.clone(),
            form: Form::Pem { kid: key.kid.clone(), algorithm: key.algorithm },
        });
        let set = issuer.jwks_file.iter().map(|path| File { path: path.clone(), form: Form::Set });
        Self {
            all: pem.chain(set).collect(),
            algorithms: issuer.algorithms.clone(),
            state: Mutex::default(),
        }
    }

    /// Reads every file, and says what is wrong with the first that is of no use.
    pub(super) async fn check(&self) -> Result<(), KeyError> {
        for file in &self.all {
            file.keys(&self.algorithms).await?;
        }
        Ok(())
    }

    /// The keys as the files have them. Whether a file has changed is looked up once a second.
    pub(super) async fn keys(&self, now: u64) -> Arc<KeySet> {
        let (looked, before, keys) = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.looked, state.stamps.clone(), Arc::clone(&state.keys))
        };
        if looked == Some(now) {
            return keys;
        }
        let mut stamps = Vec::new();
        for file in &self.all {
            stamps.push(stamp(&file.path).await);
        }
        let keys = if looked.is_some() && stamps == before { keys } else { self.read().await };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { looked: Some(now), stamps, keys: Arc::clone(&keys) };
        keys
    }

    async fn read(&self) -> Arc<KeySet> {
        let mut all = KeySet::default();
        for file in &self.all {
            match file.keys(&self.algorithms).await {
                Ok(keys) => all.join(keys),
                Err(error) => {
                    let error = crate::error::chain(&error);
                    tracing::error!(error, "the keys of an issuer in a file are not used");
                }
            }
        }
        Arc::new(all)
    }
}

impl File {
    async fn keys(&self, algorithms: &[Algorithm]) -> Result<KeySet, KeyError> {
        let unusable = |what| KeyError::Unusable { path: self.path.clone(), what };
        let text = read(&self.path)
            .await
            .map_err(|source| KeyError::Read { path: self.path.clone(), source })?
            .ok_or_else(|| unusable(UnfitKey::TooLarge))?;
        match &self.form {
            Form::Pem { kid, algorithm } => {
                let meant = algorithm.as_ref().map_or(algorithms, std::slice::from_ref);
                Key::of_pem(&text, kid.as_deref())
                    .and_then(|key| configured(key, meant))
                    .and_then(|key| configured(key, algorithms))
                    .map(|key| KeySet::new(vec![key]))
                    .map_err(unusable)
            }
            Form::Set => {
                let from = self.path.to_string_lossy();
                let keys = KeySet::of_jwks(&text, algorithms, &from).map_err(unusable)?;
                if keys.is_empty() { Err(unusable(UnfitKey::Empty)) } else { Ok(keys) }
            }
        }
    }
}

/// What a file has; `None` if that is too much.
async fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    let file = tokio::fs::File::open(path).await?;
    file.take(LARGEST + 1).read_to_end(&mut text).await?;
    Ok((text.len() as u64 <= LARGEST).then_some(text))
}

async fn stamp(path: &Path) -> Option<Stamp> {
    let is = tokio::fs::metadata(path).await.ok()?;
    let changed = (is.mtime(), is.mtime_nsec());
    Some((is.ino(), is.len(), changed, (is.ctime(), is.ctime_nsec())))
}
