//! What one caller may take of the hub, so that there is enough left for the others: requests in a time,
//! things at a time, failed attempts to be somebody. How much that is stands in the configuration; who is
//! calling is found out elsewhere.

mod allowance;
mod caller;
mod places;
mod shares;

use std::net::IpAddr;
use std::sync::Arc;

use flisthub_storage::Clock;

use self::allowance::Allowance;
pub use self::caller::{CallerKey, network, on_behalf_of};
pub use self::places::{OwnPlace, Places};
pub use self::shares::Shares;
use crate::config;
use crate::state::{EXPORTS, SEARCHES};

/// Bytes of a user's name that count: longer ones are nobody's.
const NAME_BYTES: usize = 128;

/// One caller did too much of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}; try again in {seconds} seconds")]
pub struct TooMany {
    /// What there is too much of.
    pub what: TooMuch,
    /// Seconds after which there is room for one more.
    pub seconds: u64,
}

/// What a caller did too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// Requests in a time.
    #[error("too many requests")]
    Requests,
    /// Failed logins, or tokens that are nobody's.
    #[error("too many failed attempts to log in, or tokens that are not valid")]
    Attempts,
    /// Something at a time.
    #[error("as many of your uploads, merges, exports, transfers or searches are running as may")]
    AtATime,
}

/// The counts of all callers. One a hub. Memory is bounded: whoever was not heard of for longest is
/// forgotten first.
pub struct Limits {
    requests: Allowance<CallerKey>,
    logins_by_address: Allowance<CallerKey>,
    logins_by_user: Allowance<String>,
    invalid_tokens: Allowance<CallerKey>,
    clock: Arc<dyn Clock>,
    /// Archive uploads and merges that run.
    pub uploads: Shares,
    /// Requests that send chunks.
    pub sending: Shares,
    /// Requests that ask which chunks are missing.
    pub asking: Shares,
    /// Requests that fetch chunks and flists.
    pub fetching: Shares,
    /// Exports and diffs that run.
    pub exports: Shares,
    /// Searches of items that run.
    pub searches: Shares,
    /// Open connections, by address.
    pub connections: Places<CallerKey>,
}

/// Searches of one caller at a time; one more waits.
const SEARCHES_PER_CALLER: usize = 3;

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Limits {
    /// Nobody has done anything yet.
    pub fn new(limits: &config::Limits, clock: Arc<dyn Clock>) -> Self {
        let window = limits.attempts_window_seconds;
        Self {
            requests: Allowance::new(limits.requests_per_second, 1, limits.request_burst),
            logins_by_address: Allowance::each(limits.failed_logins_per_address, window),
            logins_by_user: Allowance::each(limits.failed_logins_per_user, window),
            invalid_tokens: Allowance::each(limits.invalid_tokens_per_address, window),
            clock,
            uploads: Shares::new(limits.uploads_per_user, limits.uploads),
            sending: Shares::new(limits.transfers_per_caller, limits.transfers),
            asking: Shares::new(limits.transfers_per_caller, limits.transfers),
            fetching: Shares::new(limits.transfers_per_caller, limits.transfers),
            exports: Shares::new(limits.exports_per_caller, EXPORTS),
            searches: Shares::new(SEARCHES_PER_CALLER, SEARCHES),
            connections: Places::new(limits.connections_per_address),
        }
    }

    /// Counts a request.
    pub fn request(&self, caller: &CallerKey) -> Result<(), TooMany> {
        let taken = self.requests.take(caller, self.clock.now());
        taken.map_err(|seconds| TooMany { what: TooMuch::Requests, seconds })
    }

    /// Takes the right to try a password, before it is looked at: many at once get no more tries than one
    /// after the other. The attempt counts as failed unless it is taken back.
    pub fn login_attempt(
        &self,
        user: &str,
        address: Option<IpAddr>,
    ) -> Result<LoginAttempt<'_>, TooMany> {
        let now = self.clock.now();
        let user: String = user.chars().take(NAME_BYTES).flat_map(char::to_lowercase).collect();
        let address = CallerKey::of_address(address);
        let too_many = |seconds| TooMany { what: TooMuch::Attempts, seconds };
        self.logins_by_address.take(&address, now).map_err(too_many)?;
        if let Err(seconds) = self.logins_by_user.take(&user, now) {
            // Nothing was tried.
            self.logins_by_address.give_back(&address);
            return Err(too_many(seconds));
        }
        Ok(LoginAttempt { limits: self, user, address })
    }

    /// Counts a token that is nobody's, or a signature that does not hold. Says when there were too many from
    /// that address. Valid tokens from there go on working: others may sit behind the same address, and
    /// nobody guesses 256 bits.
    pub fn invalid_token(&self, address: Option<IpAddr>) -> Result<(), TooMany> {
        let taken = self.invalid_tokens.take(&CallerKey::of_address(address), self.clock.now());
        taken.map_err(|seconds| TooMany { what: TooMuch::Attempts, seconds })
    }
}

