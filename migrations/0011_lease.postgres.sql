-- Which hub works on this catalog: one row. Every change of the catalog locks it first, so changes take turns,
-- as they do in SQLite, and a hub that does not hold the lease any more changes nothing.
create table lease (
    -- Always 1.
    id            smallint not null primary key,
    -- 32 random lower-case hex digits, drawn by a hub when it starts; empty: no hub.
    holder        text     not null,
    -- The holder's machine and process, for people.
    host          text     not null,
    pid           bigint   not null,
    -- By the database's clock, in milliseconds since the Unix epoch: when the holder took it, and when it ends
    -- unless it is renewed before.
    taken_at      bigint   not null,
    renewed_until bigint   not null
);

insert into lease (id, holder, host, pid, taken_at, renewed_until) values (1, '', '', 0, 0, 0);
