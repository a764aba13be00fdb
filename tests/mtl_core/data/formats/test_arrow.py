"""Arrow IPC as a file and as a stream."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import feather

from tests.mtl_core.data.formats.tables import as_from_csv, built, small_table


def test_files_and_streams_are_the_table(tmp_path: Path) -> None:
    feather.write_feather(small_table(), str(tmp_path / "t.feather"))
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as sink, pa.ipc.new_stream(sink, small_table().schema) as stream:
        stream.write_table(small_table())
    assert {built(tmp_path / name).fingerprint() for name in ("t.feather", "t.arrow")} == {as_from_csv(tmp_path)}
