//! The client against a hub that misbehaves. How it works with a real one is tested with the hub.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod diffs;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod files;
#[cfg(test)]
mod images;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod logins;
#[cfg(test)]
mod merges;
#[cfg(test)]
mod names;
#[cfg(test)]
mod program;
#[cfg(test)]
mod pulls;
#[cfg(test)]
mod pushes;
#[cfg(test)]
mod stac;
#[cfg(test)]
mod store;
