"""What the records say from outside: the longest record of each replica, and nothing of what cannot be read."""

from __future__ import annotations

from pathlib import Path

from study.store.archive import Archive
from study.store.recorded import read_recorded
from tests.study.protocol.conftest import finished

__all__ = ["finished"]


def test_it_finds_what_the_driver_finds_and_writes_nothing(finished: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in finished.rglob("*"))
    found = read_recorded(finished)
    assert sorted((path, path.stat().st_mtime_ns) for path in finished.rglob("*")) == before
    archive = Archive(finished)
    assert found.entries == archive.entries
    assert found.unscored() == 0
    assert all(map(archive.is_scored, found.scored))


def test_a_torn_part_counts_as_missing(finished: Path, tmp_path: Path) -> None:
    assert not read_recorded(tmp_path).entries
    (tmp_path / "records").mkdir()
    torn, whole = (finished / "records" / f"merged-{phase}.parquet" for phase in ("search", "verdict"))
    (tmp_path / "records" / whole.name).write_bytes(whole.read_bytes())
    (tmp_path / "records" / torn.name).write_bytes(torn.read_bytes()[:100])
    assert read_recorded(tmp_path).by_phase().keys() == {"verdict"}
