"""A study on a Ray cluster of several machines: the same records as in one process, whoever joins or is lost."""

from __future__ import annotations

import _thread
import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import analysis
from study.config.spec import Spec
from study.driver.run import run
from study.store.scratch import NOTE
from tests.faults.ray_cluster import Machines, machines
from tests.faults.test_kill import HANGING
from tests.study.conftest import tiny
from tests.study.driver.test_run import events

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def study(epochs: int = 120) -> Spec:
    """No more seeds than planned; long enough for every machine to start a worker, on a busy computer as well."""
    return tiny(training={"epochs": epochs}, verdict={"seeds": 2, "max_seeds": 2, "follow_up": False})


def records(out: Path) -> dict[str, pd.DataFrame]:
    """Every column of every table but the time that replicas took, sorted."""
    found = analysis.load(out)
    order = ["replica", "task"]
    tables = {"replicas": found.replicas.drop(columns="seconds"), "scores": found.scores}
    return {name: table.sort_values(order).reset_index(drop=True) for name, table in tables.items()}


def assert_equal(out: Path, expected: dict[str, pd.DataFrame]) -> None:
    for name, table in records(out).items():
        pd.testing.assert_frame_equal(table, expected[name], check_exact=True)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """What the study yields in one process."""
    return records(run(study(), out=tmp_path_factory.mktemp("inline") / "run", backend="inline"))


@pytest.mark.parametrize("far", [False, True], ids=["shared directory", "directories of their own"])
def test_four_machines_give_the_records_of_one_process(
    tmp_path: Path, expected: dict[str, pd.DataFrame], far: bool
) -> None:
    with machines(4, far=far) as cluster:
        seen = Watched(tmp_path / "run")
        with seen.until_the_end():
            run(study(), out=tmp_path / "run", address=cluster.address, insecure=True)
        assert seen.nodes >= {node.node_id for node in cluster.nodes}, "every machine has trained, and has said so"
    assert_equal(tmp_path / "run", expected)


class Watched:
    """What a study says while it runs: the machines that train, and which of its shards they are at.

    Args:
        out: its run directory.
    """

    def __init__(self, out: Path) -> None:
        self.out, self.nodes = out, set[str]()

    def training(self) -> dict[str, str]:
        """Shard → machine, of those that train now."""
        said = {path.stem: _content(path) for path in self._beats("*.json")}
        running = {event["shard"] for event in events(self.out, "started")}
        running -= {event["shard"] for event in events(self.out, "finished")}
        return {shard: beat[3] for shard, beat in said.items() if beat and shard in running}

    def epochs(self, shard: str) -> int:
        """Epochs that ``shard`` has done when it was last heard of."""
        return max((beat[0] for path in self._beats(f"{shard}.json") if (beat := _content(path))), default=0)

    def _beats(self, pattern: str) -> list[Path]:
        try:
            scratch = Path((self.out / NOTE).read_text().splitlines()[1])
        except (OSError, IndexError):
            return []
        return list((scratch / "beats").glob(pattern))

    def until_the_end(self) -> Any:
        return During(self._note)

    def _note(self, over: threading.Event) -> None:
        while not over.wait(0.1):
            self.nodes.update(self.training().values())


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):  # removed or written at this moment
        return None


class During:
    """Runs a function beside a block, which it is told the end of; what it raises fails the test."""

    def __init__(self, work: Any) -> None:
        self._over, self._work, self._error = threading.Event(), work, None
        self._thread = threading.Thread(target=self._guarded)

    def _guarded(self) -> None:
        try:
            self._work(self._over)
        except Exception as error:
            self._error = error
            _thread.interrupt_main()  # the study might wait for ever for what was to happen beside it
        self._over.wait()  # processes that Ray starts end with the thread that has started them

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize("far", [False, True], ids=["shared directory", "directories of their own"])
def test_four_machines_lost_in_training_cost_nothing(
    tmp_path: Path, expected: dict[str, pd.DataFrame], far: bool
) -> None:
    """Three machines; the first loss leaves two and the second one, and each later one is replaced."""
    out, lost = tmp_path / "run", []

    def lose(cluster: Machines, over: threading.Event) -> None:
        watched, hit = Watched(out), set[str]()
        while len(lost) < 4 and not over.wait(0.02):
            nodes = {node.node_id: node for node in cluster.nodes}
            victims = [(shard, node) for shard, node in watched.training().items() if node in nodes]
            fresh = [(shard, node) for shard, node in victims if shard not in hit]
            if fresh:
                shard, node = fresh[0]
                cluster.leave(nodes[node])
                hit.add(shard)
                lost.append(shard)
                if len(lost) >= 2:
                    cluster.join()

    with machines(3, far=far) as cluster, During(lambda over: lose(cluster, over)):
        run(study(), out=out, address=cluster.address, insecure=True)
    assert len(lost) == 4
    assert len(events(out, "retried")) >= 1, "something was interrupted"
    ended = Counter(event["shard"] for event in events(out, "finished"))
    assert max(ended.values()) == 1, "nothing is trained to its end twice"
    assert not events(out, "cut")
    assert_equal(out, expected)


def test_the_number_of_workers_follows_the_cluster(tmp_path: Path) -> None:
    """A machine that joins a study of one is used; the study goes on when the first one leaves."""
    out, watched = tmp_path / "run", Watched(tmp_path / "run")
    story: list[str] = []

    def change(cluster: Machines, over: threading.Event) -> None:
        (first,) = cluster.nodes
        _wait(watched.training, over)
        second = cluster.join()
        story.append("joined")
        _wait(lambda: second.node_id in watched.training().values(), over)
        story.append("used")
        cluster.leave(first)
        story.append("left")

    with machines(1) as cluster, During(lambda over: change(cluster, over)):
        run(study(epochs=200), out=out, address=cluster.address, insecure=True)
    assert story == ["joined", "used", "left"]
    ended = Counter(event["shard"] for event in events(out, "finished"))
    assert max(ended.values()) == 1


def _wait(happened: Any, over: threading.Event) -> None:
    """Until something has happened; the study must not end before."""
    until = time.monotonic() + HANGING
    while not happened():
        assert not over.wait(0.05), "the study was over first"
        assert time.monotonic() < until
