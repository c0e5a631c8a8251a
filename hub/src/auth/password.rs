//! Passwords of users: which ones are taken, how they are kept (Argon2id, as a PHC string), and comparing one
//! with what is kept. Whose password it is and what a right one opens is decided elsewhere.
//!
//! Comparing takes 19 MiB and some hundredths of a second by design, so [`Passwords`] lets only a few at a time,
//! on threads that may block. A user whom nobody knows costs the same as one with a password.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The shortest password, in characters.
pub(crate) const SHORTEST: usize = 8;

/// The longest password, in bytes.
pub(crate) const LONGEST: usize = 1_024;

/// Memory of one comparison in KiB, and passes over it, by one thread: the least that OWASP's Password Storage
/// Cheat Sheet asks of Argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Comparisons at a time.
const PLACES: usize = 2;

/// How long anybody waits for a place.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a password is compared with where there is none to compare it with: of the form that all others have, and
/// random, so that no password is known for it.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$PhyS/6SfNJ3Bx/MIG64xLw$1nH7FtIoMkCfqjG/gq1N7V8zFtLTXoUm9sySyur+rfc";

/// A password as its owner types it. Not in any debug form.
pub struct Password(String);

/// Why a password was not taken or not compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("a password has at least {SHORTEST} characters; choose a longer one")]
    TooShort,
    /// It is too long.
    #[error("a password has at most {LONGEST} bytes; choose a shorter one")]
    TooLong,
    /// It has characters that a terminal or a form might not give again.
    #[error("a password has no control characters, such as line breaks")]
    Control,
    /// Too many others wait.
    #[error("too many passwords are being checked at the moment; try again")]
    Busy,
    /// No random numbers, a kept hash that is none, or a thread that ended.
    #[error("the password cannot be worked on: {0}")]
    Failed(String),
}

impl Password {
    /// One that somebody wants to have.
    pub fn new(text: String) -> Result<Self, PasswordError> {
        if text.chars().count() < SHORTEST {
            return Err(PasswordError::TooShort);
        }
        if text.len() > LONGEST {
            return Err(PasswordError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PasswordError::Control);
        }
        Ok(Self(text))
    }

    /// One that somebody says they have: only comparing it tells.
    pub fn presented(text: String) -> Self {
        Self(text)
    }

    /// What is kept of it: a PHC string with a salt of its own. Takes long; not for threads that others wait on.
    pub fn hash(&self) -> Result<String, PasswordError> {
        let hash = argon2()?.hash_password(self.0.as_bytes()).map_err(failed)?;
        Ok(hash.to_string())
    }

    /// Whether it is the one that `kept` was made of. Takes as long where nothing was kept, and is then no.
    fn is(&self, kept: Option<&str>) -> Result<bool, PasswordError> {
        let hash = PasswordHash::new(kept.unwrap_or(NOBODYS)).map_err(failed)?;
        match argon2()?.verify_password(self.0.as_bytes(), &hash) {
            Ok(()) => Ok(kept.is_some()),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

fn failed(error: impl fmt::Display) -> PasswordError {
    PasswordError::Failed(error.to_string())
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The places where passwords are worked on.
#[derive(Debug)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Passwords {
    /// What is to be kept of a password.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        self.work(move || password.hash()).await
    }

    /// Whether a password is the one that `kept` was made of.
    pub async fn verify(
        &self,
        password: Password,
        kept: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.work(move || password.is(kept.as_deref())).await
    }

    /// A place is given back when the work is done, not when whoever asked has gone away.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        let place: OwnedSemaphorePermit =
            place.map_err(|_| PasswordError::Busy)?.map_err(failed)?;
        let work = move || {
            let done = work();
            drop(place);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(failed)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned()).unwrap()
    }

    #[test]
    fn a_password_is_known_again_and_no_other_is() {
        let kept = password("correct horse").hash().unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(!kept.contains("correct"));
        assert!(password("correct horse").is(Some(&kept)).unwrap());
        for other in ["correct hors", "correct horse ", "Correct horse", ""] {
            assert!(!Password::presented(other.to_owned()).is(Some(&kept)).unwrap(), "{other}");
        }
        assert_ne!(password("correct horse").hash().unwrap(), kept, "each has its own salt");
        assert!(!format!("{:?}", password("correct horse")).contains("horse"));
    }

    /// What takes the time: if these differed, the time would tell who is a user.
    #[test]
    fn nobody_costs_as_much_as_somebody() {
        let kept = password("correct horse").hash().unwrap();
        let (nobodys, kept) =
            (PasswordHash::new(NOBODYS).unwrap(), PasswordHash::new(&kept).unwrap());
        assert_eq!(nobodys.algorithm, kept.algorithm);
        assert_eq!(nobodys.version, kept.version);
        assert_eq!(nobodys.params, kept.params);
        assert_eq!(nobodys.hash.map(|output| output.len()), kept.hash.map(|output| output.len()));
        assert!(!password("correct horse").is(None).unwrap());
    }

    #[test]
    fn what_is_no_password_is_refused() {
        let new = |text: &str| Password::new(text.to_owned());
        for (text, good) in
            [("1234567", false), ("12345678", true), ("äöüäöüä", false), ("äöüäöüäö", true)]
        {
            assert_eq!(new(text).is_ok(), good, "{text}");
        }
        assert!(new(&"a".repeat(LONGEST)).is_ok());
        assert!(matches!(new(&"a".repeat(LONGEST + 1)), Err(PasswordError::TooLong)));
        assert!(matches!(new("12345678\n"), Err(PasswordError::Control)));
        let broken = password("correct horse").is(Some("not a hash"));
        assert!(matches!(broken, Err(PasswordError::Failed(_))));
    }

    #[tokio::test]
    async fn as_many_work_at_a_time_as_there_are_places() {
        let passwords = Arc::new(Passwords::default());
        let (most, now) = (
            Arc::new(std::sync::atomic::AtomicUsize::new(0)),
            Arc::new(std::sync::atomic::AtomicUsize::new(0)),
        );
        let tasks = (0..3 * PLACES).map(|_| {
            let (passwords, most, now) =
                (Arc::clone(&passwords), Arc::clone(&most), Arc::clone(&now));
            tokio::spawn(async move {
                let order = std::sync::atomic::Ordering::SeqCst;
                passwords
                    .work(move || {
                        most.fetch_max(now.fetch_add(1, order) + 1, order);
                        std::thread::sleep(Duration::from_millis(5));
                        now.fetch_sub(1, order);
                        Ok(())
                    })
                    .await
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        assert_eq!(most.load(std::sync::atomic::Ordering::SeqCst), PLACES);
    }
}
