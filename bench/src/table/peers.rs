//! The tables of the `peers` part: times, memory, sizes, the least possible work, settings.

use super::{head, row, say};
use crate::inputs::{Inputs, Step};
use crate::rounds::{Measured, Results};
use crate::run::Usage;
use crate::size::{Parts, Size};
use crate::stats::{Samples, all_megabytes, megabytes};

/// The results of the `peers` part.
pub(crate) fn peers(inputs: &Inputs, results: &Results) {
    say(&match results.runs {
        1 => "\nOne round only; seconds and MB (10^6 bytes).".to_owned(),
        runs => format!("\nMedians of {runs} rounds, with the range; seconds and MB (10^6 bytes)."),
    });
    head(&["input", "entries", ".tar, MB", ".tar.gz, MB"]);
    for image in [&inputs.base, &inputs.web] {
        row(&[
            image.name.to_owned(),
            image.entries.to_string(),
            format!("{:.1}", megabytes(image.bytes)),
            format!("{:.1}", megabytes(image.gz_bytes)),
        ]);
    }
    times(results);
    memory(results);
    sizes(results);
    parts(results);
    floors(results);
    head(&["what", "how"]);
    for one in &results.contenders {
        row(&[one.title.to_owned(), one.settings.to_owned()]);
    }
}

fn walls<'a>(usages: impl Iterator<Item = &'a Usage>) -> Samples {
    usages.map(|usage| usage.wall).collect()
}

fn cpus<'a>(usages: impl Iterator<Item = &'a Usage>) -> Samples {
    usages.map(|usage| usage.cpu).collect()
}

fn usages(measured: &Measured, step: Step) -> impl Iterator<Item = &Usage> {
    measured.ingests(step).iter().map(|ingest| &ingest.usage)
}

fn times(results: &Results) {
    head(&[
        "seconds",
        "base, new",
        "web, related",
        "base, again",
        "web to a directory",
        "processor, new",
        "processor, again",
    ]);
    for one in &results.contenders {
        let mut cells = vec![one.title.to_owned()];
        cells.extend(Step::ALL.map(|step| walls(usages(one, step)).show(2)));
        cells.push(walls(one.restore.iter()).show(2));
        cells.push(cpus(usages(one, Step::New)).show(2));
        cells.push(cpus(usages(one, Step::Again)).show(2));
        row(&cells);
    }
    let (none, references) = (String::new, &results.references);
    let gzip = walls(references.inflate.iter()).show(2);
    let gzip_cpu = cpus(references.inflate.iter()).show(2);
    row(&["`gzip -dc`".into(), none(), none(), gzip, none(), none(), gzip_cpu]);
    let tar = walls(references.extract.iter()).show(2);
    row(&["`tar -xf`".into(), none(), none(), none(), tar, none(), none()]);
    for (title, gzipped) in
        [("least work over two cores, .tar", false), ("least work over two cores, .tar.gz", true)]
    {
        let mut cells = vec![title.to_owned()];
        cells.extend(Step::ALL.map(|step| references.floor(step, gzipped).show(2)));
        cells.extend([none(), none(), none()]);
        row(&cells);
    }
}

fn memory(results: &Results) {
    head(&["peak memory, MB", "base, new", "web, related", "base, again", "web to a directory"]);
    for one in &results.contenders {
        let mut cells = vec![one.title.to_owned()];
        cells.extend(Step::ALL.map(|step| peaks(&usages(one, step).collect::<Vec<_>>())));
        cells.push(peaks(&one.restore.iter().collect::<Vec<_>>()));
        row(&cells);
    }
    let tar = peaks(&results.references.extract.iter().collect::<Vec<_>>());
    row(&["`tar -xf`".into(), String::new(), String::new(), String::new(), tar]);
}

/// The largest of all rounds: `client 12, hub 90`, or one number for a program alone.
fn peaks(usages: &[&Usage]) -> String {
    let largest = |of: fn(&Usage) -> u64| {
        let all = all_megabytes(usages.iter().map(|usage| of(usage)));
        format!("{:.0}", all.largest())
    };
    let (program, hub) = (largest(|usage| usage.program_peak), largest(|usage| usage.hub_peak));
    match (program.as_str(), hub.as_str()) {
        (_, "0") => program,
        ("0", _) => format!("hub {hub}"),
        _ => format!("hub {hub}, client {program}"),
    }
}

fn sizes(results: &Results) {
    head(&[
        "stored for both, MB",
        "on disk (du)",
        "lengths of all files",
        "on disk after a restart",
        "grew by `again`",
        "payload of `again`",
        "entries that differ when restored",
    ]);
    for one in &results.contenders {
        let of =
            |sizes: &[Size], part: fn(&Size) -> u64| all_megabytes(sizes.iter().map(part)).show(1);
        let payload = one.again.iter().map(|ingest| ingest.payload).max().flatten();
        row(&[
            one.title.to_owned(),
            of(&one.stored, |size| size.disk),
            of(&one.stored, |size| size.files),
            of(&one.lasting, |size| size.disk),
            all_megabytes(one.growth.iter().copied()).show(2),
            payload.map_or_else(|| "not told".to_owned(), |bytes| format!("{bytes} bytes")),
            one.differences.to_string(),
        ]);
    }
}

/// What the size of ours is made of.
fn parts(results: &Results) {
    head(&["on disk (du), MB", "blob files", "tables", "write-ahead log", "catalog and the rest"]);
    for one in results.contenders.iter().filter(|one| one.ours) {
        for (when, sizes) in [("as it lies", &one.parts), ("restarted", &one.lasting_parts)] {
            let of = |part: fn(&Parts) -> u64| all_megabytes(sizes.iter().map(part)).show(1);
            row(&[
                format!("{}, {when}", one.title),
                of(|parts| parts.blobs),
                of(|parts| parts.tables),
                of(|parts| parts.log),
                of(|parts| parts.rest),
            ]);
        }
    }
}

fn floors(results: &Results) {
    head(&["least work, one thread", "inflate", "cut", "hash", "zstd 1 of what is new"]);
    for (place, step) in Step::ALL.into_iter().enumerate() {
        let floors: Vec<_> =
            results.references.floors.iter().filter_map(|round| round.get(place)).collect();
        let Some(first) = floors.first() else { continue };
        let cell = |bytes: u64, of: &dyn Fn(usize) -> f64| {
            let seconds: Samples = (0..floors.len()).map(of).collect();
            let rate = megabytes(bytes) / seconds.median().max(1e-9);
            match bytes {
                0 => "nothing".to_owned(),
                _ => format!("{:.0} MB in {} s, {rate:.0} MB/s", megabytes(bytes), seconds.show(3)),
            }
        };
        let at = |index: usize| floors.get(index).copied().copied().unwrap_or_default();
        row(&[
            format!("{step:?}").to_lowercase(),
            cell(first.inflated, &|index| at(index).inflate),
            cell(first.content, &|index| at(index).cut),
            cell(first.hashed, &|index| at(index).hash),
            cell(first.unique, &|index| at(index).compress),
        ]);
    }
}
