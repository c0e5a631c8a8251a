"""What STAC's own tools make of a hub's catalogue: pystac, pystac-client, and GDAL by its drivers STACIT and OAPIF.

    prove.py URL FOLDER     the hub at URL holds what make.py wrote into FOLDER; FLISTHUB_TOKEN is alice's token

Each proof is a function. What fails is told with its traceback, and the others go on.
"""

import asyncio
import datetime
import hashlib
import io
import json
import os
import pathlib
import sys
import traceback
import urllib.error
import urllib.parse
import urllib.request
import warnings

import numpy
import pyarrow.parquet
import pyogrio
import pystac_client
import rasterio
import rustac

import offline
from make import ODD, TILES

URL, FOLDER = sys.argv[1].rstrip("/"), pathlib.Path(sys.argv[2])
ROOT = f"{URL}/api/stac"
TOKEN = os.environ["FLISTHUB_TOKEN"]
SCENE = f"{ROOT}/collections/dataset/items/alice/scene"
# All that anybody may see: scene, own, fiji, broken and the tiles.
DATASETS = TILES + 4


def ask(url, token=None, body=None, **headers):
    """Status, headers and bytes."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, data=body, method=headers.pop("method", None))
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def get(url, token=None, body=None):
    status, _, content = ask(url, token, body)
    assert status == 200, (url, status, content)
    return json.loads(content)


def client():
    return pystac_client.Client.open(ROOT + "/")


def ids(search):
    return [item.id for item in search.items()]


def every_object_is_valid():
    root = get(ROOT + "/")
    offline.validate(root)
    collections = get(ROOT + "/collections")["collections"]
    assert {"dataset", "ai-model"} <= {collection["id"] for collection in collections}
    for collection in collections:
        offline.validate(collection)
        offline.validate(get(f"{ROOT}/collections/{collection['id']}"))
        page = get(f"{ROOT}/collections/{collection['id']}/items?limit=1000")
        assert page["type"] == "FeatureCollection" and page["numberReturned"] == len(page["features"])
        for item in page["features"]:
            offline.validate(item)
            own = next(link["href"] for link in item["links"] if link["rel"] == "self")
            alone = get(own)
            assert alone["id"] == item["id"], own
            offline.validate(alone)


def extents_are_those_of_the_items():
    extent = get(f"{ROOT}/collections/dataset")["extent"]
    west, south, east, north = extent["spatial"]["bbox"][0]
    assert (south, north) == (-20, 52) and all(-180 <= side <= 180 for side in (west, east)), extent
    begin, end = extent["temporal"]["interval"][0]
    # Data of no known time counts as of when it was published.
    assert begin.startswith("2022-02-03T04:05:06") and end > "2024-05-03", extent


def pages_give_each_item_once():
    for method in ("GET", "POST"):
        search = client().search(collections=["dataset"], limit=5, method=method)
        found = ids(search)
        assert search.matched() == len(found) == len(set(found)) == DATASETS, (method, found)
    backwards = ids(client().search(collections=["dataset"], sortby="-id", limit=4))
    assert backwards == sorted(found, reverse=True), backwards
    by_title = ids(client().search(collections=["dataset"], sortby="+properties.title", limit=7))
    tiles = [f"alice/tile-{number:02}" for number in range(TILES)]
    assert [one for one in by_title if "tile" in one] == tiles, by_title


def searches_find_what_they_should():
    found = lambda **asked: sorted(ids(client().search(**asked)))
    scene = get(SCENE)
    assert found(bbox=scene["bbox"]) == ["alice/scene"]
    assert found(bbox=[-58.9, 10, -57.1, 10.5]) == ["alice/tile-01", "alice/tile-02"]
    assert found(bbox=[179, -15, -179, -14]) == found(bbox=[-180, -15, -179, -14]) == ["alice/fiji"]
    # Within the box of the item, and in the hole of its geometry.
    assert found(bbox=[10.6, 50.6, 10.9, 50.9]) == []
    line = {"type": "LineString", "coordinates": [[9, 51.5], [13, 51.5]]}
    assert found(intersects=line) == ["alice/own"]
    assert found(datetime="2024-05-02T00:00:00Z/..", bbox=[-90, 0, 0, 60]) == ["alice/scene"]
    assert found(datetime="../2022-12-31T00:00:00Z", bbox=[0, 0, 90, 60]) == ["alice/own"]
    assert len(found(datetime="2023-03-01/2023-03-05", collections=["dataset"])) == 5
    assert found(ids=["alice/scene", "alice/none"]) == ["alice/scene"]
    assert found(ids=["alice/model"], collections=["dataset"]) == []


def words_find_items():
    found = lambda words: sorted(item["id"] for item in get(f"{ROOT}/search?limit=100&q={words}")["features"])
    assert found("mosaic") == [f"alice/tile-{number:02}" for number in range(TILES)]
    assert found("FL%C3%B3OD") == found("%5Bflood%5D") == ["alice/model", "alice/scene"]
    assert found("%5Bsar%5D,depth") == ["alice/scene"]
    assert found("nothing-of-this") == []


def expressions_find_items():
    def found(words):
        return sorted(item["id"] for item in get(f"{ROOT}/search?q={urllib.parse.quote(words)}")["features"])

    assert found("flood AND depth") == ["alice/scene"]
    assert found("flood -depth") == ["alice/model"]
    assert found('"finds water" OR depth') == found("(finds depth) AND water") == ["alice/model", "alice/scene"]


def collections_are_searched():
    def found(**asked):
        with warnings.catch_warnings():
            # It warns where it would search by itself.
            warnings.simplefilter("error")
            search = client().collection_search(**asked)
            names = [one["id"] for one in search.collections_as_dicts()]
            assert search.matched() == len(names), asked
            return names

    everything = [one["id"] for one in get(ROOT + "/collections")["collections"]]
    assert found() == found(limit=1) == everything and len(everything) > 3
    empty = ["processor", "dashboard"]
    assert sorted(found(bbox=get(SCENE)["bbox"])) == sorted(["ai-model", "dataset", *empty])
    assert found(datetime="../2022-12-31T00:00:00Z") == ["dataset", *empty]
    assert found(q="data AND -programs") == ["dataset", "dashboard"]
    assert found(filter="title LIKE 'D%'") == ["dataset", "dashboard"]
    assert found(filter={"op": "=", "args": [{"property": "id"}, "ai-model"]}, filter_lang="cql2-json") == ["ai-model"]
    assert found(query={"id": {"endsWith": "board"}}) == ["dashboard"]
    assert found(sortby="-id") == found(sortby="-id", limit=3) == sorted(everything, reverse=True)
    assert found(sortby=[{"field": "title", "direction": "asc"}], max_collections=9)[0] == "ai-model"
    only = next(client().collection_search(fields=["id", "title"]).collections_as_dicts())
    assert only.keys() == {"type", "stac_version", "id", "title"}, only
    for collection in client().collection_search(q="dataset").collections():
        assert collection.id == "dataset" and collection.extent.spatial.bboxes


def queryables_are_those_of_the_items():
    of_model, of_dataset = (
        client().get_collection(name).get_queryables()["properties"] for name in ("ai-model", "dataset")
    )
    assert of_dataset["eo:cloud_cover"]["type"] == "number" and "eo:cloud_cover" not in of_model
    assert of_dataset["odd:number"]["type"] == "number" and "geometry" in of_model


def collections_give_items():
    collection = client().get_collection("dataset")
    assert collection.get_item("alice/scene").id == "alice/scene"
    assert len(list(collection.get_items())) == DATASETS
    assert [one.id for one in client().get_collection("ai-model").get_items()] == ["alice/model"]


def front_matter_becomes_the_item():
    item = get(SCENE)
    properties = item["properties"]
    expected = {
        "title": "Flood on the coast",
        "license": "CC-BY-4.0",
        "gsd": 10,
        "eo:cloud_cover": 12.5,
        "sci:doi": "10.1234/abcd.5",
        "start_datetime": "2024-05-01T00:00:00Z",
        "end_datetime": "2024-05-03T00:00:00Z",
        "proj:epsg": 32620,
    }
    assert expected.items() <= properties.items(), properties
    assert sorted(properties["keywords"]) == ["flood", "sar"], properties
    assert any("producer" in one["roles"] and one["name"] == "alice" for one in properties["providers"])
    rels = [link["rel"] for link in item["links"]]
    assert {"self", "parent", "root", "collection", "about", "preview", "license", "cite-as"} <= set(rels), rels
    assert item["assets"]["scene.tif"]["title"] == "Water depth"
    assert "cloud-optimized" in item["assets"]["scene.tif"]["type"]
    assert item["assets"]["preview.png"]["roles"] == ["thumbnail"]
    other = get(f"{ROOT}/collections/ai-model/items/alice/model")
    assert other["properties"]["title"] == "Water finder" and other["properties"]["license"] == "MIT"
    related = [link["href"] for link in other["links"] if link["rel"] == "derived_from"]
    assert related == [SCENE], related


def nothing_of_an_item_is_lost():
    status, _, content = ask(f"{ROOT}/collections/dataset/items/alice/own")
    assert status == 200 and b"18446744073709551617" in content, content
    item = json.loads(content)
    for key, value in ODD["properties"].items():
        assert item["properties"][key] == value, key
    assert (item["geometry"], item["bbox"]) == (ODD["geometry"], ODD["bbox"])
    assert item["odd:foreign"] == {"kept": True} and item["id"] == "alice/own"
    assert ODD["links"][0] in item["links"], item["links"]
    image = rasterio.open(item["assets"]["image"]["href"])
    assert image.shape == (512, 512)


def bad_metadata_is_told_and_stands():
    properties = get(f"{ROOT}/collections/dataset/items/alice/broken")["properties"]
    warnings = " ".join(properties["flisthub:warnings"])
    assert "2024-13-40" in warnings and "POLYGON" in warnings, warnings
    assert properties["title"] == "Broken"
    assert "flisthub:warnings" not in get(SCENE)["properties"]


def assets_are_what_they_say():
    item = get(SCENE)
    for key, file in (("scene.tif", "scene.tif"), ("values.csv", "values.csv")):
        asset, near = item["assets"][key], (FOLDER / "scene" / file).read_bytes()
        status, headers, far = ask(asset["href"])
        assert status == 200 and far == near and headers["Accept-Ranges"] == "bytes", key
        assert asset["file:size"] == len(near), asset
        assert asset["file:checksum"] == "1220" + hashlib.sha256(near).hexdigest(), asset
    status, _, part = ask(item["assets"]["values.csv"]["href"], Range="bytes=4-6")
    assert (status, part) == (206, b"1,2")


def gdal_opens_pixels():
    with rasterio.open(FOLDER / "scene" / "scene.tif") as near:
        pixels = near.read(1)
    with rasterio.open(get(SCENE)["assets"]["scene.tif"]["href"]) as far:
        assert (far.read(1) == pixels).all()
    # STACIT makes one raster of all that a search finds.
    with rasterio.open(f'STACIT:"{ROOT}/search?ids=alice/scene":asset=scene.tif') as mosaic:
        assert mosaic.crs.to_epsg() == 32620
        assert (mosaic.read(1) == pixels).all() and numpy.count_nonzero(pixels)


def gdal_reads_features():
    layers = {name for name, _ in pyogrio.list_layers(f"OAPIF:{ROOT}")}
    assert {"dataset", "ai-model"} <= layers, layers
    about, _, geometry, fields = pyogrio.raw.read(f"OAPIF:{ROOT}", layer="dataset")
    titles = fields[list(about["fields"]).index("title")]
    assert len(titles) == DATASETS and "Flood on the coast" in titles, titles
    _, _, geometry, _ = pyogrio.raw.read(f"OAPIF:{ROOT}", layer="dataset", bbox=(-66, 18, -65, 19))
    assert len(geometry) == 1


def private_items_are_seen_by_members_alone():
    for url in (f"{ROOT}/search?limit=1000", f"{ROOT}/search?ids=vault/secret", f"{ROOT}/collections/dataset/items?limit=1000"):
        anybody, alice = get(url), get(url, TOKEN)
        assert alice["numberMatched"] == anybody["numberMatched"] + 1, url
        assert "vault" not in json.dumps(anybody["features"]) and "vault/secret" in json.dumps(alice["features"])
        assert TOKEN not in json.dumps(alice)
    secret = f"{ROOT}/collections/dataset/items/vault/secret"
    assert ask(secret)[0] == 404 and get(secret, TOKEN)["id"] == "vault/secret"


def http_is_kept():
    status, headers, _ = ask(SCENE)
    assert headers["Content-Type"].split(";")[0] == "application/geo+json"
    assert ask(SCENE, If_None_Match=headers["ETag"])[0] == 304
    assert ask(SCENE.replace("alice/scene", "alice%2Fscene"))[0] == 200
    status, headers, content = ask(SCENE, method="HEAD")
    assert (status, content) == (200, b"")
    status, headers, _ = ask(f"{ROOT}/search?limit=3")
    assert 'rel="next"' in headers["Link"], headers
    status, headers, _ = ask(f"{ROOT}/search", method="DELETE")
    assert status == 405 and "GET" in headers["Allow"] and "POST" in headers["Allow"]


def bad_requests_are_refused():
    wrong = ["bbox=1,2,3", "bbox=[1,2,3,4]", "bbox=0,10,1,5", "datetime=2024-13-40", "limit=-1", "datetime=x/y"]
    wrong.append("bbox=1,2,3,4&intersects=%7B%7D")
    answers = [ask(f"{ROOT}/search?{query}") for query in wrong]
    bodies = [{"bbox": "1,2,3,4"}, {"bbox": [1, 2, 3]}, {"fields": None}, {"limit": "x"}]
    answers += [ask(f"{ROOT}/search", body=body) for body in bodies]
    for asked, (status, _, content) in zip(wrong + bodies, answers, strict=True):
        assert status == 400, (asked, status, content)
        assert json.loads(content).keys() >= {"code", "description"}, (asked, content)
    assert ask(f"{ROOT}/search?limit=1000000")[0] == 200
    assert ask(f"{ROOT}/collections/nothing")[0] == 404


def fields_and_modes_choose():
    only = get(f"{ROOT}/search?ids=alice/scene&fields=id,properties.gsd")["features"][0]
    assert only["properties"] == {"gsd": 10} and "assets" not in only, only
    without = get(f"{ROOT}/search", body={"ids": ["alice/scene"], "fields": {"exclude": ["links"]}})
    assert "assets" in without["features"][0]
    for mode in ("reference", "preview", "full"):
        item = get(f"{ROOT}/search?ids=alice/scene&mode={mode}")["features"][0]
        assert (item["assets"] == {}) == (mode == "reference"), (mode, item)


def searches_are_tables():
    # Those that are somewhere: rustac 0.9.18 panics on a geometry that is null among others.
    search = f"{ROOT}/search?limit=1000&sortby=id&bbox=-180,-90,180,90"
    features = get(search)["features"]
    status, headers, content = ask(f"{search}&f=parquet")
    assert (status, headers["Content-Type"]) == (200, "application/vnd.apache.parquet"), status
    file = FOLDER / "search.parquet"
    file.write_bytes(content)
    rows = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    items = asyncio.run(read_items(file))
    assert len(rows) == len(items) == len(features)
    for row, item, feature in zip(rows, items, features, strict=True):
        assert row["id"] == item["id"] == feature["id"]
        west, south, east, north = feature["bbox"]
        assert row["bbox"] == {"xmin": west, "ymin": south, "xmax": east, "ymax": north}, row["bbox"]
        assert parts(item["geometry"]) == parts(feature["geometry"]), (item["geometry"], feature["geometry"])
        assert item["properties"]["title"] == feature["properties"]["title"]
        # It writes out what is null.
        assets = {key: {name: value for name, value in one.items() if value is not None}
                  for key, one in item["assets"].items()}
        assert assets == feature["assets"], (assets, feature["assets"])
        assert row["datetime"].timestamp() * 1000 == milliseconds(feature["properties"]["datetime"])
    own = next(row for row in rows if row["id"] == "alice/own")
    assert json.loads(own["odd:number"]) == 18446744073709551617 and own["odd:list"] == [], own
    assert own["odd:foreign"] == {"kept": True} and own["odd:nested"]["b"] == 1, own


def parts(geometry):
    """Of one thing and of many the same: rustac makes many of all where some are."""
    many = geometry["type"].startswith("Multi")
    return geometry["coordinates"] if many else [geometry["coordinates"]]


async def read_items(file):
    return (await rustac.read(str(file)))["features"]


def milliseconds(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


PROOFS = [
    every_object_is_valid,
    extents_are_those_of_the_items,
    pages_give_each_item_once,
    searches_find_what_they_should,
    words_find_items,
    expressions_find_items,
    collections_are_searched,
    queryables_are_those_of_the_items,
    collections_give_items,
    front_matter_becomes_the_item,
    nothing_of_an_item_is_lost,
    bad_metadata_is_told_and_stands,
    assets_are_what_they_say,
    gdal_opens_pixels,
    gdal_reads_features,
    private_items_are_seen_by_members_alone,
    http_is_kept,
    bad_requests_are_refused,
    fields_and_modes_choose,
    searches_are_tables,
]


def main():
    offline.install()
    failed = []
    for proof in PROOFS:
        try:
            proof()
        except Exception:
            traceback.print_exc()
            failed.append(proof.__name__)
        print(("not ok " if failed[-1:] == [proof.__name__] else "ok ") + proof.__name__.replace("_", " "))
    if failed:
        print(f"{len(failed)} of {len(PROOFS)} proofs failed", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of rustac or pyarrow may still let go of Python's objects, and abort where the interpreter ends meanwhile.
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
