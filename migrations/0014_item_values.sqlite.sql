-- Values of properties of items, by which filters are looked up. They are made of the documents: whoever writes a
-- document says what its values are, and what nobody said is unread.

create table _item_values (
    document               integer not null primary key references item_documents (number) on delete cascade,
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
    license                text,
    platform               text,
    constellation          text,
    mission                text,
    proj_code              text,
    grid_code              text,
    s2_mgrs_tile           text,
    sat_orbit_state        text,
    sar_instrument_mode    text,
    sar_frequency_band     text,
    sar_product_type       text,
    product_type           text,
    processing_level       text
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
create trigger item_values_new after insert on item_documents begin
    insert into _item_values (document, odd) values (new.number, -1);
end;

create trigger item_values_changed after update of document on item_documents begin
    update _item_values set odd = -1 where document = new.number;
end;
