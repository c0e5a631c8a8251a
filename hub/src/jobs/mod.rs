//! Jobs: long tasks that run one after the other, survive a restart, and can be watched and cancelled.
//!
//! The catalog's rows are the one truth. Whoever starts or cancels a job changes its row and wakes the
//! runner (`runner`), which claims queued rows, has `work` do them on a blocking thread and writes down
//! what came of it. `follow` reads the rows for whoever watches, `recover` deals with what a hub left that
//! died. Who may do what is decided in `auth`; how jobs look on the wire in `routes` and `control`.

mod backup;
mod cancel;
mod convert;
mod follow;
mod holders;
mod monitor;
mod recover;
pub mod runner;
mod scrub;
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

use tokio::sync::{Mutex, Notify, watch};

pub use cancel::{CancelError, cancel, cancel_in};
pub use follow::{Event, Follow};
pub use recover::recover;
pub use spec::{ConvertSpec, ImageFrom, JobSpec, SpecError};
pub use start::{StartError, start, start_shared};
pub use stop::{Stop, Stopper};
pub use wait::wait;
pub use work::{JobError, Kinds, Work};

/// How jobs are done, and who waits for news of them. One for each hub.
pub struct Jobs {
    work: Arc<dyn Work>,
    /// Wakes the runner: something was queued, or somebody wants the running job to end.
    wake: Notify,
    /// Held from looking at what is queued until what is new is queued too.
    starting: Mutex<()>,
    /// Changes whenever a row did.
    changed: watch::Sender<()>,
}

impl Jobs {
    /// Jobs that are done by `work`.
    pub fn new(work: Arc<dyn Work>) -> Self {
        let (wake, starting) = (Notify::new(), Mutex::new(()));
        Self { work, wake, starting, changed: watch::Sender::new(()) }
    }

    fn tell_change(&self) {
        self.changed.send_replace(());
    }
}
