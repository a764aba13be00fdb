"""Processes of tests, forked from one server that has imported what all of them need.

A Python process has one such server, so what it imports stands here and not in the files that start processes.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])


def forked(target: Callable[..., object], *arguments: Any) -> BaseProcess:
    """Start ``target`` with ``arguments`` in a process of its own, and return the process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)  # where the server finds ``tests``, if this call starts it
        forkserver.ensure_running()
    process = _CONTEXT.Process(target=target, args=arguments)
    process.start()
    return process
