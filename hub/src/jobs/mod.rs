//! Jobs: long tasks that survive a restart, and can be watched and cancelled. Those of upkeep run one after
//! the other; conversions run beside them, some at a time.
//!
//! The catalog's rows are the one truth. Whoever starts (`start`) or cancels a job changes its row and
//! wakes the runner (`runner`), which claims queued rows of each lane, has `work` do them on blocking
//! threads and writes down what came of it (`running`). `follow` reads the rows for whoever watches, `recover` deals with what a hub left that
//! died. Who may do what is decided in `auth`; how jobs look on the wire in `routes` and `control`.

mod backup;
mod cancel;
mod convert;
mod follow;
mod holders;
mod monitor;
mod recover;
pub mod runner;
mod running;
mod scrub;
mod secrets;
mod space;
mod spec;
mod start;
mod stop;
mod sweep;
mod wait;
mod why;
pub mod wire;
pub mod work;

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore, watch};

use self::wait::Waiters;

pub use cancel::{CancelError, cancel, cancel_in};
pub(crate) use convert::report;
pub use follow::{Event, Follow, Followed};
pub(crate) use recover::INTERRUPTED;
pub use recover::recover;
pub(crate) use secrets::Asking;
pub use spec::{ConvertSpec, ImageFrom, JobSpec, SpecError};
pub use start::{StartError, room_for_conversion, start, start_shared};
pub use stop::{Stop, Stopper};
pub use wait::{Waiting, wait};
pub use work::{JobError, Kinds, Work};

/// Callers that may follow jobs over HTTP at a time.
const MOST_FOLLOWERS: usize = 200;

/// How jobs are done, and who waits for news of them. One for each hub.
pub struct Jobs {
    work: Arc<dyn Work>,
    /// Changes when something was queued, or somebody wants a running job to end.
    wake: watch::Sender<()>,
    /// Held from looking at what is queued until what is new is queued too.
    starting: Mutex<()>,
    /// Changes whenever a row did.
    changed: watch::Sender<()>,
    /// One permit for each caller that follows a job over HTTP.
    followers: Arc<Semaphore>,
    /// Callers that wait for the end of a job over HTTP.
    waiters: Waiters,
    /// Whether those who follow over HTTP are to be let go.
    letting_go: watch::Sender<bool>,
}

impl Jobs {
    /// Jobs that are done by `work`.
    pub fn new(work: Arc<dyn Work>) -> Self {
        Self {
            work,
            wake: watch::Sender::new(()),
            starting: Mutex::new(()),
            changed: watch::Sender::new(()),
            followers: Arc::new(Semaphore::new(MOST_FOLLOWERS)),
            waiters: Waiters::default(),
            letting_go: watch::Sender::new(false),
        }
    }

    /// Ends, or no longer ends, what follows jobs over HTTP: a server that stops waits for its callers.
    pub fn let_go(&self, now: bool) {
        self.letting_go.send_replace(now);
    }

    fn wake(&self) {
        self.wake.send_replace(());
    }

    fn tell_change(&self) {
        self.changed.send_replace(());
    }
}
