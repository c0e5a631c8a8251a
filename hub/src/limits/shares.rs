//! So many of something at a time for each caller, and for all callers without a token together: whoever has
//! many addresses leaves something for those who have a token.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::caller::CallerKey;
use super::places::Places;

/// The part of all places that callers without a token leave, where there are as many.
const LEFT: usize = 4;

/// Places of each caller, among those that there are for all.
#[derive(Debug)]
pub struct Shares {
    /// A caller's own.
    pub each: Places<CallerKey>,
    strangers: Arc<Semaphore>,
}

impl Shares {
    /// `each` for each caller, 0 for any number, where there are `all` for everybody.
    pub fn new(each: usize, all: usize) -> Self {
        let strangers = Arc::new(Semaphore::new(all.saturating_sub(all / LEFT)));
        Self { each: Places::new(each), strangers }
    }

    /// What that caller shares with all who have no token; `None` for those who have one.
    pub fn with_strangers(&self, caller: &CallerKey) -> Option<&Arc<Semaphore>> {
        match caller {
            CallerKey::User(_) => None,
            CallerKey::Address(_) | CallerKey::Nowhere => Some(&self.strangers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> impl Iterator<Item = CallerKey> {
        (0..100).map(|last| CallerKey::of_address(Some([192, 0, 2, last].into())))
    }

    #[test]
    fn callers_without_a_token_leave_a_quarter() {
        for (all, taken) in [(1, 1), (3, 3), (4, 3), (64, 48)] {
            let shares = Shares::new(0, all);
            let take = |caller| shares.with_strangers(&caller).unwrap().try_acquire();
            let held: Vec<_> = addresses().map_while(|address| take(address).ok()).collect();
            assert_eq!(held.len(), taken, "of {all}");
            assert!(take(CallerKey::Nowhere).is_err());
            drop(held);
            assert!(take(CallerKey::Nowhere).is_ok());
        }
    }

    #[test]
    fn who_has_a_token_shares_with_nobody() {
        assert!(Shares::new(1, 4).with_strangers(&CallerKey::User(7)).is_none());
    }
}
