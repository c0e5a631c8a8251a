//! Places where the crash test ends the process, to see what is left on disk.

/// Ends the process here, at once and without clean-up, if the test has asked for it through the
/// environment (`FAILPOINTS=name=return`, see the `fail` crate). Does nothing in a program that is
/// built without the feature `failpoints`, as every released one is.
#[inline]
pub fn crash_point(name: &'static str) {
    #[cfg(feature = "failpoints")]
    {
        read_environment();
        let _: Option<()> = fail::eval(name, |_| std::process::abort());
    }
    #[cfg(not(feature = "failpoints"))]
    let _ = name;
}

/// Reads `FAILPOINTS` when the first place is passed. What it says holds until the process ends.
#[cfg(feature = "failpoints")]
fn read_environment() {
    static READ: std::sync::Once = std::sync::Once::new();
    READ.call_once(|| std::mem::forget(fail::FailScenario::setup()));
}
