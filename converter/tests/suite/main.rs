//! One binary for all tests of this crate, since linking the store is slow.
//!
//! Archives are made by the real GNU tar, and trees are compared by a scanner of the tests' own. A test
//! that needs root or a program that is not there says so and passes.

mod archives;
mod bad_input;
mod build_tar;
mod compare;
mod counts;
mod directories;
mod envelopes;
mod extraction;
mod fuzz;
mod hostile;
mod ordinary_user;
mod sample;
mod tools;
