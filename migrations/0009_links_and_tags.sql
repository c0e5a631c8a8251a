-- Names that are links and tags, their history, what is told of a flist once somebody asks, and whether what
-- names point at can be taken for whole.

-- What each name is now. `names` is made again: what it points at is no longer always a flist.
create table names_of_any_kind (
    repository_id     bigint   not null references repositories (id) on delete cascade,
    name              text     not null,
    -- 1 a flist, 2 a link to a name, 3 a tag, 4 a link to a tag. It stays until the name is deleted.
    kind              smallint not null,
    -- What a flist's name points at; null for the other kinds.
    flist_id          bytea    references flists (id),
    -- What a link points at, by name: what stands there may go and come. Null for the other kinds.
    target_repository text,
    target_name       text,
    -- Of its last change, in `name_history`.
    revision          bigint   not null,
    updated_at        bigint   not null,
    primary key (repository_id, name)
);

insert into names_of_any_kind (repository_id, name, kind, flist_id, revision, updated_at)
select repository_id, name, 1, flist_id,
       coalesce((select max(revision) from name_history
                 where name_history.repository_id = names.repository_id
                   and name_history.name = names.name), 0),
       updated_at
from names;

drop table names;
alter table names_of_any_kind rename to names;
create index names_by_flist on names (flist_id);
create index names_by_update on names (updated_at);

-- The members of tags.
create table tag_members (
    repository_id     bigint not null,
    -- The tag, a name of kind 3.
    tag               text   not null,
    -- The member's own name.
    name              text   not null,
    -- What it points at, by name.
    target_repository text   not null,
    target_name       text   not null,
    linked_at         bigint not null,
    primary key (repository_id, tag, name),
    foreign key (repository_id, tag) references names (repository_id, name)
        on delete cascade on update cascade
);

-- What the name was from then on: a kind as in `names`, or 0 once it was deleted or renamed away.
alter table name_history add column kind smallint not null default 1;
update name_history set kind = 0 where flist_id is null;
-- What a link pointed at from then on.
alter table name_history add column target_repository text;
alter table name_history add column target_name text;

-- What takes reading a whole flist to know: written when somebody asks for the first time, and never changed.
create table flist_facts (
    flist_id   bytea  not null primary key references flists (id) on delete cascade,
    -- Length of the .flist file, and its MD5, 16 bytes.
    file_bytes bigint not null,
    md5        bytea  not null,
    -- Entries by kind. A regular file with several hard links counts once for each.
    regular    bigint not null,
    symlink    bigint not null,
    directory  bigint not null,
    special    bigint not null
);

alter table flists drop column file_bytes;
alter table flists drop column regular;
alter table flists drop column symlink;
alter table flists drop column directory;
alter table flists drop column special;

-- 1: the hub was told to serve although it lost something, and no scrub has found since that everything is
-- there. Then a publish takes nothing for whole because a name points at it.
alter table hub_state add column loss_accepted bigint not null default 0;
