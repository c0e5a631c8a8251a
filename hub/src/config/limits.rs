//! The part of the configuration that bounds what a caller can make the hub do: `[limits]`.

use serde::Deserialize;

use super::{ConfigError, LONGEST, MOST_AT_A_TIME, within};

/// Bounds on what a caller can make the hub do, each with the attack it stops.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one uploaded archive, as sent. Default: 64 GiB. Stops one caller from filling the disk
    /// in one request.
    pub upload_bytes: u64,
    /// Bytes of one uploaded `.flist` file. Default: 256 MiB, enough for some millions of files. Stops one
    /// caller from taking as much memory: what the file refers to is held while it is looked up.
    pub flist_file_bytes: u64,
    /// Bytes of one request that sends chunks. Default: 1 GiB. Stops a request that never ends; a
    /// client splits.
    pub chunks_request_bytes: u64,
    /// Bytes of any other request body. Default: 64 KiB. Stops large bodies where small ones are
    /// expected. (A question which ids are missing has its own fixed bound, 4 MiB.)
    pub body_bytes: usize,
    /// Bytes of a request's line and headers together. Default: 32 KiB. Stops memory being filled with
    /// headers.
    pub header_bytes: usize,
    /// Entries of one archive or tree. Default: 4,000,000. Stops a small archive of endless empty
    /// files, which costs memory for names.
    pub entries: u64,
    /// Bytes of all files of one archive, holes included. Default: 16 TiB. Stops a sparse header of a
    /// few bytes that claims exabytes.
    pub file_bytes: u64,
    /// Bytes of one archive once decompressed. Default: 4 TiB. Stops an endless stream.
    pub archive_bytes: u64,
    /// Decompressed bytes for each compressed byte. Default: 200. Stops decompression bombs.
    pub expansion: u64,
    /// Decompressed bytes up to which `expansion` is not looked at. Default: 1 GiB.
    pub expansion_floor_bytes: u64,
    /// Bytes of memory that decompressing one archive may take. Default: 128 MiB. Stops archives whose
    /// dictionary or window is as large as they like.
    pub decoder_memory_bytes: u64,
    /// Bytes of one path. Default: 4,096, which is also the most. Stops paths that no system could
    /// extract.
    pub path_bytes: usize,
    /// Names in one path. Default: 1,024, which is also the most. Stops trees so deep that walking them
    /// is costly.
    pub path_depth: usize,
    /// Archive uploads at a time. Default: 8. Stops memory and threads from growing with callers; one
    /// more is answered 503 and may try again.
    pub uploads: usize,
    /// Requests that send chunks at a time, and as many again that fetch chunks or flists. Default: 64.
    /// One more waits for half of `request_seconds`, then is answered 503. Two counts, because readers
    /// need no token: however slow they are, they hold up no push.
    pub transfers: usize,
    /// Flists that are checked at a time before they are published. Default: 4. The rest wait their
    /// turn. Stops the threads from being taken by large trees alone.
    pub publishes: usize,
    /// Connections at a time. Default: 1,024. The rest wait in the system's queue. Stops descriptors
    /// from running out.
    pub connections: usize,
    /// Seconds a request may take, apart from the transfers named above. Default: 60. Stops requests
    /// from piling up behind a slow one.
    pub request_seconds: u64,
    /// Seconds a caller may take to send its headers, to send the next part of a body, or to take the
    /// next part of an answer. Default: 60. Stops callers that hold a connection open and do nothing.
    pub idle_seconds: u64,
    /// Bytes a second that an archive or chunks must come in with, on average over the time that the
    /// hub waits for them. Default: 1,024; 0 for any. Stops callers that hold a place by sending a byte
    /// now and then.
    pub slowest_bytes_per_second: u64,
    /// Seconds of waiting after which `slowest_bytes_per_second` is looked at. Default: 60. Leaves room
    /// for a slow start.
    pub slow_start_seconds: u64,
    /// Seconds that running requests get to finish at shutdown. Default: 30.
    pub shutdown_seconds: u64,
    /// Seconds at shutdown for which the hub goes on as before and only says that it is not ready
    /// (`/readyz`). Default: 0. Behind a balancer: as long as it takes to notice, so that nobody is sent to
    /// a closed door.
    pub shutdown_notice_seconds: u64,
    /// Requests a second of one caller (a user, or an address without a valid token; an IPv6 /64 is one
    /// address), on average. Default: 500; 0 for any. One more is answered 429. Stops one caller from
    /// taking the processors.
    pub requests_per_second: u64,
    /// Requests of one caller that may come at once. Default: 5,000. Leaves room for programs that do much
    /// and then nothing.
    pub request_burst: u64,
    /// Archive uploads and merges of one user at a time. Default: 4; 0 for any. One more is answered 429.
    /// Stops one user from taking all of `uploads`.
    pub uploads_per_user: usize,
    /// Requests of one caller that send chunks, fetch chunks or flists, or ask which chunks are missing, at a
    /// time, each. Default: 32; 0 for any. One more waits as for `transfers`, then is answered 429. Stops one
    /// caller from taking all of `transfers`.
    pub transfers_per_caller: usize,
    /// Exports and diffs of one caller at a time. Default: 3; 0 for any. One more is answered 429. Stops
    /// one caller from taking all of the four places.
    pub exports_per_caller: usize,
    /// Connections of one address at a time, proxies that are trusted apart. Default: 256; 0 for any. One
    /// more is closed at once. Stops one machine from taking all of `connections`.
    pub connections_per_address: usize,
    /// Bytes that one user may have sent and not published, in upload sessions that are open or ended
    /// within `store.grace_seconds`. Default: 256 GiB; 0 for any. One more is answered 413; publishing makes
    /// room, and so does time. Stops one user from filling the disk with what no sweep may touch.
    pub unpublished_bytes_per_user: u64,
    /// Upload sessions of one user that are open. Default: 1,000; 0 for any. One more is answered 413.
    /// Stops one user from filling the store with their rows.
    pub sessions_per_user: usize,
    /// Passwords that may be wrong from one address in `attempts_window_seconds`. Default: 30; 0 for any.
    /// One more is answered 429, right or not. Stops guessing of many users' passwords.
    pub failed_logins_per_address: u64,
    /// Passwords that may be wrong for one user name in `attempts_window_seconds`, wherever they come from.
    /// Default: 10; 0 for any. One more is answered 429, right or not; tokens go on working. Stops guessing
    /// of one user's password from many addresses.
    pub failed_logins_per_user: u64,
    /// Tokens from one address that are not valid, in `attempts_window_seconds`. Default: 1,000; 0 for any.
    /// One more is answered 429; valid tokens go on working. Stops endless trying.
    pub invalid_tokens_per_address: u64,
    /// Seconds after which all attempts that were used up are there again. Default: 600.
    pub attempts_window_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let archive = flisthub_converter::Limits::default();
        Self {
            upload_bytes: 64 << 30,
            flist_file_bytes: 256 << 20,
            chunks_request_bytes: 1 << 30,
            body_bytes: 64 << 10,
            header_bytes: 32 << 10,
            entries: archive.entries,
            file_bytes: archive.file_bytes,
            archive_bytes: archive.archive_bytes,
            expansion: archive.expansion,
            expansion_floor_bytes: archive.expansion_floor,
            decoder_memory_bytes: archive.decoder_memory,
            path_bytes: archive.path_bytes,
            path_depth: archive.depth,
            uploads: 8,
            transfers: 64,
            publishes: 4,
            connections: 1_024,
            request_seconds: 60,
            idle_seconds: 60,
            slowest_bytes_per_second: 1_024,
            slow_start_seconds: 60,
            shutdown_seconds: 30,
            shutdown_notice_seconds: 0,
            requests_per_second: 500,
            request_burst: 5_000,
            uploads_per_user: 4,
            transfers_per_caller: 32,
            exports_per_caller: 3,
            connections_per_address: 512,
            unpublished_bytes_per_user: 256 << 30,
            sessions_per_user: 1_000,
            failed_logins_per_address: 30,
            failed_logins_per_user: 10,
            invalid_tokens_per_address: 1_000,
            attempts_window_seconds: 600,
        }
    }
}

