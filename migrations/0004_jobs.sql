-- Long tasks that the hub runs one after the other: sweep, scrub, backup, space accounting.

-- A task and how far it is. Only the process that has the chunk store open runs jobs, so a row that says
-- `running` while that process starts was left by one that died.
create table jobs (
    -- 32 random lower-case hex digits, drawn by the hub.
    id           text     not null primary key,
    -- 1 for the first job, then one more each time: the order in which jobs were asked for.
    sequence     bigint   not null unique,
    -- 'sweep', 'scrub', 'backup' or 'space'.
    kind         text     not null,
    -- 'queued', 'running', 'succeeded', 'failed' or 'cancelled'.
    state        text     not null,
    -- What was asked for: a JSON object whose `kind` is the column above.
    arguments    text     not null,
    -- JSON; null unless it succeeded.
    result       text,
    -- For people; null unless it failed.
    error        text,
    -- What a running job does at the moment, in a word or two; null before it has said so.
    phase        text,
    -- How much of the phase is done, in the phase's own unit.
    done         bigint   not null,
    -- How much there is; null where nobody knows before the end.
    total        bigint,
    -- 1: somebody wants it to end; 0: nobody.
    cancel_asked smallint not null,
    -- How often the hub died while it ran.
    attempts     bigint   not null,
    -- Who asked for it; null: the operator, at the machine itself, or a user who is gone.
    user_id      bigint   references users (id) on delete set null,
    created_at   bigint   not null,
    -- When it was last started; null before.
    started_at   bigint,
    -- Null until it has ended.
    finished_at  bigint
);

create index jobs_by_state on jobs (state, sequence);
create index jobs_by_user on jobs (user_id);

-- What jobs have to say, line by line.
create table job_log (
    job_id    text   not null references jobs (id) on delete cascade,
    -- 1 for a job's first line, then one more each time.
    line      bigint not null,
    logged_at bigint not null,
    message   text   not null,
    primary key (job_id, line)
);
