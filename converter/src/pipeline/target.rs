//! What an ingest builds: a tree, or a layer of an image.

use flisthub_flist::{BuildError, BuiltTree, Emit, Layer, LayerStep, TreeBuilder};

/// Takes steps in the order of the source.
pub(crate) trait Target: Default {
    /// What comes of them.
    type Built;

    /// Takes one step.
    fn take(&mut self, step: LayerStep) -> Result<(), BuildError>;

    /// Makes the objects it is made of.
    fn finish(self, emit: &mut Emit<'_>) -> Result<Self::Built, BuildError>;
}

impl Target for TreeBuilder {
    type Built = BuiltTree;

    fn take(&mut self, step: LayerStep) -> Result<(), BuildError> {
        match step {
            LayerStep::Directory { path, metadata } => self.add_directory(&path, metadata),
            LayerStep::Entry { path, metadata, content } => self.add(&path, metadata, content),
            LayerStep::HardLink { path, target } => self.add_hard_link(&path, &target),
            // Only layers are read for these.
            LayerStep::Whiteout(_) | LayerStep::Opaque(_) => Ok(()),
        }
    }

    fn finish(self, emit: &mut Emit<'_>) -> Result<BuiltTree, BuildError> {
        Self::finish(self, emit)
    }
}

impl Target for Layer {
    type Built = Self;

    fn take(&mut self, step: LayerStep) -> Result<(), BuildError> {
        self.steps.push(step);
        Ok(())
    }

    fn finish(self, _: &mut Emit<'_>) -> Result<Self, BuildError> {
        Ok(self)
    }
}
