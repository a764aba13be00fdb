"""One thread, as in a worker: a replica's bits are promised for one type of CPU at one thread count.

``--quick`` is what ``make quick`` runs between two edits: of every test a few cases, spread over its parametrisation,
and of tests that run whole studies or other interpreters none.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections import defaultdict
from collections.abc import Iterator

import pytest
import torch

from study.execution.ray_environment import set_environment

torch.set_num_threads(1)
set_environment()  # Ray reads it when whichever test is collected first imports it, and would listen on all interfaces

WHOLE = (
    "tests/analysis/report/",
    "tests/faults/",
    "tests/mtl_core/tasks/test_demo.py",
    "tests/mtl_core/test_plugins.py",
    "tests/mtl_core/testing/",
    "tests/study/cli/",
    "tests/study/driver/",
    "tests/study/execution/test_heartbeat.py",
    "tests/study/planning/test_task_trees.py",
    "tests/study/planning/strategies/test_optuna.py",
    "tests/test_readme.py",
    "tests/truth/",
)
"""Tests of whole studies, reports and processes, each of which takes seconds."""
FIRST = (
    *WHOLE,
    "tests/docs/",
    "tests/hostile/",
    "tests/mtl_core/sharing/test_contract.py",
    "tests/study/execution/test_joining.py",
    "tests/study/protocol/",
)
"""Files that begin first, since workers that share the rest by small files end together."""
FEWEST, EVERY = 2, 50
"""Cases of a test that ``--quick`` keeps: so many, and one of so many of a test that has more."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="a few cases of every test, none of whole studies")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
    if not config.getoption("--quick"):
        return
    cases = defaultdict(list)
    for item in items:
        if not item.nodeid.startswith(WHOLE):
            cases[item.nodeid.split("[")[0]].append(item)
    kept = {id(item) for same in cases.values() for item in spread(same)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]


def spread(cases: list[pytest.Item]) -> list[pytest.Item]:
    """A few of the cases, at even distances from the first to the last."""
    number = min(len(cases), max(FEWEST, len(cases) // EVERY))
    return [cases[place * (len(cases) - 1) // max(number - 1, 1)] for place in range(number)]


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Let ``os.fsync`` do nothing: a study here would wait for the disk a fifth of its time, and none loses power.

    Processes that tests start do wait for it, those of ``tests/faults`` among them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # which refuses a descriptor that is closed, too
        yield


@pytest.fixture
def double() -> Iterator[None]:
    """New tensors are float64 while the test runs, for comparisons with reference implementations."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
