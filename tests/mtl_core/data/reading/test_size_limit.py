"""Data beyond the memory that is free are refused before they are read."""

from __future__ import annotations

import pytest

from mtl_core.data.reading import size_limit
from mtl_core.errors import UserError


def test_what_is_more_than_memory_is_refused_and_little_never_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert size_limit.available_memory() > 2**20
    monkeypatch.setattr(size_limit, "available_memory", lambda: 2.0**30)
    size_limit.refuse_beyond_memory("a.csv", 2**29)
    with pytest.raises(UserError, match=r"4\.0 GiB, and 1\.0 GiB of memory are free"):
        size_limit.refuse_beyond_memory("a.csv", 2**32)
    monkeypatch.setattr(size_limit, "available_memory", lambda: 0.0)
    size_limit.refuse_beyond_memory("a.csv", size_limit.ALWAYS)
