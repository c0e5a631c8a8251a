//! The real hub and the real `hub-client`, as people use them: two programs and a port.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod containers;
#[cfg(test)]
mod dedup;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod gdal;
#[cfg(test)]
mod images;
#[cfg(test)]
mod names;
#[cfg(test)]
mod overlay;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod remote_store;
#[cfg(test)]
mod roundtrip;
#[cfg(test)]
mod snapshot;
#[cfg(test)]
mod support;
