//! The store and the sweep against a plain model: random sequences of everything that can be asked of
//! them, one step after the other, on every store, shrunk to the shortest that fails. What happens when
//! steps run beside each other is the business of `race`.

mod machine;
mod reference;
mod step;

use flisthub_storage::WritePath;
use proptest::test_runner::Config;
use proptest_state_machine::prop_state_machine;

use machine::{Disk, Machine, Memory, Path};

/// Sequences for each store. `FLISTHUB_SOAK_CASES` asks for more.
#[expect(clippy::disallowed_methods, reason = "test binaries have no command line of their own")]
fn config(cases: u32) -> Config {
    let soak = std::env::var("FLISTHUB_SOAK_CASES").ok();
    let cases = soak.map_or(cases, |text| text.parse().expect("FLISTHUB_SOAK_CASES is a number"));
    Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() }
}

/// Everything through the log.
struct Log;
/// Everything past the log.
struct Flush;
/// Large batches past the log.
struct Hybrid;

impl Path for Log {
    const PATH: WritePath = WritePath::Log;
}
impl Path for Flush {
    const PATH: WritePath = WritePath::Flush;
}
impl Path for Hybrid {
    const PATH: WritePath = WritePath::Hybrid { unlogged_from: 5_000 };
}

type InMemory = Machine<Memory>;
type Logged = Machine<Disk<Log>>;
type Flushed = Machine<Disk<Flush>>;
type Mixed = Machine<Disk<Hybrid>>;

prop_state_machine! {
    #![proptest_config(config(1_000))]
    #[test]
    fn the_store_in_memory_does_what_the_model_does(sequential 1..60 => InMemory);
}

prop_state_machine! {
    #![proptest_config(config(24))]
    #[test]
    fn a_store_that_logs_does_what_the_model_does(sequential 1..60 => Logged);
    #[test]
    fn a_store_that_flushes_does_what_the_model_does(sequential 1..60 => Flushed);
    #[test]
    fn a_store_that_does_both_does_what_the_model_does(sequential 1..60 => Mixed);
}
