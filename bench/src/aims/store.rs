//! The aims of the `store` part.

use super::Verdict;
use crate::stats::{Samples, megabytes};
use crate::store::{Doing, Results, Swept, Temperatures};

/// Most memory of the process that sweeps, in bytes.
const MEMORY: u64 = 500_000_000;

pub(crate) fn of_store(results: &Results) -> Vec<Verdict> {
    let mut verdicts = of_missing(results);
    let Temperatures { cold, warm } = &results.open;
    verdicts.push(Verdict::new(
        "opening a large store: under 2 s",
        cold.median().max(warm.median()) < 2.0,
        format!("{:.2} s cold, {:.2} s warm", cold.median(), warm.median()),
    ));
    verdicts.extend(of_sweep(results));
    for (name, rates) in [("cold", &results.scrub.cold), ("warm", &results.scrub.warm)] {
        verdicts.push(Verdict::new(
            "scrub: at least 80 % of reading, unpacking and hashing from a plain file",
            rates.ratio.median() >= 0.8,
            format!("{name}: {:.0} %", rates.ratio.median() * 100.0),
        ));
    }
    verdicts
}

fn of_missing(results: &Results) -> Vec<Verdict> {
    let slowest = |of: fn(&crate::store::Asked) -> &Samples| {
        results.asked.values().map(|asked| of(asked).median()).fold(f64::INFINITY, f64::min)
    };
    let cases = [
        ("files in the page cache", slowest(|asked| &asked.later)),
        ("first question, files in the page cache", slowest(|asked| &asked.first.warm)),
        ("first question, cold", slowest(|asked| &asked.first.cold)),
    ];
    let verdict = |(name, rate)| {
        Verdict::new(
            "missing: over 500,000 ids a second in a large store",
            rate > 500_000.0,
            format!("{name}: {rate:.0} ids a second in the slowest of three cases"),
        )
    };
    cases.into_iter().map(verdict).collect()
}

fn of_sweep(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (name, sweeps) in [("alone", &results.alone), ("beside pushes", &results.beside)] {
        let seconds: Samples = sweeps.iter().map(|sweep| sweep.marking + sweep.deleting).collect();
        let peak = sweeps.iter().map(|sweep| sweep.peak).max().unwrap_or_default();
        verdicts.push(Verdict::new(
            "sweep of a large store, space not yet given back: under 60 s with under 500 MB",
            seconds.median() < 60.0 && peak < MEMORY,
            format!("{name}: {:.1} s, {:.0} MB", seconds.median(), megabytes(peak)),
        ));
    }
    let slower = slowdown(&results.beside, &[Doing::Marking, Doing::Deleting]);
    verdicts.push(Verdict::new(
        "pushes while a sweep runs: at most 1.3 times as slow",
        slower.median() <= 1.3,
        format!("{} times", slower.show(2)),
    ));
    verdicts
}

/// How many times as long a push takes on average while the sweep does one of these, in each run.
pub(crate) fn slowdown(sweeps: &[Swept], doing: &[Doing]) -> Samples {
    let mean = |sweep: &Swept, doing: &[Doing]| {
        let times = doing.iter().filter_map(|doing| sweep.pushes.get(doing)).flatten();
        let (mut sum, mut count) = (0.0, 0.0);
        for millis in times {
            sum += millis;
            count += 1.0;
        }
        sum / count
    };
    sweeps.iter().map(|sweep| mean(sweep, doing) / mean(sweep, &[Doing::Nothing])).collect()
}
