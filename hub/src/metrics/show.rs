//! What was measured and what can be read off at once, under the names by which it is known outside.

use std::sync::atomic::Ordering;

use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Semaphore;

use super::figures::{Figures, Stored};
use super::last::Lasts;
use super::sheet::{Row, counter, counters, flag, float, gauge, gauges};
use crate::catalog::{JobState, Kind, Sums};
use crate::jobs::JobSpec;
use crate::objects::CacheFigures;
use crate::state::{EXPORTS, Hub, SEARCHES, SURVEYS};

/// Writes everything.
pub(super) fn show(hub: &Hub, figures: &Figures, to: &mut Registry) {
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    to.register("build", "The program", Info::new(version));
    gauge(to, "ending", "Whether the hub shuts down", None, flag(hub.ending.has_begun()));
    places(hub, to);
    store_state(hub, to);
    let stored = figures.store.as_deref().and_then(Option::as_ref);
    caches(hub, stored, to);
    let up = flag(figures.catalog_up);
    gauge(to, "catalog_up", "Whether the catalog answers", None, up);
    let held = flag(hub.catalog.holds());
    gauge(to, "catalog_lease_held", "Whether no other hub took over the catalog", None, held);
    // How much there was in a catalog that is gone says nothing.
    let sums = figures.counted.as_ref().filter(|_| figures.catalog_up).map(|last| &last.sums);
    if let Some(sums) = sums {
        catalog(sums, to);
    }
    if let Some(stored) = stored {
        store(stored, to);
    }
    if let (Some(sums), Some(stored)) = (sums, stored) {
        let ratio = sums.logical_bytes / float(stored.stats.bytes.max(1));
        gauge(to, "dedup_ratio", "Logical bytes for each byte on disk", None, ratio);
    }
    if let Some(counted) = &figures.counted {
        upkeep(&counted.lasts, to);
    }
}

/// How many of those things may run at a time, and how many do.
fn places(hub: &Hub, to: &mut Registry) {
    let limits = &hub.config.limits;
    let all: [(&str, &Semaphore, usize); 8] = [
        ("uploads", &hub.uploads, limits.uploads),
        ("chunk_uploads", &hub.writers, limits.transfers),
        ("chunk_downloads", &hub.readers, limits.transfers),
        ("chunk_questions", &hub.questions, limits.transfers),
        ("exports", &hub.exports, EXPORTS),
        ("searches", &hub.searches, SEARCHES),
        ("surveys", &hub.surveys, SURVEYS),
        ("publishes", &hub.publishes, limits.publishes),
    ];
    let labels = all.map(|(work, _, _)| [("work", work)]);
    let (mut taken, mut limit): (Vec<Row<'_>>, Vec<Row<'_>>) = (Vec::new(), Vec::new());
    for ((_, places, most), labels) in all.iter().zip(&labels) {
        let free = places.available_permits();
        taken.push((labels, float(most.saturating_sub(free) as u64)));
        limit.push((labels, float(*most as u64)));
    }
    gauges(to, "places_taken", "Work that runs, of kinds that are limited", None, &taken);
    gauges(to, "places_limit", "How much of it may run at a time", None, &limit);
    let most = float(limits.connections as u64);
    gauge(to, "connections_limit", "Connections that may be open", None, most);
}

fn store_state(hub: &Hub, to: &mut Registry) {
    let help = "Whether a write to the store failed and the hub has not recovered";
    gauge(to, "store_failing", help, None, flag(hub.store.failing()));
    let reopened = float(hub.store.reopened());
    counter(to, "store_reopened", "Recoveries after failed writes", None, reopened);
    let help = "Whether the hub serves although it was told that content is lost";
    gauge(to, "content_lost", help, None, flag(hub.lossy.load(Ordering::SeqCst)));
}

/// Caches that count in bytes, and those that count entries.
fn caches(hub: &Hub, stored: Option<&Stored>, to: &mut Registry) {
    let rocks = stored.and_then(|stored| stored.rocks);
    let mut bytes = hub.objects.figures().to_vec();
    bytes.push(("thumbnails", hub.thumbnails.figures()));
    if let Some(rocks) = rocks {
        let objects = CacheFigures {
            hits: rocks.cache_hits,
            misses: rocks.cache_misses,
            holds: rocks.cache_bytes,
            limit: rocks.cache_limit,
        };
        bytes.push(("objects", objects));
    }
    let mut entries = hub.remembered.figures().to_vec();
    entries.push(("facts", CacheFigures::of(&hub.facts)));
    let labels =
        |caches: &[(&'static str, CacheFigures)]| -> Vec<[(&'static str, &'static str); 1]> {
            caches.iter().map(|(name, _)| [("cache", *name)]).collect()
        };
    let all: Vec<_> = bytes.iter().chain(&entries).copied().collect();
    let of_all = labels(&all);
    let rows = |value: fn(&CacheFigures) -> u64| -> Vec<Row<'_>> {
        all.iter().zip(&of_all).map(|((_, cache), l)| (&l[..], float(value(cache)))).collect()
    };
    counters(to, "cache_hits", "Found in a cache", &rows(|cache| cache.hits));
    counters(to, "cache_misses", "Not found in a cache", &rows(|cache| cache.misses));
    let of_bytes = labels(&bytes);
    let rows = |value: fn(&CacheFigures) -> u64| -> Vec<Row<'_>> {
        bytes.iter().zip(&of_bytes).map(|((_, cache), l)| (&l[..], float(value(cache)))).collect()
    };
    let (mut holds, mut limit) = (rows(|cache| cache.holds), rows(|cache| cache.limit));
    if let Some(rocks) = rocks {
        holds.push((&[("cache", "blocks")], float(rocks.block_cache_bytes)));
        limit.push((&[("cache", "blocks")], float(rocks.block_cache_limit)));
    }
    gauges(to, "cache", "Memory of a cache", Some(Unit::Bytes), &holds);
    gauges(to, "cache_limit", "The most that may be", Some(Unit::Bytes), &limit);
}

