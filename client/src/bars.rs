//! Bars for work that has parts, as an image has layers: one for the whole and one for each part.

use std::time::Duration;

use flisthub_flist::wire::JobPart;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output::Output;
use crate::text;

/// Characters of a part's name that are shown: digests differ in fewer.
const NAME: usize = 19;

/// How often a bar that waits moves.
const TICK: Duration = Duration::from_millis(120);

/// What is drawn, until it is dropped.
pub(crate) struct Bars {
    all: MultiProgress,
    whole: ProgressBar,
    parts: Vec<ProgressBar>,
}

impl Bars {
    /// Draws bars if anyone watches.
    pub(crate) fn start(output: Output) -> Option<Self> {
        output.is_watched().then(|| {
            let all = MultiProgress::new();
            let whole = all.add(ProgressBar::new_spinner());
            Self { all, whole, parts: Vec::new() }
        })
    }

    /// Prints a line above the bars.
    pub(crate) fn say(&self, line: &str) {
        // What cannot be drawn is not worth ending for.
        drop(self.all.println(text::harmless(line)));
    }

    /// Shows how far the whole is.
    pub(crate) fn whole(&mut self, done: u64, total: Option<u64>, message: &str) {
        style(&self.whole, total, "{human_pos}");
        self.whole.set_position(done);
        self.whole.set_message(text::harmless(message));
    }

    /// Shows what is done, where nobody knows how long it takes.
    pub(crate) fn wait(&self, message: &str) {
        self.whole.enable_steady_tick(TICK);
        self.whole.set_message(text::harmless(message));
    }

    /// Shows all parts, which may be others than before: work may begin again.
    pub(crate) fn parts(&mut self, parts: &[JobPart]) {
        while self.parts.len() > parts.len() {
            if let Some(bar) = self.parts.pop() {
                self.all.remove(&bar);
            }
        }
        for (index, part) in parts.iter().enumerate() {
            if self.parts.len() == index {
                self.parts.push(self.all.add(ProgressBar::new_spinner()));
            }
            if let Some(bar) = self.parts.get(index) {
                style(bar, part.total, "{bytes}");
                bar.set_position(part.done);
                bar.set_message(described(part));
            }
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        drop(self.all.clear());
    }
}

/// A part's name, as long as any other's, and what it came to.
fn described(part: &JobPart) -> String {
    let name = text::harmless(&part.name).replace('\n', " ");
    let name: String = name.chars().take(NAME).collect();
    let entries = match part.entries {
        0 => String::new(),
        entries => format!(", {entries} entries"),
    };
    format!("{name:NAME$} {}{entries}", text::harmless(&part.state))
}

/// A bar where the end is known, else how much there is so far.
fn style(bar: &ProgressBar, total: Option<u64>, done: &str) {
    let template = match total {
        Some(_) => "  {bar:28} {bytes:>10} of {total_bytes:<10} {msg}".to_owned(),
        None => format!("{{spinner}} {{msg}} {done}"),
    };
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    match total {
        Some(total) => bar.set_length(total),
        None => bar.unset_length(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hub_says_does_not_reach_the_terminal_as_a_command() {
        let part = JobPart {
            name: "sha256:\u{1b}[31m\n0123456789abcdef".into(),
            done: 1,
            total: None,
            entries: 2,
            state: "running".into(),
        };
        assert_eq!(described(&part), "sha256:\\u{1b}[31m 0 running, 2 entries");
        let short = JobPart { name: "a".into(), entries: 0, ..part };
        assert_eq!(described(&short), "a                   running");
    }
}
