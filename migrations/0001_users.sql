-- Who may use the hub. Times are seconds since the Unix epoch everywhere.

-- A person or a machine that acts. Ids are random positive 63-bit numbers drawn by the hub: no
-- database's own sequence is needed.
create table users (
    id         bigint not null primary key,
    -- Matches [A-Za-z0-9][A-Za-z0-9._-]{0,127}; also the name of the user's own repository.
    name       text   not null unique,
    created_at bigint not null
);

-- API tokens. The token itself is shown once and never stored.
create table tokens (
    id         bigint   not null primary key,
    user_id    bigint   not null references users (id) on delete cascade,
    -- BLAKE3 (derive-key mode) of the token, 32 bytes. A token holds 256 random bits, so a fast hash
    -- is enough: there is nothing to guess.
    hash       bytea    not null unique,
    -- 1 read, 2 write, 3 admin; each includes those before it.
    scope      smallint not null,
    created_at bigint   not null,
    -- Null: never.
    expires_at bigint
);

create index tokens_by_user on tokens (user_id);