fn catalog(sums: &Sums, to: &mut Registry) {
    gauge(to, "users", "Users", None, float(sums.users));
    gauge(to, "repositories", "Repositories", None, float(sums.repositories));
    let count = |kind| sums.names.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| *count);
    let names: [Row<'_>; 4] = [
        (&[("kind", "flist")], float(count(Kind::Flist))),
        (&[("kind", "link")], float(count(Kind::Link))),
        (&[("kind", "tag")], float(count(Kind::Tag))),
        (&[("kind", "tag_link")], float(count(Kind::TagLink))),
    ];
    gauges(to, "names", "Names", None, &names);
    let help = "Content of all that names point at, each name at full length";
    gauge(to, "logical", help, Some(Unit::Bytes), sums.logical_bytes);
    gauge(to, "logical_entries", "Entries of all that names point at", None, sums.logical_entries);
    let mut labels = Vec::new();
    for kind in JobSpec::KINDS {
        for state in [JobState::Queued, JobState::Running] {
            let same = |job: &&(String, JobState, u64)| job.0 == kind && job.1 == state;
            let count = sums.jobs.iter().find(same).map_or(0, |job| job.2);
            labels.push(([("kind", kind), ("state", state.word())], float(count)));
        }
    }
    let jobs: Vec<Row<'_>> = labels.iter().map(|(labels, count)| (&labels[..], *count)).collect();
    gauges(to, "jobs", "Jobs that wait or run", None, &jobs);
}

fn store(stored: &Stored, to: &mut Registry) {
    let help = "What the store takes on disk, garbage that no sweep has taken among it";
    gauge(to, "store", help, Some(Unit::Bytes), float(stored.stats.bytes));
    let help = "Objects in the store, about";
    gauge(to, "store_objects", help, None, float(stored.stats.objects));
    let help = "Objects that are set aside because they are damaged";
    gauge(to, "store_quarantined_objects", help, None, float(stored.quarantined));
    if let Some(rocks) = stored.rocks {
        let sessions = float(rocks.sessions);
        gauge(to, "upload_sessions", "Upload sessions that are open", None, sessions);
    }
    if let Some((free, all)) = stored.disk {
        let help = "What the hub may still write to the disk of its data directory";
        gauge(to, "disk_free", help, Some(Unit::Bytes), float(free));
        let help = "Size of the disk of the data directory";
        gauge(to, "disk_size", help, Some(Unit::Bytes), float(all));
    }
}

/// When upkeep was done last, and what came of it. What was never done is not shown.
fn upkeep(lasts: &Lasts, to: &mut Registry) {
    let labels: Vec<_> = lasts.keys().map(|kind| [("kind", *kind)]).collect();
    let rows = |value: fn(&super::last::Last) -> f64| -> Vec<Row<'_>> {
        lasts.values().zip(&labels).map(|(last, labels)| (&labels[..], value(last))).collect()
    };
    let help = "When such a job last did what was asked, since the Unix epoch";
    let unit = Some(Unit::Seconds);
    gauges(to, "job_last_success_timestamp", help, unit.clone(), &rows(|last| last.finished));
    let help = "How long it took";
    gauges(to, "job_last_success_duration", help, unit, &rows(|last| last.seconds));
    if let Some(sweep) = lasts.get("sweep") {
        let help = "Objects that the last sweep removed";
        gauge(to, "sweep_removed_objects", help, None, sweep.number("/removed/objects"));
        let help = "Frame bytes that the last sweep removed";
        let removed = sweep.number("/removed/stored_bytes");
        gauge(to, "sweep_removed", help, Some(Unit::Bytes), removed);
        let (before, after) =
            (sweep.number("/disk_bytes_before"), sweep.number("/disk_bytes_after"));
        let help = "Bytes by which the store's files shrank at the end of the last sweep";
        gauge(to, "sweep_reclaimed", help, Some(Unit::Bytes), (before - after).max(0.0));
    }
    if let Some(scrub) = lasts.get("scrub") {
        let help = "Whether the last scrub found everything in order";
        gauge(to, "scrub_sound", help, None, flag(scrub.says("/sound")));
        let findings: [Row<'_>; 3] = [
            (&[("finding", "damaged")], scrub.length("/damaged")),
            (&[("finding", "missing")], scrub.length("/missing")),
            (&[("finding", "unreadable")], scrub.length("/unreadable")),
        ];
        gauges(to, "scrub_findings", "Objects that the last scrub found", None, &findings);
    }
}
