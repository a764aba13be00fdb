"""Kill the driver wherever it is, run the same command again: the same tables, and nothing trained twice."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from study.store import ledger
from study.store.recorded import read_recorded
from tests.faults.driver import drive
from tests.forked import forked
from tests.study.driver.test_run import tables

DELAY = 0.02
"""Seconds that the fake engine takes for an epoch, so that a busy machine, too, kills the driver before it is done."""
HANGING = 900
"""Seconds after which something hangs, were the machine ever so busy."""


def start(*arguments: Any) -> BaseProcess:
    """A driver in a process of its own."""
    return forked(drive, *arguments)


def finish(*arguments: Any) -> None:
    """Run a driver to its end."""
    assert ended(start(*arguments)) == 0, said(arguments[0])


def ended(driver: BaseProcess, seconds: float = HANGING) -> int | None:
    """The exit code, once the driver is gone."""
    driver.join(seconds)
    return driver.exitcode


def said(out: Path) -> str:
    """What the drivers of ``out`` told the terminal."""
    return Path(f"{out}.log").read_text()


def num_events(out: Path, kind: str) -> int:
    path = out / ledger.NAME
    return sum(event["event"] == kind for event in ledger.read(path)) if path.exists() else 0


def notes(journal: Path) -> Counter[str]:
    """How often each replica was trained up to each number of epochs."""
    return Counter(journal.read_text().splitlines())


def wait_for(driver: BaseProcess, out: Path, finished: int, seconds: float = HANGING) -> None:
    """Until so many shards are finished; the driver must not end before."""
    over = time.monotonic() + seconds
    while num_events(out, "finished") < finished:
        assert driver.is_alive(), said(out)
        assert time.monotonic() < over
        time.sleep(0.02)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(folder / "run", "inline", folder / "journal")
    return folder / "run"


def test_killed_at_random_points_the_tables_are_those_of_an_undisturbed_study(
    undisturbed: Path, tmp_path: Path
) -> None:
    out, journal = tmp_path / "run", tmp_path / "journal"
    total = num_events(undisturbed, "finished")
    chance = random.Random(7)
    kept: dict[str, int] = {}
    for finished in sorted(chance.sample(range(2, total - total // 4), 6)):
        driver = start(out, "inline", journal, DELAY)
        wait_for(driver, out, finished)
        time.sleep(chance.uniform(0, 0.05))
        driver.kill()
        assert ended(driver) == -signal.SIGKILL
        assert num_events(out, "finished") < total, "nothing was interrupted"
        noted = notes(journal)
        assert {line: noted[line] for line in kept} == kept, "what was recorded was trained again"
        recorded = read_recorded(out).entries.items()
        kept = {line: noted[line] for line in (f"{key} {entry.epochs}" for key, entry in recorded)}
    finish(out, "inline", journal)
    assert tables(out) == tables(undisturbed)
    noted = notes(journal)
    assert {line: noted[line] for line in kept} == kept
    # A replica notes each rung when it is reached; one kill can hit between that note and the record.
    twice = [line for line, number in noted.items() if number > 1]
    assert len({line.split()[0] for line in twice}) <= 6 * 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal_it_ends_soon_and_goes_on(undisturbed: Path, tmp_path: Path, number: int) -> None:
    out, journal = tmp_path / "run", tmp_path / "journal"
    driver = start(out, "inline", journal, DELAY)
    wait_for(driver, out, 9)
    os.kill(driver.pid or 0, number)
    assert ended(driver) == 130
    assert 9 <= num_events(out, "finished") < num_events(undisturbed, "finished")
    finish(out, "inline", journal)
    assert tables(out) == tables(undisturbed)


def test_a_shard_goes_on_from_its_snapshot(tmp_path: Path) -> None:
    out, journal = tmp_path / "run", tmp_path / "journal"
    driver = start(out, "inline", journal, 0.2)
    over = time.monotonic() + HANGING
    while not list(out.glob("checkpoints/*.partial.safetensors")):
        assert driver.is_alive()
        assert time.monotonic() < over
        time.sleep(0.02)
    driver.kill()
    assert ended(driver) == -signal.SIGKILL
    assert not list(out.glob("records/*.parquet"))
    from safetensors.torch import load_file

    (partial,) = out.glob("checkpoints/*.partial.safetensors")
    assert all(int(state) >= 1 for state in load_file(partial).values())
    finish(out, "inline", journal)
    assert not partial.exists()


def test_killed_while_seeds_are_added_the_same_command_ends_in_the_same_tables(
    undisturbed: Path, tmp_path: Path
) -> None:
    whole, out, journal = (tmp_path / name for name in ("whole", "run", "journal"))
    for copy in (whole, out):
        shutil.copytree(undisturbed, copy)
    before, seeds = num_events(undisturbed, "finished"), 40
    finish(whole, "inline", journal, 0.0, seeds)
    last = num_events(whole, "finished")
    assert last - before >= 4, "too short to be killed in the middle"
    for finished in range(before + 1, last - 1, 4):
        driver = start(out, "inline", journal, DELAY, seeds)
        wait_for(driver, out, finished)
        driver.kill()
        assert ended(driver) == -signal.SIGKILL
        assert num_events(out, "added_to_verdict") == 0, "nothing was interrupted"
    finish(out, "inline", journal, 0.0, seeds)
    assert tables(out) == tables(whole)
    assert num_events(out, "looked") == 2
    assert num_events(out, "addition") == num_events(out, "added_to_verdict") == 1
