//! The schemas that are part of the program: the address of each, and its text. Where they are from and under which
//! licence is in `stac/schemas/README.md`.

/// A schema at its address.
macro_rules! bundled {
    ($($path:literal),* $(,)?) => {
        &[$((
            concat!("https://", $path),
            include_str!(concat!("../../schemas/", $path)),
        )),*]
    };
}

/// All of them, by their addresses.
pub(super) const BUNDLED: &[(&str, &str)] = bundled![
    "geojson.org/schema/Feature.json",
    "geojson.org/schema/Geometry.json",
    "proj.org/schemas/v0.7/projjson.schema.json",
    "schemas.stacspec.org/v1.0.0/item-spec/json-schema/basics.json",
    "schemas.stacspec.org/v1.0.0/item-spec/json-schema/datetime.json",
    "schemas.stacspec.org/v1.0.0/item-spec/json-schema/instrument.json",
    "schemas.stacspec.org/v1.0.0/item-spec/json-schema/item.json",
    "schemas.stacspec.org/v1.0.0/item-spec/json-schema/licensing.json",
    "schemas.stacspec.org/v1.0.0/item-spec/json-schema/provider.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/bands.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/basics.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/common.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/data-values.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/datetime.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/instrument.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/item.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/licensing.json",
    "schemas.stacspec.org/v1.1.0/item-spec/json-schema/provider.json",
    "stac-extensions.github.io/alternate-assets/v1.2.0/schema.json",
    "stac-extensions.github.io/authentication/v1.1.0/schema.json",
    "stac-extensions.github.io/classification/v1.1.0/schema.json",
    "stac-extensions.github.io/contacts/v1.0.0/schema.json",
    "stac-extensions.github.io/datacube/v1.0.0/schema.json",
    "stac-extensions.github.io/datacube/v2.3.0/schema.json",
    "stac-extensions.github.io/eo/v1.1.0/schema.json",
    "stac-extensions.github.io/eo/v2.0.0/schema.json",
    "stac-extensions.github.io/file/v1.0.0/schema.json",
    "stac-extensions.github.io/file/v2.1.0/schema.json",
    "stac-extensions.github.io/grid/v1.1.0/schema.json",
    "stac-extensions.github.io/label/v1.0.1/schema.json",
    "stac-extensions.github.io/mgrs/v1.0.0/schema.json",
    "stac-extensions.github.io/mlm/v1.5.2/schema.json",
    "stac-extensions.github.io/pointcloud/v1.0.0/schema.json",
    "stac-extensions.github.io/pointcloud/v2.0.0/schema.json",
    "stac-extensions.github.io/processing/v1.1.0/schema.json",
    "stac-extensions.github.io/processing/v1.2.0/schema.json",
    "stac-extensions.github.io/projection/v1.2.0/schema.json",
    "stac-extensions.github.io/projection/v2.0.0/schema.json",
    "stac-extensions.github.io/raster/v1.1.0/schema.json",
    "stac-extensions.github.io/raster/v2.0.0/schema.json",
    "stac-extensions.github.io/render/v1.0.1/schema.json",
    "stac-extensions.github.io/render/v2.0.0/schema.json",
    "stac-extensions.github.io/sar/v1.3.0/schema.json",
    "stac-extensions.github.io/sat/v1.2.0/schema.json",
    "stac-extensions.github.io/scientific/v1.0.0/schema.json",
    "stac-extensions.github.io/sentinel-2/v1.0.0/schema.json",
    "stac-extensions.github.io/storage/v1.0.0/schema.json",
    "stac-extensions.github.io/storage/v2.0.0/platforms/aws-s3.json",
    "stac-extensions.github.io/storage/v2.0.0/platforms/custom-s3.json",
    "stac-extensions.github.io/storage/v2.0.0/platforms/ms-azure.json",
    "stac-extensions.github.io/storage/v2.0.0/schema.json",
    "stac-extensions.github.io/table/v1.2.0/schema.json",
    "stac-extensions.github.io/themes/v1.0.0/schema.json",
    "stac-extensions.github.io/timestamps/v1.1.0/schema.json",
    "stac-extensions.github.io/version/v1.2.0/schema.json",
    "stac-extensions.github.io/view/v1.1.0/schema.json",
    "stac-extensions.github.io/web-map-links/v1.2.0/schema.json",
];
