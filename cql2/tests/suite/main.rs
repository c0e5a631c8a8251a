//! The crate as others use it, against what others say: the standard's own examples and abstract tests, what shapely
//! says of geometries, and the definitions of how times lie to one another. What is in `tests/data` is told in its NOTICE.

#[cfg(test)]
mod abstract_tests;
#[cfg(test)]
mod data;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod spatial;
#[cfg(test)]
mod temporal;
