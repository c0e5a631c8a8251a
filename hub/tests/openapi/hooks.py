"""Bodies that schemathesis cannot know: lists of ids, and chunk records."""

import schemathesis
from hypothesis import strategies as st

IDS = st.lists(st.binary(min_size=32, max_size=32), max_size=8).map(b"".join)

# Most bytes are no ids and no records at all, so some are made to be.
schemathesis.openapi.media_type("application/vnd.flisthub.ids", IDS | st.binary(max_size=256))
schemathesis.openapi.media_type("application/vnd.flisthub.chunks", st.binary(max_size=4096))
