-- Values of properties of items, by which filters are looked up. They are made of the documents: whoever writes a
-- document says what its values are, and what nobody said is unread.

create table _item_values (
    document               bigint not null primary key references item_documents (number) on delete cascade,
    -- A bit for each column, the first one is 1, whose property has a value that stands only in the document; -1: it was
    -- not read.
    odd                    bigint not null,
    -- Microseconds since the Unix epoch.
    datetime               bigint,
    start_datetime         bigint,
    end_datetime           bigint,
    created                bigint,
    updated                bigint,
    gsd                    double precision,
    eo_cloud_cover         double precision,
    eo_snow_cover          double precision,
    view_off_nadir         double precision,
    view_incidence_angle   double precision,
    view_azimuth           double precision,
    view_sun_azimuth       double precision,
    view_sun_elevation     double precision,
    sat_relative_orbit     double precision,
    sat_absolute_orbit     double precision,
    proj_epsg              double precision,
    license                text collate "C",
    platform               text collate "C",
    constellation          text collate "C",
    mission                text collate "C",
    proj_code              text collate "C",
    grid_code              text collate "C",
    s2_mgrs_tile           text collate "C",
    sat_orbit_state        text collate "C",
    sar_instrument_mode    text collate "C",
    sar_frequency_band     text collate "C",
    sar_product_type       text collate "C",
    product_type           text collate "C",
    processing_level       text collate "C"
);

create index _item_values_odd on _item_values (document, odd) where odd <> 0;
create index _item_values_eo_cloud_cover on _item_values (eo_cloud_cover, document, odd) where eo_cloud_cover is not null;
create index _item_values_eo_snow_cover on _item_values (eo_snow_cover, document, odd) where eo_snow_cover is not null;
create index _item_values_sat_relative_orbit on _item_values (sat_relative_orbit, document, odd) where sat_relative_orbit is not null;
create index _item_values_sat_absolute_orbit on _item_values (sat_absolute_orbit, document, odd) where sat_absolute_orbit is not null;
create index _item_values_proj_epsg on _item_values (proj_epsg, document, odd) where proj_epsg is not null;
create index _item_values_proj_code on _item_values (proj_code, document, odd) where proj_code is not null;
create index _item_values_grid_code on _item_values (grid_code, document, odd) where grid_code is not null;
create index _item_values_s2_mgrs_tile on _item_values (s2_mgrs_tile, document, odd) where s2_mgrs_tile is not null;

insert into _item_values (document, odd) select number, -1 from item_documents;

-- Also for a release that knows nothing of it.
create function _item_values_unread() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or new.document is distinct from old.document then
        insert into _item_values (document, odd) values (new.number, -1)
        on conflict (document) do update set odd = -1;
    end if;
    return null;
end $$;

-- Of no column: the text gets the order of its bytes after the steps.
create trigger item_values_written after insert or update on item_documents
    for each row execute function _item_values_unread();
