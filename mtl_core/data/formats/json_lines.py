"""JSON lines: an object a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.data.formats import TableFormat
from mtl_core.data.reading.arrow_memory import reader_of
from mtl_core.data.reading.compression import file_bytes

if TYPE_CHECKING:
    import pyarrow as pa

LARGEST_BLOCK = 2**31 - 1


class JsonLines(TableFormat):
    """JSON lines: every line is an object, whose keys are columns; a key that is left out, and null, are missing.

    Source: https://jsonlines.org.
    """

    suffixes = (".jsonl", ".ndjson")
    may_be_compressed = True

    def table(self, path: Path, query: str | None = None) -> pa.Table:
        """Return the objects as rows; a column has one type, which all of its values have to have."""
        from pyarrow import json

        content = file_bytes(path)
        # One block, so that a column's type is inferred from all of its rows and not from the first ones.
        block = min(max(2 * len(content), 64), LARGEST_BLOCK)
        options = json.ReadOptions(use_threads=False, block_size=block)
        return json.read_json(reader_of(content), read_options=options)
