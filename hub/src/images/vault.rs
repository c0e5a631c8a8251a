//! Credentials of registries, for as long as a job needs them: in memory alone, never on disk, never in a
//! log. A job's row holds a fingerprint in their place, which says nothing of them and means nothing to
//! another process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flisthub_converter::image::registry::Credentials;

/// Credentials by fingerprint.
pub struct Vault {
    /// Random, so that nobody can try passwords against a fingerprint.
    key: Option<[u8; 32]>,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    held: HashMap<String, Held>,
    /// How often something was kept.
    keeps: u64,
}

struct Held {
    credentials: Credentials,
    /// How many requests are about to make a job of them.
    asking: usize,
    /// Which keep was their last.
    kept: u64,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(hidden)")
    }
}

impl Default for Vault {
    fn default() -> Self {
        let mut key = [0; 32];
        let key = getrandom::fill(&mut key).is_ok().then_some(key);
        Self { key, shelf: Mutex::default() }
    }
}

impl Vault {
    /// Keeps credentials until [`Vault::asked`]; gives their fingerprint, the same one for the same
    /// credentials. `None` where the system has no random numbers: then nothing is kept.
    pub fn keep(&self, credentials: Credentials) -> Option<String> {
        let mut hasher = blake3::Hasher::new_keyed(self.key.as_ref()?);
        // Lengths first, so that no two pairs look the same.
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        };
        match &credentials {
            Credentials::Basic { username, password } => {
                add("basic");
                add(username);
                add(password);
            }
            Credentials::Token(token) => {
                add("token");
                add(token);
            }
        }
        let fingerprint = hasher.finalize().to_hex().to_string();
        let mut all = self.locked();
        all.keeps = all.keeps.saturating_add(1);
        let kept = all.keeps;
        let held = all.held.entry(fingerprint.clone());
        let held = held.or_insert(Held { credentials, asking: 0, kept });
        (held.asking, held.kept) = (held.asking.saturating_add(1), kept);
        Some(fingerprint)
    }

    /// The credentials of that fingerprint; `None` where they came to another process.
    pub fn get(&self, fingerprint: &str) -> Option<Credentials> {
        self.locked().held.get(fingerprint).map(|held| held.credentials.clone())
    }

    /// Ends what [`Vault::keep`] began: from now on the credentials stay only as long as a job needs them.
    pub fn asked(&self, fingerprint: &str) {
        if let Some(held) = self.locked().held.get_mut(fingerprint) {
            held.asking = held.asking.saturating_sub(1);
        }
    }

    /// What no request is about to make a job of: by fingerprint, when it was kept last.
    pub fn idle(&self) -> HashMap<String, u64> {
        let all = self.locked();
        let idle = all.held.iter().filter(|(_, held)| held.asking == 0);
        idle.map(|(fingerprint, held)| (fingerprint.clone(), held.kept)).collect()
    }

    /// Forgets what was idle and no job needs, unless it was kept anew since.
    pub fn forget(&self, idle: &HashMap<String, u64>) {
        let same = |fingerprint: &String, held: &Held| idle.get(fingerprint) == Some(&held.kept);
        self.locked().held.retain(|fingerprint, held| held.asking > 0 || !same(fingerprint, held));
    }

    /// Single insertions and removals leave nothing torn behind a panic.
    fn locked(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(username: &str, password: &str) -> Credentials {
        Credentials::Basic { username: username.into(), password: password.into() }
    }

    #[test]
    fn a_fingerprint_stands_for_one_pair() {
        let vault = Vault::default();
        let one = vault.keep(basic("ab", "c")).unwrap();
        assert_eq!(vault.keep(basic("ab", "c")).unwrap(), one);
        for other in [basic("a", "bc"), basic("ab", "d"), Credentials::Token("abc".into())] {
            assert_ne!(vault.keep(other).unwrap(), one);
        }
        assert_eq!(vault.get(&one), Some(basic("ab", "c")));
        assert_ne!(Vault::default().keep(basic("ab", "c")).unwrap(), one, "another process");
        assert!(!format!("{vault:?}").contains("ab"));
    }

    #[test]
    fn what_no_job_needs_is_forgotten() {
        let vault = Vault::default();
        let (one, two) =
            (vault.keep(basic("a", "b")).unwrap(), vault.keep(basic("c", "d")).unwrap());
        assert!(vault.idle().is_empty(), "their jobs are still to come");
        vault.asked(&one);
        vault.asked(&two);
        let mut idle = vault.idle();
        assert_eq!(idle.len(), 2);
        idle.remove(&two);
        vault.forget(&idle);
        assert_eq!(vault.get(&one), None);
        assert_eq!(vault.get(&two), Some(basic("c", "d")));
        let before = vault.idle();
        vault.keep(basic("c", "d")).unwrap();
        vault.asked(&two);
        vault.forget(&before);
        assert!(vault.get(&two).is_some(), "whoever brought them anew has a job");
    }
}