impl Limits {
    /// What the converter is told.
    pub fn archive(&self) -> flisthub_converter::Limits {
        flisthub_converter::Limits {
            entries: self.entries,
            file_bytes: self.file_bytes,
            archive_bytes: self.archive_bytes,
            expansion: self.expansion,
            expansion_floor: self.expansion_floor_bytes,
            decoder_memory: self.decoder_memory_bytes,
            path_bytes: self.path_bytes,
            depth: self.path_depth,
            ..flisthub_converter::Limits::default()
        }
    }

    /// What a tree that is to be published is held to: the same as an archive.
    pub fn tree(&self) -> flisthub_flist::VerifyLimits {
        flisthub_flist::VerifyLimits {
            entries: self.entries,
            bytes: self.file_bytes,
            path_bytes: self.path_bytes,
            path_depth: self.path_depth,
            ..flisthub_flist::VerifyLimits::default()
        }
    }

    /// Refuses values with which the hub would do nothing or fail later.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, number, most) in [
            ("limits.uploads", self.uploads as u64, MOST_AT_A_TIME),
            ("limits.transfers", self.transfers as u64, MOST_AT_A_TIME),
            ("limits.publishes", self.publishes as u64, MOST_AT_A_TIME),
            ("limits.connections", self.connections as u64, MOST_AT_A_TIME),
            ("limits.entries", self.entries, u64::MAX),
            ("limits.expansion", self.expansion, u64::MAX),
            ("limits.path_bytes", self.path_bytes as u64, 4_096),
            ("limits.path_depth", self.path_depth as u64, 1_024),
            ("limits.request_seconds", self.request_seconds, LONGEST),
            ("limits.idle_seconds", self.idle_seconds, LONGEST),
            ("limits.request_burst", self.request_burst, MOST_AT_A_TIME),
            ("limits.attempts_window_seconds", self.attempts_window_seconds, LONGEST),
            // With these, none at all makes sense.
            ("limits.requests_per_second", self.requests_per_second.max(1), MOST_AT_A_TIME),
            (
                "limits.failed_logins_per_address",
                self.failed_logins_per_address.max(1),
                MOST_AT_A_TIME,
            ),
            ("limits.failed_logins_per_user", self.failed_logins_per_user.max(1), MOST_AT_A_TIME),
            (
                "limits.invalid_tokens_per_address",
                self.invalid_tokens_per_address.max(1),
                MOST_AT_A_TIME,
            ),
            ("limits.slow_start_seconds", self.slow_start_seconds.max(1), LONGEST),
            ("limits.shutdown_seconds", self.shutdown_seconds.max(1), LONGEST),
            ("limits.shutdown_notice_seconds", self.shutdown_notice_seconds.max(1), LONGEST),
        ] {
            within(key, number, most)?;
        }
        if self.header_bytes < 8 << 10 {
            return Err(ConfigError::Value {
                key: "limits.header_bytes",
                need: "at least 8192".to_owned(),
            });
        }
        Ok(())
    }
}
