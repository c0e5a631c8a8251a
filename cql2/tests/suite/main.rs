//! The crate as others use it, against what others say: the standard's own examples and abstract tests, what shapely
//! says of geometries, and the definitions of how times lie to one another. What is in `tests/data` is told in its NOTICE.

mod abstract_tests;
mod data;
mod examples;
mod spatial;
mod temporal;
