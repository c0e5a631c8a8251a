//! Tests of the storage crate through its public face, in one program so that RocksDB is linked once.

#[cfg(test)]
mod contract;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod maintain;
#[cfg(test)]
mod membership;
#[cfg(test)]
mod model;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod race;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod rocks;
#[cfg(test)]
mod support;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod world;
