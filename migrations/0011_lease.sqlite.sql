-- Nothing: the chunk store admits one process, which is the only one to have a hub's SQLite file as a hub.
-- On PostgreSQL this step makes the lease, which does the same.
select 1;
