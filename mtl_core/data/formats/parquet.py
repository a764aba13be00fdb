"""Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.data.formats import TableFormat
from mtl_core.data.reading.size_limit import refuse_beyond_memory

if TYPE_CHECKING:
    import pyarrow as pa

BYTES_A_CELL = 8


class Parquet(TableFormat):
    """Parquet, the columnar format of data frames.

    Source: Apache Parquet, https://parquet.apache.org.
    """

    suffixes = (".parquet", ".pq")

    def table(self, path: Path, query: str | None = None) -> pa.Table:
        """Return the table in the file; a footer that promises more than memory holds is refused before it is read."""
        from pyarrow import parquet

        # Not read_table: that takes name=value folders above the file for further columns.
        with parquet.ParquetFile(path) as file:
            cells = file.metadata.num_rows * file.metadata.num_columns
            groups = (file.metadata.row_group(place) for place in range(file.metadata.num_row_groups))
            stored = sum(max(group.total_byte_size, 0) for group in groups)
            refuse_beyond_memory(str(path), max(cells * BYTES_A_CELL, stored))
            return file.read()
