"""What is published for the proofs of STAC: folders as people have them.

    make.py FOLDER      writes them, one folder for each name
"""

import json
import pathlib
import sys

import numpy
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds

SIDE = 512
CRS = "EPSG:32620"
# How many names there are for lists of several pages.
TILES = 23

# A number that no float holds, a null, an empty list, an offset: whoever goes over them with a model loses some.
ODD = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "stac_extensions": [],
    "id": "another id",
    "geometry": {
        "type": "MultiPolygon",
        "coordinates": [
            [
                [[10, 50], [12, 50], [12, 52], [10, 52], [10, 50]],
                [[10.5, 50.5], [10.5, 51], [11, 51], [11, 50.5], [10.5, 50.5]],
            ]
        ],
    },
    "bbox": [10, 50, 12, 52],
    "properties": {
        "title": "An item of its own",
        "datetime": "2022-02-03T04:05:06Z",
        "odd:time": "2022-02-03T04:05:06.100+02:00",
        "license": "other",
        "odd:number": 18446744073709551617,
        "odd:null": None,
        "odd:list": [],
        "odd:nested": {"b": 1, "a": [None, {"c": "flisthub:/ and \u2028"}]},
    },
    "odd:foreign": {"kept": True},
    "links": [{"rel": "about", "href": "https://example.org/about"}],
    "assets": {
        "image": {"href": "./image.tif", "type": "image/tiff; application=geotiff", "roles": ["data"]}
    },
}


def raster(file, west, seed):
    """A GeoTIFF; gives its box in degrees."""
    values = numpy.random.default_rng(seed).integers(0, 4096, (SIDE, SIDE), dtype="uint16")
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        width=SIDE,
        height=SIDE,
        count=1,
        dtype="uint16",
        crs=CRS,
        transform=from_origin(west, 2_000_000, 10, 10),
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as image:
        image.write(values, 1)
        return [round(side, 6) for side in transform_bounds(CRS, "EPSG:4326", *image.bounds)]


def folder(root, name, files):
    (root / name).mkdir(parents=True)
    for path, content in files.items():
        file = root / name / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    return root / name


def scene(root):
    """A README with front matter beside a raster."""
    place = folder(root, "scene", {"values.csv": "a,b\n1,2\n", "docs/manual.md": "# Manual\n"})
    box = raster(place / "scene.tif", 200_000, 7)
    (place / "preview.png").write_bytes(bytes.fromhex("89504e470d0a1a0a") + b"no real picture")
    (place / "README.md").write_text(f"""---
title: Flood on the coast
category: dataset
license: CC-BY-4.0
tags: [flood, sar]
gsd: 10
extent:
  spatial: {box}
  temporal: ["2024-05-01T00:00:00Z", "2024-05-03T00:00:00Z"]
proj:epsg: 32620
proj:transform: [10, 0, 200000, 0, -10, 2000000]
proj:shape: [{SIDE}, {SIDE}]
eo:
  cloud_cover: 12.5
links:
  - {{rel: about, href: docs/manual.md, title: Manual}}
assets:
  - path: scene.tif
    title: Water depth
    type-as: cog
  - "*.csv"
---
# Flood on the coast

Depth of the water, after [DOI: A paper](https://doi.org/10.1234/abcd.5).

![Preview](preview.png)
""")


def model(root):
    """sharinghub.yaml weighs more than the README."""
    folder(
        root,
        "model",
        {
            "README.md": "---\ntitle: Not this one\nlicense: MIT\n---\nFinds water.\n",
            "sharinghub.yaml": """title: Water finder
tags: [flood, segmentation]
related: {dataset: alice/scene}
assets:
  - {glob: "*.onnx", roles: [data, "mlm:model"]}
""",
            "model.onnx": "no real model",
        },
    )


def tiles(root):
    for number in range(TILES):
        west, day = -60 + number, 1 + number
        folder(
            root,
            f"tile-{number:02}",
            {
                "README.md": f"""---
title: Tile {number:02}
category: dataset
extent:
  spatial: [{west}, 10, {west + 0.5}, 11]
  temporal: ["2023-03-{day:02}T00:00:00Z", "2023-03-{day:02}T12:00:00Z"]
---
A part of a mosaic.
"""
            },
        )


def main(root):
    scene(root)
    model(root)
    tiles(root)
    own = folder(root, "own", {"stac/item.json": json.dumps(ODD, indent=1)})
    raster(own / "stac" / "image.tif", 300_000, 8)
    dateline = "---\ntitle: Fiji\ncategory: dataset\nextent: {spatial: [177, -20, -178, -12]}\n---\n"
    folder(root, "fiji", {"README.md": dateline})
    broken = '---\ntitle: Broken\ncategory: dataset\nextent: {spatial: "POLYGON((1", temporal: [2024-13-40, x]}\n---\n'
    folder(root, "broken", {"README.md": broken})
    folder(root, "secret", {"README.md": "---\ntitle: Secret flood\ncategory: dataset\n---\n"})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
