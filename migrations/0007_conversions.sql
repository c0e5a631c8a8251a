-- Conversions of images: jobs of many parts, that say in a word why they failed, and where a flist is from.

-- Why a job failed, in a stable word for programs; null unless it failed, and for those that failed before
-- there was this column.
alter table jobs add column error_code text;

-- How far the parts of a job are that go on side by side: a JSON array of objects with `name`, `done`, `total`,
-- `entries` and `state`; null where it has told of none.
alter table jobs add column parts text;

-- Where what the name points at came from: for a conversion, the image with its digest. For people; null
-- where there is nothing to say.
alter table name_history add column detail text;
