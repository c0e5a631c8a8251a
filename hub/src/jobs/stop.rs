//! How the runner hears that the hub stops.

use tokio::sync::watch;

/// Says when to stop. Dropped, it says so too.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Hears when to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// Says it.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// One who says it and one who hears it.
    pub fn channel() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// Whether it was said.
    pub fn is_said(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Ready once it was said.
    pub async fn said(&mut self) {
        // An error means that whoever could say it is gone.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
