-- What is true of this hub as a whole: one row, made when the catalog is opened for the first time.
create table hub_state (
    -- Always 1.
    only         smallint not null primary key,
    -- 32 random lower-case hex digits: tells this hub's backups from another's.
    hub_id       text     not null,
    -- Names that were deleted before this time keep nothing any more: a sweep that took them for garbage
    -- has begun to delete. Later sweeps, with a longer grace, must not look for what it took.
    swept_before bigint   not null
);

-- At start the hub looks whether the store has what the newest names point at.
create index names_by_update on names (updated_at);