/// An attempt to log in that counts as failed.
#[derive(Debug)]
#[must_use = "it counts as failed"]
pub struct LoginAttempt<'a> {
    limits: &'a Limits,
    user: String,
    address: CallerKey,
}

impl LoginAttempt<'_> {
    /// The attempt does not count: the password was right, or none was looked at.
    pub fn take_back(self) {
        self.limits.logins_by_user.give_back(&self.user);
        self.limits.logins_by_address.give_back(&self.address);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Hands(AtomicU64);

    impl Clock for Hands {
        fn now(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn limits() -> (Limits, Arc<Hands>) {
        let clock = Arc::new(Hands::default());
        clock.0.store(1_800_000_000, Ordering::SeqCst);
        let config = config::Limits {
            requests_per_second: 2,
            request_burst: 3,
            failed_logins_per_address: 4,
            failed_logins_per_user: 2,
            invalid_tokens_per_address: 2,
            attempts_window_seconds: 60,
            ..config::Limits::default()
        };
        (Limits::new(&config, clock.clone()), clock)
    }

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().map(Some).unwrap()
    }

    #[test]
    fn a_user_name_is_tried_so_often_from_wherever() {
        let (limits, clock) = limits();
        for from in ["192.0.2.1", "192.0.2.2"] {
            drop(limits.login_attempt("alice", address(from)).unwrap());
        }
        let refused = limits.login_attempt("ALICE", address("192.0.2.3")).unwrap_err();
        assert_eq!((refused.what, refused.seconds), (TooMuch::Attempts, 30));
        drop(limits.login_attempt("bob", address("192.0.2.3")).unwrap());
        clock.0.fetch_add(30, Ordering::SeqCst);
        drop(limits.login_attempt("alice", address("192.0.2.3")).unwrap());
        assert!(limits.login_attempt("alice", address("192.0.2.3")).is_err());
    }

    #[test]
    fn an_address_tries_so_often_whatever_the_name() {
        let (limits, _) = limits();
        for user in ["a", "b", "c", "d"] {
            drop(limits.login_attempt(user, address("2001:db8::1")).unwrap());
        }
        assert!(limits.login_attempt("e", address("2001:db8::ffff")).is_err(), "one /64");
        drop(limits.login_attempt("e", address("2001:db8:0:1::1")).unwrap());
    }

    #[test]
    fn who_succeeds_is_not_counted() {
        let (limits, _) = limits();
        for _ in 0..10 {
            limits.login_attempt("alice", address("192.0.2.1")).unwrap().take_back();
        }
    }

    #[test]
    fn tries_at_once_are_counted_before_they_fail() {
        let (limits, _) = limits();
        let held: Vec<_> =
            (0..2).map(|_| limits.login_attempt("alice", address("192.0.2.1")).unwrap()).collect();
        assert!(limits.login_attempt("alice", address("192.0.2.1")).is_err());
        drop(held);
    }

    #[test]
    fn invalid_tokens_are_counted_by_address() {
        let (limits, _) = limits();
        assert!((0..2).all(|_| limits.invalid_token(address("192.0.2.1")).is_ok()));
        assert!(limits.invalid_token(address("192.0.2.1")).is_err());
        assert!(limits.invalid_token(address("192.0.2.2")).is_ok());
    }

    #[test]
    fn callers_have_requests_of_their_own() {
        let (limits, clock) = limits();
        let user = CallerKey::User(1);
        assert!((0..3).all(|_| limits.request(&user).is_ok()));
        assert_eq!(limits.request(&user).unwrap_err().seconds, 1);
        assert!(limits.request(&CallerKey::User(2)).is_ok());
        clock.0.fetch_add(1, Ordering::SeqCst);
        assert!((0..2).all(|_| limits.request(&user).is_ok()));
        assert!(limits.request(&user).is_err());
    }
}
