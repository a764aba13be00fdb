"""Stores for tests: a folder that fails as it is asked to, and a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from study.store.remote.object_storage import ObjectStorage
from tests.study.store.remote.server import environment, make_bucket, server
from tests.study.store.remote.store_in_folder import ADDRESS, system_in


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., ObjectStorage]:
    """Return what makes a storage over one and the same folder, with the faults that it is given."""

    def made(**faults: Any) -> ObjectStorage:
        return ObjectStorage(system_in(tmp_path / "store", **faults), ADDRESS, patience=5.0)

    return made


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of a real server with the bucket ``bucket``."""
    with server() as url:
        make_bucket(url, ADDRESS.bucket)
        yield url


@pytest.fixture
def on_server(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, named by the environment."""
    for name, value in environment(endpoint).items():
        monkeypatch.setenv(name, value)
    return endpoint
