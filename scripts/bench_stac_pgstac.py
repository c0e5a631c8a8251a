"""stac-fastapi-pgstac with the one extension that pgstac has and its server does not offer for items: free text.

    uvicorn bench_stac_pgstac:app      in this folder; `bench_stac.py` starts it
"""

from stac_fastapi.extensions.free_text import FreeTextConformanceClasses
from stac_fastapi.pgstac.app import instantiate_api
from stac_fastapi.pgstac.extensions import FreeTextExtension
from stac_fastapi.pgstac.models.extensions import Extensions

words = FreeTextExtension(conformance_classes=[FreeTextConformanceClasses.SEARCH])
app = instantiate_api(extensions=Extensions(search_map={"free_text": words})).app
