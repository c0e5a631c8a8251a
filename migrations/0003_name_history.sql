-- What each name pointed at before, who changed it, and how. Rows are only ever added, and outlive the
-- name: a name made again after a deletion goes on counting.
create table name_history (
    repository_id bigint not null references repositories (id) on delete cascade,
    name          text   not null,
    -- 1 for the first change of the name, then one more each time.
    revision      bigint not null,
    -- Null: the name was deleted.
    flist_id      bytea  references flists (id),
    -- Null once the user is gone.
    user_id       bigint references users (id) on delete set null,
    -- From what: 'upload' (an archive), 'push' (the native API) or 'delete'.
    source        text   not null,
    happened_at   bigint not null,
    primary key (repository_id, name, revision)
);

create index name_history_by_flist on name_history (flist_id);
create index name_history_by_user on name_history (user_id);
