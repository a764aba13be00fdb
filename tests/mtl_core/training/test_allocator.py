"""The allocator is told once, where there is somebody to tell."""

from __future__ import annotations

import ctypes
import platform

import pytest

from mtl_core.training import allocator


class Library:
    """A C library that notes what it is told."""

    def __init__(self, understands: bool) -> None:
        self.told: list[tuple[int, int]] = []
        if understands:
            self.mallopt = lambda option, value: self.told.append((option, value)) or 1


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_glibc_understands() -> None:
    assert allocator.keep_freed_memory() is True


def told(monkeypatch: pytest.MonkeyPatch, system: str, understands: bool) -> tuple[bool, list[tuple[int, int]]]:
    library = Library(understands)
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    return allocator.keep_freed_memory.__wrapped__(), library.told


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, "darwin", understands=True) == (False, [])


def test_a_library_without_the_call_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, "linux", understands=False) == (False, [])


def test_both_thresholds_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """M_TRIM_THRESHOLD is −1 and M_MMAP_THRESHOLD −3; more than 32 MiB is refused by glibc for the latter."""
    assert told(monkeypatch, "linux", understands=True) == (True, [(-1, 2**31 - 1), (-3, 32 * 2**20)])
