//! Every RocksDB option that is not RocksDB's default, with its reason.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType,
    DBRecoveryMode, LruCacheOptions, Options, SliceTransform,
};

use super::schema::{MEMBERS, PAYLOAD, PRESENCE, QUARANTINE, SESSIONS};

/// How frames get to the disk before a barrier. docs/storage.md has the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WritePath {
    /// Everything through the write-ahead log; the barrier syncs the log. Frames are written twice.
    Log,
    /// Nothing but sessions through the log; the barrier writes the memory tables out. Frames are
    /// written once, but each barrier makes files, however little there was.
    Flush,
    /// Batches with at least so many bytes of frames past the log, smaller ones through it. A barrier
    /// writes the memory tables out if anything is waiting past the log. The default: as fast as `Log`
    /// for small publishes and as `Flush` for large ones. Whoever writes much writes batches of 4 MiB,
    /// so 2 MiB tells the two apart.
    Hybrid {
        /// Bytes of frames in one batch.
        unlogged_from: u64,
    },
}

/// What an operator may tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RocksOptions {
    /// Bytes of memory for blocks, index and filters of the column families (not for content).
    pub block_cache: usize,
    /// Bytes of memory for writes that are not yet in their final files, over all families.
    pub write_buffers: usize,
    /// Bytes of memory for decoded objects that were read lately.
    pub chunk_cache: usize,
    /// How frames get to the disk.
    pub write_path: WritePath,
    /// Seconds for which a sweep spares what was put or asked for. A time put that is older than half of
    /// it is refreshed when somebody asks.
    pub grace: u64,
    /// Percent of garbage in blob files from which reclaiming copies what lives in them.
    pub blob_gc_percent: u64,
    /// Bytes a second that this copying may write.
    pub blob_gc_rate: u64,
    /// Files that are kept open. Bounds descriptors, and with them what opening the store costs.
    pub open_files: i32,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self {
            block_cache: 64 << 20,
            write_buffers: 64 << 20,
            chunk_cache: 32 << 20,
            write_path: WritePath::Hybrid { unlogged_from: 2 << 20 },
            grace: crate::DEFAULT_GRACE,
            blob_gc_percent: 25,
            blob_gc_rate: 64 << 20,
            open_files: 1024,
        }
    }
}

impl RocksOptions {
    /// Options of the database as a whole.
    pub(super) fn database(&self) -> Options {
        let mut options = Options::default();
        options.create_missing_column_families(true);
        // Everything up to the first damaged record of the log, nothing after it: what a barrier
        // covered lies before anything that a power cut can have torn.
        options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
        // Notices a closed log file that is lost or shortened at open instead of silently losing its
        // writes. The log that is being written when the hub dies is not covered.
        options.set_track_and_verify_wals_in_manifest(true);
        // A row and its frame reach the files together also where they went past the log.
        options.set_atomic_flush(true);
        // Memory stays bounded whatever comes in.
        options.set_db_write_buffer_size(self.write_buffers);
        // Old logs go as soon as what they hold is flushed, which this forces: the log holds frames a
        // second time, so it bounds the disk that costs, and what is replayed at start.
        options.set_max_total_wal_size(64 << 20);
        // Hands dirty pages to the disk as they come, so that the barrier has little left to wait for.
        options.set_bytes_per_sync(4 << 20);
        options.set_wal_bytes_per_sync(4 << 20);
        // One thread for flushes, which writers wait for, beside one for compactions.
        options.set_max_background_jobs(2);
        options.set_max_open_files(self.open_files);
        // RocksDB's own text log is for debugging only.
        options.set_keep_log_file_num(2);
        options
    }

    /// The column families and their options.
    pub(super) fn column_families(&self) -> Vec<ColumnFamilyDescriptor> {
        let cache = block_cache(self.block_cache);
        vec![
            ColumnFamilyDescriptor::new("default", small(&cache)),
            ColumnFamilyDescriptor::new(PRESENCE, presence(&cache)),
            ColumnFamilyDescriptor::new(PAYLOAD, payload(&cache)),
            ColumnFamilyDescriptor::new(SESSIONS, small(&cache)),
            ColumnFamilyDescriptor::new(QUARANTINE, small(&cache)),
            ColumnFamilyDescriptor::new(MEMBERS, members(&cache)),
        ]
    }
}

/// One cache for all families. RocksDB would cut it into 64 parts, each too small for the larger blocks of a
/// large store; four are enough for the threads there are.
fn block_cache(bytes: usize) -> Cache {
    let mut options = LruCacheOptions::default();
    options.set_capacity(bytes);
    options.set_num_shard_bits(2);
    Cache::new_lru_cache_opts(&options)
}

fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    // Index and filters count against the cache's bound, instead of growing with the store.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks
}

/// What every family of rows by random id has in common.
fn by_id(cache: &Cache) -> Options {
    let mut options = Options::default();
    let mut blocks = blocks(cache);
    // About 1 % of absent keys cost a read; ribbon takes 30 % less memory than bloom for that.
    blocks.set_ribbon_filter(10.0);
    // Index and filter in small parts of their own: a question reads those it needs, where whole ones
    // (a megabyte and more for each file) would push each other out of the cache.
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_partition_filters(true);
    blocks.set_metadata_block_size(8 << 10);
    blocks.set_pin_top_level_index_and_filter(true);
    options.set_block_based_table_factory(&blocks);
    // Ids are random bytes, and frames are compressed already.
    options.set_compression_type(DBCompressionType::None);
    // A writer is slowed before memory runs out, and stopped only far beyond: rows are small, so that
    // compaction keeps up even where a burst leaves many small files.
    options.set_level_zero_slowdown_writes_trigger(40);
    options.set_level_zero_stop_writes_trigger(80);
    // Two tables: one filling while the other is written out.
    options.set_max_write_buffer_number(3);
    options
}

/// Small rows, asked for by exact key, mostly for keys that are absent (new data).
fn presence(cache: &Cache) -> Options {
    let mut options = by_id(cache);
    options.set_write_buffer_size(16 << 20);
    options
}

/// Rows without content, asked for by exact key (does this repository hold it) and by id (who does).
fn members(cache: &Cache) -> Options {
    let mut options = by_id(cache);
    options.set_prefix_extractor(SliceTransform::create_fixed_prefix(32));
    options.set_memtable_prefix_bloom_ratio(0.1);
    options.set_memtable_whole_key_filtering(true);
    options.set_write_buffer_size(16 << 20);
    options
}

/// Frames, in blob files: written once, never moved by compaction.
fn payload(cache: &Cache) -> Options {
    let mut options = by_id(cache);
    options.set_blob_compression_type(DBCompressionType::None);
    options.set_enable_blob_files(true);
    // Smaller frames cost less in the table than a pointer and a read of their own.
    options.set_min_blob_size(4 << 10);
    options.set_blob_file_size(256 << 20);
    // Nothing is ever overwritten, so there is garbage only after a sweep; collecting on every
    // compaction would copy the oldest quarter of the store again and again. Reclaiming switches it
    // on for a while, and then for files of any age.
    options.set_enable_blob_gc(false);
    options.set_blob_gc_age_cutoff(1.0);
    // Small tables, so that copying what lives can go in small steps.
    options.set_target_file_size_base(8 << 20);
    options.set_write_buffer_size(32 << 20);
    options
}

/// Few or short-lived rows.
fn small(cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks(cache));
    options.set_compression_type(DBCompressionType::None);
    options.set_write_buffer_size(8 << 20);
    options
}
