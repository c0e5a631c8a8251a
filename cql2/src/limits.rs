//! How large a filter may be, and the counting while one is read. What is refused in which words is `error.rs`.

/// The most bytes that a filter in text may have.
pub const TEXT_BYTES: usize = 16 << 10;

/// The deepest that expressions may be nested in one another.
pub const DEPTH: usize = 64;

/// The most expressions that a filter may be made of.
pub const NODES: usize = 1_000;

/// The most positions that all geometries of a filter may have together.
pub const POSITIONS: usize = 2_000;

/// The most positions that a geometry of a property may have.
pub const PROPERTY_POSITIONS: usize = 10_000;

/// The most steps that the evaluation of a filter with one set of properties may take: a byte of a text that is folded,
/// two characters, members or edges that are compared; a member of an array that is read is 16.
pub const STEPS: u64 = 10_000_000;

/// The most pairs of edges that may meet where it is asked how two geometries lie to one another: each takes memory.
pub const CROSSINGS: usize = 100_000;

/// A limit that a filter went beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// More nested than [`DEPTH`].
    #[error("expressions are nested more than {DEPTH} deep")]
    Depth,
    /// More expressions than [`NODES`].
    #[error("the filter is made of more than {NODES} expressions")]
    Nodes,
    /// More positions than [`POSITIONS`].
    #[error("the geometries have more than {POSITIONS} positions")]
    Positions,
}

/// What one reading has left of its limits.
#[derive(Debug)]
pub(crate) struct Budget {
    depth: usize,
    nodes: usize,
    positions: usize,
}

impl Default for Budget {
    /// That of a filter.
    fn default() -> Self {
        Self { depth: DEPTH, nodes: NODES, positions: POSITIONS }
    }
}

impl Budget {
    /// That of a geometry which a property has.
    pub(crate) fn of_property() -> Self {
        Self { positions: PROPERTY_POSITIONS, ..Self::default() }
    }

    /// One level deeper. `leave` goes up again; after an error nobody reads on, so nobody needs to.
    pub(crate) fn enter(&mut self) -> Result<(), Limit> {
        self.depth = self.depth.checked_sub(1).ok_or(Limit::Depth)?;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth += 1;
    }

    pub(crate) fn node(&mut self) -> Result<(), Limit> {
        self.nodes = self.nodes.checked_sub(1).ok_or(Limit::Nodes)?;
        Ok(())
    }

    pub(crate) fn position(&mut self) -> Result<(), Limit> {
        self.positions = self.positions.checked_sub(1).ok_or(Limit::Positions)?;
        Ok(())
    }
}
