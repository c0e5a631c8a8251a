//! How large a table may be, whatever the items say.

/// Columns of the file, with those inside of structures: what would make more of them is JSON text.
pub(crate) const MOST_LEAVES: usize = 2_000;

/// Members of items that get a column of their own.
pub(crate) const MOST_COLUMNS: usize = 1_000;

/// Different members of one structure.
pub(crate) const MOST_MEMBERS: usize = 1_000;

/// Lists and structures inside of one another.
pub(crate) const DEEPEST: usize = 6;

/// Places of one group of rows, and of lists of one row: what would make more of them is JSON text. Where there are no
/// lists they are rows by columns; of a list, each element takes a place in every column of it.
pub(crate) const MOST_PLACES: usize = 8_000_000;

/// Places that lists of a column may take for each byte of its JSON: what takes more is JSON text.
pub(crate) const PLACES_OF_A_BYTE: usize = 8;
