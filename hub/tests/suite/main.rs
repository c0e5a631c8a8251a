//! The hub through its real router on a free port, and the real program where it must be killed.

#[cfg(test)]
mod account_commands;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod archives;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod backup_damage;
#[cfg(test)]
mod backup_refusals;
#[cfg(test)]
mod backup_support;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bad_requests;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod control;
#[cfg(test)]
mod conversion_bounds;
#[cfg(test)]
mod conversions;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod crash_sweep;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod downloads;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod files;
#[cfg(test)]
mod files_pages;
#[cfg(test)]
mod files_paths;
#[cfg(test)]
mod files_reads;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod image_registry;
#[cfg(test)]
mod item_again;
#[cfg(test)]
mod item_life;
#[cfg(test)]
mod item_metadata;
#[cfg(test)]
mod item_versions;
#[cfg(test)]
mod job_commands;
#[cfg(test)]
mod job_events;
#[cfg(test)]
mod job_lanes;
#[cfg(test)]
mod job_routes;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod jwt;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod local_jobs;
#[cfg(test)]
mod log;
#[cfg(test)]
mod membership;
#[cfg(test)]
mod merge;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod names;
#[cfg(test)]
mod native;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod postgres_hub;
#[cfg(test)]
mod postgres_server;
#[cfg(test)]
mod power;
#[cfg(test)]
mod program;
#[cfg(test)]
mod publish_bases;
#[cfg(test)]
mod push;
#[cfg(test)]
mod sharinghub;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod signed_urls;
#[cfg(test)]
mod stac_aggregating;
#[cfg(test)]
mod stac_aggregations;
#[cfg(test)]
mod stac_bad_filters;
#[cfg(test)]
mod stac_changing;
#[cfg(test)]
mod stac_collections;
#[cfg(test)]
mod stac_composing;
#[cfg(test)]
mod stac_filters;
#[cfg(test)]
mod stac_found;
#[cfg(test)]
mod stac_items;
#[cfg(test)]
mod stac_search;
#[cfg(test)]
mod stac_several;
#[cfg(test)]
#[cfg(feature = "geoparquet")]
mod stac_tables;
#[cfg(test)]
mod stac_thumbnails;
#[cfg(test)]
mod stac_words;
#[cfg(test)]
mod stac_writing;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod tree_support;
#[cfg(test)]
mod undelete;
#[cfg(test)]
mod upkeep;
#[cfg(test)]
mod uploads;
#[cfg(test)]
mod zero_hub;
