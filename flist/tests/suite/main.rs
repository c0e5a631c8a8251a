//! Tests of the flist crate through its public face.

#[cfg(test)]
mod builder;
#[cfg(test)]
mod decoded_support;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod follow;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod gaps;
#[cfg(test)]
mod graph_support;
#[cfg(test)]
mod hold;
#[cfg(test)]
mod holders;
#[cfg(test)]
mod large;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod merge;
#[cfg(test)]
mod merge_laws;
#[cfg(test)]
mod merge_refusals;
#[cfg(test)]
mod merge_sources;
#[cfg(test)]
mod merge_support;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod seek;
#[cfg(test)]
mod space;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod support;
#[cfg(test)]
mod verify_bases;
#[cfg(test)]
mod verify_parts;
