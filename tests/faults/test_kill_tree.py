"""Kill the driver while it looks for a tree, and after it found one: the same tree, found once, and the same tables."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from study.driver.run import run
from study.planning import task_trees
from study.store import ledger
from tests.faults.test_kill import HANGING, ended, num_events, said
from tests.forked import forked
from tests.study.driver.test_run import tables
from tests.study.planted import planted


def drive_planted(out: Path, folder: Path, slow: float = 0.0) -> None:
    """Run the planted study in this process; looking for its tree takes so much longer."""
    log = os.open(f"{out}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    find_tree = task_trees.find_tree

    def find_slowly(*arguments: Any) -> Any:
        found = find_tree(*arguments)
        time.sleep(slow)
        return found

    pytest.MonkeyPatch().setattr(task_trees, "find_tree", find_slowly)
    run(planted(folder), out=out, backend="inline")


def tree_events(out: Path) -> list[Any]:
    return [event["tree"] for event in ledger.read(out / ledger.NAME) if event["event"] == "tree"]


@pytest.mark.slow
def test_a_driver_that_is_killed_finds_the_same_tree_once(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(planted(tmp_path), out=tmp_path / "undisturbed", backend="inline")
    begun, under_way = (out / "study.yaml").exists, lambda: num_events(out, "finished") > 2
    for slow, until in ((600.0, begun), (0.0, under_way)):
        driver = forked(drive_planted, out, tmp_path, slow)
        over = time.monotonic() + HANGING
        while not until():
            assert driver.is_alive(), said(out)
            assert time.monotonic() < over
            time.sleep(0.01)
        driver.kill()
        assert ended(driver) == -signal.SIGKILL
        assert len(tree_events(out)) == (not slow), "killed at another time than meant"
    kept = tree_events(out)
    run(planted(tmp_path), out=out, backend="inline")
    assert tree_events(out) == kept == tree_events(tmp_path / "undisturbed")
    assert tables(out) == tables(tmp_path / "undisturbed")
