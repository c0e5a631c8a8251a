-- The item that was written through the STAC API: JSON, as it was sent but for what is the hub's. Null: none was.
alter table item_settings add column item text;
