//! The long run: libFuzzer, guided by coverage, on the target that `FLISTHUB_FUZZ_TARGET` names.
//!
//! `scripts/fuzz` builds and calls it.
#![no_main]

use std::sync::LazyLock;

use flisthub_fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

#[expect(clippy::disallowed_methods, reason = "libFuzzer has the command line to itself")]
static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FLISTHUB_FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.into_iter().find(|target| target.name == name);
    found.unwrap_or_else(|| {
        eprintln!("FLISTHUB_FUZZ_TARGET={name:?} is none of:");
        for target in TARGETS {
            eprintln!("  {}", target.name);
        }
        std::process::exit(2)
    })
});

fuzz_target!(|bytes: &[u8]| {
    let length = bytes.len().min(TARGET.longest);
    (TARGET.run)(bytes.get(..length).unwrap_or(bytes));
});
