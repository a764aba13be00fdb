"""TSV files, packed or not, are one table."""

from __future__ import annotations

from pathlib import Path

from tests.mtl_core.data.formats.tables import as_csv, as_from_csv, built, packed, small_table


def test_tabs_separate_the_cells(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_bytes(as_csv(small_table(), "\t"))
    (tmp_path / "p.tsv.gz").write_bytes(packed(as_csv(small_table(), "\t"), "gzip"))
    assert {built(tmp_path / name).fingerprint() for name in ("t.tsv", "p.tsv.gz")} == {as_from_csv(tmp_path)}
