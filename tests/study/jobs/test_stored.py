"""Files that a job cannot do without."""

from __future__ import annotations

from pathlib import Path

import pytest

from study.jobs.stored import content_of
from study.store.storage import LocalStorage


def test_a_file_that_is_there_is_read_and_one_that_is_missing_is_named(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.write("models/a.safetensors", b"numbers")
    assert content_of(storage, "models/a.safetensors") == b"numbers"
    with pytest.raises(FileNotFoundError, match=r"No such file.*models/b.safetensors"):
        content_of(storage, "models/b.safetensors")
