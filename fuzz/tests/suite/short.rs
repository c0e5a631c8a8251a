//! Runs every target on its corpus and on a fixed number of changed inputs.
//!
//! `FLISTHUB_FUZZ_INPUTS` is how many for each target, `FLISTHUB_SEED` where chance begins.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use flisthub_fuzz::{Outcome, TARGETS, Target};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::mutate::{Random, mutate};
use crate::samples::samples;
use crate::tar_samples::mend;

/// Changed inputs for each target in `make test`.
const INPUTS: usize = 4000;
/// The converter starts threads for each archive.
const ARCHIVES: usize = 400;

/// Bytes of address space for the whole run. Readers that believe a forged length pass it.
const MEMORY: u64 = 4 << 30;

fn corpus(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name)
}

#[expect(clippy::disallowed_methods, reason = "test binaries have no command line of their own")]
fn number(variable: &str) -> Option<usize> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

fn bound_memory() {
    let maximum = getrlimit(Resource::As).maximum;
    setrlimit(Resource::As, Rlimit { current: Some(MEMORY), maximum }).unwrap();
}

/// The committed inputs, by name.
fn inputs(target: &Target) -> BTreeMap<String, Vec<u8>> {
    let listed = fs::read_dir(corpus(target)).unwrap().map(|entry| entry.unwrap());
    listed
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// Runs one input; if it breaks a law, keeps it where it can be found.
fn run(target: &Target, input: &[u8]) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).unwrap_or_else(|panic| {
        let name = format!("{}-{}", target.name, &blake3::hash(input).to_hex()[..16]);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, input).unwrap();
        eprintln!("the input is in {}; add it to corpus/{}", path.display(), target.name);
        resume_unwind(panic)
    })
}

#[test]
fn every_law_holds_for_the_corpus_and_for_changed_inputs() {
    bound_memory();
    let seed = number("FLISTHUB_SEED").unwrap_or(1);
    for target in &TARGETS {
        let archives = matches!(target.name, "archive" | "layer");
        let few = if archives { ARCHIVES } else { INPUTS };
        let count = number("FLISTHUB_FUZZ_INPUTS").unwrap_or(few);
        let inputs: Vec<Vec<u8>> = inputs(target).into_values().collect();
        let mut outcomes: Vec<Outcome> = inputs.iter().map(|input| run(target, input)).collect();
        let mut random = Random(seed as u64);
        for _ in 0..count {
            let (one, other) = (random.below(inputs.len()), random.below(inputs.len()));
            let mut changed = mutate(&inputs[one], &inputs[other], &mut random);
            changed.truncate(target.longest);
            if archives && random.below(2) == 0 {
                mend(&mut changed);
            }
            outcomes.push(run(target, &changed));
        }
        let accepted = outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count();
        println!("{}: seed {seed}, {} inputs, {accepted} accepted", target.name, outcomes.len());
        // Not blind: both happen, and more often than in the corpus alone.
        assert!(accepted > inputs.len(), "{}: {accepted}", target.name);
        assert!(target.name == "tree" || accepted < outcomes.len(), "{}", target.name);
    }
}

/// Good inputs come from our own encoders. With `FLISTHUB_WRITE_CORPUS=1` they are written; other files
/// of the corpus (inputs that once broke a law) stay.
#[test]
fn the_corpus_has_what_our_encoders_write() {
    let write = number("FLISTHUB_WRITE_CORPUS").is_some();
    for target in &TARGETS {
        if write {
            fs::create_dir_all(corpus(target)).unwrap();
        }
        let samples = samples(target.name);
        assert!(samples.len() >= 2, "{} has no samples", target.name);
        for (name, sample) in samples {
            let path = corpus(target).join(name);
            if write {
                fs::write(&path, &sample).unwrap();
            }
            assert!(fs::read(&path).unwrap() == sample, "{} has changed", path.display());
            assert_eq!(run(target, &sample), Outcome::Accepted, "{}", path.display());
        }
    }
}
