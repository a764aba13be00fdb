"""Parts: the files of a run directory's records, each with the declared columns of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.records.bounded import pieces_of_part
from analysis.records.schema import Columns, conformed, schema

ORIGIN = "part"
"""Column of merged parts beside the declared ones: stem of the part that a worker wrote, which names its model."""


def encode(rows: Sequence[dict[str, Any]], columns: Columns) -> bytes:
    """Return a part: ``rows`` of ``columns`` as the bytes of a parquet file.

    Raises:
        ValueError: a row has a key that is no column, or lacks one; pyarrow would drop the one and null the other.
    """
    for row in rows:
        if row.keys() != columns.keys():
            raise ValueError(_mismatch(row, columns))
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(list(rows), schema=schema(columns))
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue().to_pybytes()


def _mismatch(row: Mapping[str, Any], columns: Columns) -> str:
    """Which keys of a row are no columns, and which columns it lacks."""
    unknown = [repr(key) for key in row if key not in columns]
    lacking = [repr(name) for name in columns if name not in row]
    found = [f"has {', '.join(unknown)}, which the schema lacks"] if unknown else []
    found += [f"lacks {', '.join(lacking)}, which the schema has"] if lacking else []
    return f"A row of records {' and '.join(found)}: declare a column in analysis/records/schema.py and fill it."


def has_rows(path: Path) -> bool:
    """Return whether a part has rows; only its end is read."""
    with pq.ParquetFile(path) as file:
        return file.metadata.num_rows > 0


def pieces_of(path: Path, columns: Columns) -> Iterator[pa.Table]:
    """Yield a part piece by piece: the declared ``columns``, and :data:`ORIGIN` even where the part was never merged.

    Raises:
        OSError: the file is not there or cannot be read; ``pa.ArrowException``: nor can what it holds.
        KeyError: a column is missing.
    """
    for read in pieces_of_part(path):
        own = ORIGIN not in read.column_names
        origins = pa.array([path.stem] * len(read), pa.string()) if own else read[ORIGIN].cast(pa.string())
        yield conformed(read, columns).append_column(ORIGIN, origins)
