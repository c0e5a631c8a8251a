//! Items: what names are in collections, as they are searched. Rows are written in the transaction of the change that
//! makes them so (`write`); here is what is read of one. What an item says of itself is composed elsewhere, and how a
//! search's parameters are read as well; who may read what comes along with the question.

mod aggregate;
mod aggregate_values;
mod aggregate_walk;
mod answers;
mod basis;
mod checksums;
mod count;
mod counted;
mod cursor;
mod deadline;
mod exact;
mod facts;
mod filter;
mod filtered;
mod found;
mod ids;
mod keys;
mod known;
mod lacking;
mod observed;
mod order;
mod pending;
mod pieces;
mod plan;
mod put;
mod query;
mod row;
mod search;
mod settings;
mod sql;
mod stars;
mod texts;
mod values;
mod wording;
mod write;

#[cfg(test)]
mod changing_tests;
#[cfg(test)]
mod dice;
#[cfg(test)]
mod following_tests;
#[cfg(test)]
mod lacking_tests;
#[cfg(test)]
mod search_tests;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod value_tests;

pub use basis::{Basis, ItemBasis};
pub use checksums::Checksum;
pub use facts::{CollectionFacts, TagCount};
pub use ids::IdPage;
pub use pending::Pending;
pub use query::{ItemQuery, Readable};
pub use row::ItemRow;
pub use search::ItemPage;
pub use settings::{ItemSet, ItemSettings};
pub use write::Composed;

pub(super) use counted::Counted;
pub(super) use settings::{forget, forget_old, settings_revision};
pub(super) use write::{recall, rename, write};
