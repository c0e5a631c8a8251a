-- Named spaces, and what their names point at.

-- A named space that holds flist names. For now every repository is public and has one owner.
create table repositories (
    id         bigint not null primary key,
    owner_id   bigint not null references users (id),
    name       text   not null unique,
    created_at bigint not null,
    -- When a name in it last changed.
    updated_at bigint not null
);

create index repositories_by_owner on repositories (owner_id);

-- What is known of a published flist without reading it. A row is written by a publish that found every
-- object of the flist in the chunk store and made them durable first.
create table flists (
    -- The manifest's id, 32 bytes.
    id         bytea  not null primary key,
    -- Entries below the root directory, all kinds together.
    entries    bigint not null,
    -- Bytes of file content, each file counted at full length.
    bytes      bigint not null,
    -- Length of the .flist file.
    file_bytes bigint not null,
    -- Entries by kind. A regular file with several hard links counts once for each.
    regular    bigint not null,
    symlink    bigint not null,
    directory  bigint not null,
    special    bigint not null,
    created_at bigint not null
);

-- What each name points at now.
create table names (
    repository_id bigint not null references repositories (id) on delete cascade,
    name          text   not null,
    flist_id      bytea  not null references flists (id),
    updated_at    bigint not null,
    primary key (repository_id, name)
);

create index names_by_flist on names (flist_id);
