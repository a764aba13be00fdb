"""Files of a run directory, which may come from anywhere: read only if they are files, and no larger than studies need.

A named pipe would wait for ever, a device never ends, and a few kilobytes of Parquet can unfold into gigabytes.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MOST_TEXT = 2**30
"""Bytes of a ledger or a description."""
MOST_UNFOLDED, ALWAYS_UNFOLDED, MOST_TIMES = 2**33, 2**26, 2_000
"""A part may unfold into so many bytes, and beyond the second number into so many times its own size."""
MOST_ROWS = 10**7
BATCH_ROWS = 1_024


def content_of(file: Path, most: int = MOST_TEXT) -> bytes:
    """Return the content of ``file``.

    Raises:
        OSError: it is no regular file, has more than ``most`` bytes, or cannot be read.
    """
    _size_of(file, most)
    return file.read_bytes()


def read_part(file: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the table of a Parquet file, or some of its columns; errors are those of :func:`pieces_of_part`."""
    return pa.concat_tables(pieces_of_part(file, columns))


def pieces_of_part(file: Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Yield the table of a Parquet file piece by piece, one at least, which is empty where the file has no rows.

    Raises:
        OSError: it is no regular file, or cannot be read.
        ArrowException: it is damaged, or unfolds into more than a part of a study holds.
    """
    size = _size_of(file, MOST_UNFOLDED)
    most = min(MOST_UNFOLDED, max(ALWAYS_UNFOLDED, MOST_TIMES * size))
    with pq.ParquetFile(file, page_checksum_verification=True) as parquet:  # zstd unpacks many a damaged page
        _refuse_declared(parquet.metadata, most)
        unfolded, names = 0, None if columns is None else list(columns)
        for batch in parquet.iter_batches(BATCH_ROWS, columns=names):
            unfolded += batch.nbytes
            if unfolded > most:
                raise pa.ArrowInvalid(f"{size:,} bytes unfold into more than {most:,}")
            yield pa.Table.from_batches([batch])
        if not parquet.metadata.num_rows:
            yield parquet.read(columns=names)


def _refuse_declared(metadata: pq.FileMetaData, most: int) -> None:
    """Refuse a file that says itself that it is too large, before any of it is unfolded."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    declared = sum(max(chunk.total_uncompressed_size, chunk.num_values) for chunk in chunks)
    if metadata.num_rows > MOST_ROWS or declared > most:
        raise pa.ArrowInvalid(f"it declares {metadata.num_rows:,} rows and {declared:,} bytes")


def _size_of(file: Path, most: int) -> int:
    state = os.stat(file)
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "no regular file", str(file))
    if state.st_size > most:
        raise OSError(errno.EFBIG, f"{state.st_size:,} bytes, at most {most:,} are read", str(file))
    return state.st_size
