"""CSV files, packed or not, are one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mtl_core.data.formats.tables import as_csv, as_from_csv, built, packed, small_table


@pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd"), (".GZ", "gzip")])
def test_a_packed_file_is_the_table(suffix: str, codec: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(packed(as_csv(small_table()), codec))
    task_set = built(path)
    assert task_set.name == "t"
    assert task_set.fingerprint() == as_from_csv(tmp_path)
