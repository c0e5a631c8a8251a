//! One binary for all tests of this crate, since linking the store is slow.
//!
//! Archives are made by the real GNU tar, and trees are compared by a scanner of the tests' own. A test
//! that needs root or a program that is not there says so and passes.

#[cfg(test)]
mod archives;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod build_tar;
#[cfg(test)]
mod compare;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod directories;
#[cfg(test)]
mod envelopes;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod exports_hostile;
#[cfg(test)]
mod exports_image;
#[cfg(test)]
mod exports_layout;
#[cfg(test)]
mod extraction;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod image_sources;
#[cfg(test)]
mod images;
#[cfg(test)]
mod ordinary_user;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tools;
