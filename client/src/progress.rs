//! Progress bars for people who watch; nothing at all for scripts.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::output::Output;

/// How often the bar is drawn anew.
const TICK: Duration = Duration::from_millis(120);

/// A bar that shows what a closure says, until it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    ticker: Option<JoinHandle<()>>,
}

/// What a bar shows.
pub(crate) struct Shown {
    /// Bytes done.
    pub(crate) position: u64,
    /// What stands behind them.
    pub(crate) message: String,
}

impl Progress {
    /// Draws a bar up to `length` bytes, or a spinner where that is not known, if anyone watches.
    pub(crate) fn start(
        output: Output,
        runtime: &Handle,
        length: Option<u64>,
        look: impl Fn() -> Shown + Send + 'static,
    ) -> Self {
        if !output.is_watched() {
            return Self { bar: ProgressBar::hidden(), ticker: None };
        }
        let template = match length {
            Some(_) => "{bar:28} {bytes} of {total_bytes}, {bytes_per_sec}, {msg} ({eta})",
            None => "{spinner} {bytes}, {bytes_per_sec}, {msg}",
        };
        let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        let shared = bar.clone();
        let ticker = runtime.spawn(async move {
            loop {
                let Shown { position, message } = look();
                shared.set_position(position);
                shared.set_message(message);
                tokio::time::sleep(TICK).await;
            }
        });
        Self { bar, ticker: Some(ticker) }
    }
}

impl Progress {
    /// Shows that something goes on of which nothing is known until its end, if anyone watches.
    pub(crate) fn spinner(output: Output, message: &'static str) -> Self {
        if !output.is_watched() {
            return Self { bar: ProgressBar::hidden(), ticker: None };
        }
        let bar = ProgressBar::new_spinner().with_message(message);
        let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(TICK);
        Self { bar, ticker: None }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(ticker) = &self.ticker {
            ticker.abort();
        }
        self.bar.finish_and_clear();
    }
}
