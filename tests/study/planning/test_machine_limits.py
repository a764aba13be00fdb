"""What this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from study.planning.machine_limits import free_disk, free_memory, num_cores


def test_the_machine_has_cores_disk_and_memory(tmp_path: Path) -> None:
    assert num_cores() >= 1
    assert free_disk(tmp_path / "not" / "yet") == pytest.approx(free_disk(tmp_path), rel=0.5)
    assert free_memory() > 1e6
