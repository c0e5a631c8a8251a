//! How far each layer of an image is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flisthub_storage::{Part, PartState};

use super::Image;
use crate::options::Progress;

/// Called now and then, from several threads, with all layers of the image, the lowest first.
pub type OnParts = Arc<dyn Fn(&[Part]) + Send + Sync>;

/// The layers of one image, and who wants to know of them.
pub(super) struct Parts {
    parts: Mutex<Vec<Part>>,
    tell: Option<OnParts>,
}

impl Parts {
    /// All layers wait.
    pub(super) fn new(image: &Image, tell: Option<OnParts>) -> Arc<Self> {
        let part = |(number, layer): (usize, &super::LayerBlob)| Part {
            name: format!("{number} {}", layer.diff_id.hex().get(..12).unwrap_or_default()),
            done: 0,
            total: layer.blob.map(|blob| blob.size),
            entries: 0,
            state: PartState::Waiting,
        };
        let parts = Self { parts: Mutex::new((1..).zip(&image.layers).map(part).collect()), tell };
        parts.change(0, |_| {});
        Arc::new(parts)
    }

    pub(super) fn started(&self, index: usize) {
        self.change(index, |part| part.state = PartState::Running);
    }

    pub(super) fn moved(&self, index: usize, progress: Progress) {
        self.change(index, |part| {
            part.done = part.done.max(progress.bytes_in);
            part.entries = part.entries.max(progress.entries);
        });
    }

    pub(super) fn ended(&self, index: usize, state: PartState) {
        self.change(index, |part| {
            part.state = state;
            part.done = part.total.unwrap_or(part.done);
        });
    }

    /// How many are in that state.
    pub(super) fn count(&self, state: PartState) -> usize {
        self.lock().iter().filter(|part| part.state == state).count()
    }

    /// Changes one, and tells of all.
    fn change(&self, index: usize, change: impl FnOnce(&mut Part)) {
        let mut parts = self.lock();
        if let Some(part) = parts.get_mut(index) {
            change(part);
        }
        if let Some(tell) = &self.tell {
            tell(&parts);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
