-- STAC: the items that names are in collections, what was said of them through the API, and who likes them.

-- Collections that every name of the repository is in: a JSON list of their ids.
alter table repositories add column categories text not null default '[]';

-- Of which configuration all items were composed last: a hash of what they depend on in it. Empty: of none.
alter table hub_state add column items_of text not null default '';

-- What was set of a name through the API. It outlives the name, for an undelete; whoever makes the name anew removes it.
create table item_settings (
    repository_id bigint not null references repositories (id) on delete cascade,
    name          text   not null,
    -- A random number, another one after each change.
    revision      bigint not null,
    -- A JSON object, as it was given.
    metadata      text   not null,
    primary key (repository_id, name)
);

-- Which users starred which names. Kept like what was set.
create table item_stars (
    repository_id bigint not null references repositories (id) on delete cascade,
    name          text   not null,
    user_id       bigint not null references users (id) on delete cascade,
    primary key (repository_id, name, user_id)
);

create index item_stars_by_user on item_stars (user_id);

-- SHA-256 of files' content, computed once in each repository: nobody learns from it what others have.
create table content_checksums (
    repository_id bigint not null references repositories (id) on delete cascade,
    -- An id of the content, 32 bytes.
    content       bytea  not null,
    sha256        bytea  not null,
    primary key (repository_id, content)
);

-- Names whose items are to be composed again.
create table item_pending (
    repository_id bigint   not null,
    name          text     not null,
    -- 1: only to compute checksums that lack, which takes long.
    sums          smallint not null,
    primary key (repository_id, name),
    foreign key (repository_id, name) references names (repository_id, name)
        on delete cascade on update cascade
);

create index item_pending_in_turn on item_pending (sums, repository_id, name);

-- What the flist of a name is as an item, once for all collections that it is in.
create table item_documents (
    number        integer not null primary key,
    repository_id bigint  not null,
    name          text    not null,
    -- Of the name, when it got that flist.
    revision      bigint  not null,
    -- 1: its collections are those of the repository, 0: it says them itself.
    inherits      smallint not null,
    flist_id      bytea   not null,
    -- Its words, each with a blank before and after it.
    words         text    not null,
    -- GeoJSON; null: it is nowhere, or its box is all of it.
    geometry      text,
    -- JSON in which the hub's own addresses are marked. Last: it is long, and most searches need it of few rows.
    document      text    not null,
    unique (repository_id, name),
    foreign key (repository_id, name) references names (repository_id, name)
        on delete cascade on update cascade
);

-- One row for each item in each collection: what is searched by. Times are microseconds since the Unix epoch.
create table items (
    number        integer  not null primary key,
    document      bigint   not null references item_documents (number) on delete cascade,
    collection    text     not null,
    repository_id bigint   not null,
    name          text     not null,
    -- `repository/name`.
    id            text     not null,
    -- That of the repository.
    visibility    smallint not null,
    title         text     not null,
    datetime      bigint,
    -- 0: at no known time, 1: at `datetime` alone, 2: from `starts` to `ends`, of which null is open.
    timed         smallint not null,
    starts        bigint,
    ends          bigint,
    created       bigint   not null,
    updated       bigint   not null,
    -- How many users starred it.
    stars         bigint   not null,
    -- The box around it; null: it is nowhere. East of a box over the antimeridian is more than 180.
    west          double precision,
    south         double precision,
    east          double precision,
    north         double precision,
    -- 1: the box is all of it, 0: it has a geometry.
    boxed         smallint not null,
    -- The revision before, if that was an item of the collection.
    predecessor   bigint,
    -- In this order also for searches by id alone.
    unique (id, collection)
);

-- All that a search for words asks of an item by itself.
create index items_by_document on items (document, visibility, repository_id, collection, datetime);
create index items_by_repository on items (repository_id);
create index items_by_time on items (collection, timed, datetime, number);
create index items_by_created on items (collection, created, number);
create index items_by_updated on items (collection, updated, number);
create index items_by_title on items (collection, title, number);
create index items_by_start on items (collection, starts, number);
create index items_by_end on items (collection, ends, number);
create index items_by_stars on items (collection, stars, number);

create table item_tags (
    tag  text   not null,
    item bigint not null references items (number) on delete cascade,
    primary key (tag, item)
);

create index item_tags_by_item on item_tags (item);

-- The boxes once more, with when they are, where they are found by place and time. Its numbers are rounded outwards;
-- an end that is open is beyond all times.
create virtual table _item_boxes using rtree (number, west, east, south, north, starts, ends);

create trigger item_box_new after insert on items when new.west is not null begin
    insert into _item_boxes (number, west, east, south, north, starts, ends)
    values (new.number, new.west, new.east, new.south, new.north,
            coalesce(new.starts, -1e30), coalesce(new.ends, 1e30));
end;

create trigger item_box_moved after update of west, east, south, north, starts, ends on items begin
    delete from _item_boxes where number = old.number;
    insert into _item_boxes (number, west, east, south, north, starts, ends)
    select new.number, new.west, new.east, new.south, new.north,
           coalesce(new.starts, -1e30), coalesce(new.ends, 1e30)
    where new.west is not null;
end;

create trigger item_box_gone after delete on items when old.west is not null begin
    delete from _item_boxes where number = old.number;
end;

-- Where documents are found by their words, which are divided by blanks alone.
create virtual table _item_words using fts5
    (words, content = 'item_documents', content_rowid = 'number', tokenize = 'ascii');

create trigger item_words_new after insert on item_documents begin
    insert into _item_words (rowid, words) values (new.number, new.words);
end;

create trigger item_words_changed after update of words on item_documents begin
    insert into _item_words (_item_words, rowid, words) values ('delete', old.number, old.words);
    insert into _item_words (rowid, words) values (new.number, new.words);
end;

create trigger item_words_gone after delete on item_documents begin
    insert into _item_words (_item_words, rowid, words) values ('delete', old.number, old.words);
end;
