-- Jobs that a command does by itself, where no hub runs.

-- 1: what runs the job, or ran it last, is a command; 0: a hub, or nothing yet. A command that died is not
-- expected to go on, so its job has failed then.
alter table jobs add column by_command smallint not null default 0;
