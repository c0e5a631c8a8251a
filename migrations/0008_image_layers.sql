-- Which layers went into a flist that was made of an image: who may read a repository with such a flist may
-- have the hub use its layers again.
create table image_layers (
    flist_id bytea  not null references flists (id) on delete cascade,
    -- 1 for the lowest layer.
    position bigint not null,
    -- SHA-256 of the layer's archive without its compression, as `sha256:` and 64 hex digits.
    diff_id  text   not null,
    primary key (flist_id, position)
);

create index image_layers_by_diff_id on image_layers (diff_id);
