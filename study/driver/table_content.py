"""The content of a table in memory as bytes: what a run directory keeps of it, and whether that is the same."""

from __future__ import annotations

import pyarrow as pa
from pyarrow import parquet

from mtl_core.data.reading.arrow_memory import reader_of


def as_parquet(table: pa.Table) -> bytes:
    """Return the table as the content of a Parquet file, which keeps Arrow's types."""
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def is_same_content(kept: bytes, table: pa.Table) -> bool:
    """Return whether a table holds what was kept of one, cell by cell.

    A table changes on its way through a file: categories get other codes, and chunks are joined.  So both are compared
    after it, with words in the place of codes.  NaN is NaN, and is not the same as null.

    Args:
        kept: content that :func:`as_parquet` returned, of this version or an earlier one.
        table: in memory.
    """
    first, second = (parquet.read_table(reader_of(content)) for content in (kept, as_parquet(table)))
    return first.num_rows == second.num_rows and _canonical(first) == _canonical(second)


def _canonical(table: pa.Table) -> bytes:
    """The same bytes for the same cells: without codes, chunks, metadata, and what lies in memory below a null."""
    plain = {name: without_codes(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(plain).combine_chunks(), sink, compression="none", store_schema=False)
    return sink.getvalue().to_pybytes()


def without_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column with its words in the place of codes for them."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
