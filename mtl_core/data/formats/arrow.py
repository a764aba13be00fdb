"""Arrow IPC files and streams, which are also called Feather."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.data.formats import TableFormat

if TYPE_CHECKING:
    import pyarrow as pa


class Arrow(TableFormat):
    """Arrow IPC, as a file (Feather, versions 1 and 2) or as a stream.

    Source: Apache Arrow, https://arrow.apache.org.
    """

    suffixes = (".arrow", ".ipc", ".feather")

    def table(self, path: Path, query: str | None = None) -> pa.Table:
        """Return the table in the file or stream."""
        import pyarrow as pa
        from pyarrow import feather

        with path.open("rb") as file:
            seekable = file.read(6).startswith((b"ARROW1", b"FEA1"))
        if seekable:
            return feather.read_table(path)
        with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as stream:
            return stream.read_all()
