//! The short run: every target on its corpus, on changed inputs of it, and the corpus itself.

#[cfg(test)]
mod image_samples;
#[cfg(test)]
mod item_samples;
#[cfg(test)]
mod mutate;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod short;
#[cfg(test)]
mod tar_samples;

/// Archives header by header, as the converter's own tests build them.
#[cfg(test)]
#[path = "../../../converter/tests/suite/build_tar.rs"]
mod build_tar;
