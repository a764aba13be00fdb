"""Merging of parts: many small files of records become one large file, and a crash at any moment loses no row.

The large file is written first, complete and under its own name; only then are the small ones removed.  Whoever meets
both meets every row twice, which all readers allow for: of each row they take one.  The next driver merges again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from study.store.atomic_files import durable_file

GROUP_BYTES = 32 << 20
"""Size of the pieces in which a part is written, so that merging needs little memory."""


def merge(folder: Path, name: str, parts: Collection[str], tables: Iterable[pa.Table]) -> None:
    """Write ``tables`` as the part ``name`` of ``folder``, then remove ``parts``, whose rows they hold.

    Raises:
        OSError: nothing can be written, or what was written cannot be read back; ``parts`` are then still there.
    """
    path = folder / f"{name}.parquet"
    rows = _write(path, tables)
    if pq.ParquetFile(path).metadata.num_rows != rows:
        raise OSError(f"{path} does not hold what was written to it")
    for part in sorted(parts):  # in the order of reading: of two that say the same the later one counts, and is left
        if part != name:
            (folder / f"{part}.parquet").unlink(missing_ok=True)


def _write(path: Path, tables: Iterable[pa.Table]) -> int:
    """Write the tables, and return the number of their rows."""
    rows = 0
    with durable_file(path) as file:
        writer: pq.ParquetWriter | None = None
        for table in _grouped(tables):
            writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd", write_page_checksum=True)
            writer.write_table(table)
            rows += len(table)
        if writer is not None:
            writer.close()
    return rows


def _grouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The tables, put together until they are of a size: a file of thousands of tiny pieces is slow to read."""
    waiting: list[pa.Table] = []
    size = 0
    for table in tables:
        waiting.append(table)
        size += table.nbytes
        if size >= GROUP_BYTES:
            yield pa.concat_tables(waiting)
            waiting, size = [], 0
    if waiting:
        yield pa.concat_tables(waiting)
