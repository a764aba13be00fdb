"""A study on real Ray workers: the tables of the in-process back end, loopback addresses, nothing left behind."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from study.driver.run import run
from study.execution import ray_tune
from tests.study.conftest import tiny
from tests.study.driver.test_run import tables

pytestmark = pytest.mark.ray


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where Ray's files go; the path is short, since sockets have to fit into 107 characters."""
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def descendants() -> set[int]:
    """Processes that this one started, and theirs."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def listeners() -> set[str]:
    """Addresses on which this process or one that it started listens."""
    table = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    ours = descendants()
    return {
        line.split()[3].rpartition(":")[0]
        for line in table.splitlines()
        if ours & {int(piece.split(",")[0]) for piece in line.split("pid=")[1:]}
    }


def is_local(address: str) -> bool:
    """Whether only this machine reaches ``address``."""
    number = ipaddress.ip_address(address.strip("[]")) if address != "*" else ipaddress.ip_address("0.0.0.0")
    mapped = getattr(number, "ipv4_mapped", None)
    return (mapped or number).is_loopback


def test_the_tables_are_those_of_the_other_back_end(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    run(tiny(), out=tmp_path / "inline", backend="inline")
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            seen.update(listeners())

    thread = threading.Thread(target=look)
    thread.start()
    run(tiny(), out=tmp_path / "ray", backend="ray", workers=2)
    over.set()
    thread.join()
    assert tables(tmp_path / "ray") == tables(tmp_path / "inline")
    assert not list(scratch.iterdir())
    assert not (tmp_path / "home" / ".ray").exists(), "Ray itself writes a token there that others may read"
    assert seen, "Ray was not seen listening at all"
    assert all(map(is_local, seen)), seen
    assert not ray_tune.ray.is_initialized()
