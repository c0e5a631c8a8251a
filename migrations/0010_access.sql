-- Who may do what: visibility of repositories, their members, tokens that can be narrowed and revoked, and
-- a log of every change.

-- Who made the repository; grants nothing by itself.
alter table repositories rename column owner_id to creator_id;
-- 1 public: everybody reads; 2 internal: every signed-in user reads; 3 private: members only.
alter table repositories add column visibility smallint not null default 1;

create table members (
    repository_id bigint   not null references repositories (id) on delete cascade,
    user_id       bigint   not null references users (id) on delete cascade,
    -- 1 guest, 2 reader, 3 contributor, 4 owner; each may what those before it may.
    level         smallint not null,
    added_at      bigint   not null,
    primary key (repository_id, user_id)
);

create index members_by_user on members (user_id);

insert into members (repository_id, user_id, level, added_at)
select id, creator_id, 4, created_at from repositories;

-- 1: may operate the hub, with a token whose scope says so.
alter table users add column admin smallint not null default 0;
update users set admin = 1 where id in (select user_id from tokens where scope = 3);
-- Null: may sign in. From then on no token of theirs is taken.
alter table users add column disabled_at bigint;
-- What a password is checked against, an Argon2 string; null: there is none to sign in with.
alter table users add column password text;

-- 1 an API token, 2 made by signing in with a password.
alter table tokens add column kind smallint not null default 1;
-- What its owner calls it.
alter table tokens add column label text not null default '';
-- Null: not revoked.
alter table tokens add column revoked_at bigint;
-- 1: worth something only in the repositories below.
alter table tokens add column limited smallint not null default 0;

create table token_repositories (
    token_id      bigint not null references tokens (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    primary key (token_id, repository_id)
);

-- Every change: rows are only ever added, in the transaction of the change itself.
create table audit_log (
    -- 1 for the first change, then one more each time.
    id            bigint not null primary key,
    happened_at   bigint not null,
    -- Who: a user's name, or `operator`, who works at the hub's machine.
    actor         text   not null,
    user_id       bigint references users (id) on delete set null,
    -- By what they were known: `token` and its number, `login` and its number, `jwt` and the issuer, or
    -- `command line`.
    credential    text   not null,
    -- From where; null for what no request asked for.
    address       text,
    request       text,
    -- What: `publish`, `token-create`, ...
    action        text   not null,
    -- The repository that it was done to; null for what concerns none.
    repository_id bigint references repositories (id) on delete set null,
    -- To what: `alice/base`, `user alice`, `token 17`.
    subject       text   not null,
    detail        text
);

create index audit_by_repository on audit_log (repository_id, id);
create index audit_by_user on audit_log (user_id, id);
