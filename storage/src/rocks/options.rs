//! Every RocksDB option that is not RocksDB's default, with its reason.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode, Options,
};

use super::schema::{PAYLOAD, PRESENCE, SESSIONS};

/// What an operator may tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RocksOptions {
    /// Bytes of memory for blocks, index and filters of the column families (not for content).
    pub block_cache: usize,
    /// Bytes of memory for writes that are not yet in their final files, over all families.
    pub write_buffers: usize,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self { block_cache: 64 << 20, write_buffers: 64 << 20 }
    }
}

impl RocksOptions {
    /// Options of the database as a whole.
    pub(super) fn database(&self) -> Options {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        // Everything up to the first damaged record of the log, nothing after it: what a barrier
        // covered lies before anything that a power cut can have torn.
        options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
        // Notices a lost or shortened log file at open instead of silently losing its writes.
        options.set_track_and_verify_wals_in_manifest(true);
        // Memory stays bounded whatever comes in.
        options.set_db_write_buffer_size(self.write_buffers);
        // Old logs go as soon as what they hold is flushed, which this forces: the log holds every
        // frame a second time, so it bounds the disk that costs, and what is replayed at start.
        options.set_max_total_wal_size(64 << 20);
        // Hands dirty pages to the disk as they come, so that the barrier has little left to wait for.
        options.set_bytes_per_sync(4 << 20);
        options.set_wal_bytes_per_sync(4 << 20);
        options.set_max_background_jobs(2);
        // Bounds the number of open descriptors, and with it what opening the store costs.
        options.set_max_open_files(1024);
        // RocksDB's own text log is for debugging only.
        options.set_keep_log_file_num(2);
        options
    }

    /// The column families and their options.
    pub(super) fn column_families(&self) -> Vec<ColumnFamilyDescriptor> {
        let cache = Cache::new_lru_cache(self.block_cache);
        vec![
            ColumnFamilyDescriptor::new("default", Options::default()),
            ColumnFamilyDescriptor::new(PRESENCE, presence(&cache)),
            ColumnFamilyDescriptor::new(PAYLOAD, payload(&cache)),
            ColumnFamilyDescriptor::new(SESSIONS, sessions(&cache)),
        ]
    }
}

fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    // Index and filters count against the cache's bound, instead of growing with the store.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks
}

/// Small rows, asked for by exact key, mostly for keys that are absent (new data).
fn presence(cache: &Cache) -> Options {
    let mut options = Options::default();
    let mut blocks = blocks(cache);
    // About 1 % of absent keys cost a read; ribbon takes 30 % less memory than bloom for that.
    blocks.set_ribbon_filter(10.0);
    options.set_block_based_table_factory(&blocks);
    // Ids are random bytes: nothing to compress.
    options.set_compression_type(DBCompressionType::None);
    options.set_write_buffer_size(16 << 20);
    options
}

/// Frames, in blob files: written once, never moved by compaction.
fn payload(cache: &Cache) -> Options {
    let mut options = Options::default();
    let mut blocks = blocks(cache);
    blocks.set_ribbon_filter(10.0);
    options.set_block_based_table_factory(&blocks);
    // Frames are compressed already.
    options.set_compression_type(DBCompressionType::None);
    options.set_blob_compression_type(DBCompressionType::None);
    options.set_enable_blob_files(true);
    // Smaller frames cost less in the table than a pointer and a read of their own.
    options.set_min_blob_size(4 << 10);
    options.set_blob_file_size(256 << 20);
    // Nothing is ever overwritten, so there is garbage only after a sweep; collecting on every
    // compaction would copy the oldest quarter of the store again and again.
    options.set_enable_blob_gc(false);
    options.set_write_buffer_size(32 << 20);
    options
}

/// Short-lived rows.
fn sessions(cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks(cache));
    options.set_compression_type(DBCompressionType::None);
    options.set_write_buffer_size(8 << 20);
    options
}
