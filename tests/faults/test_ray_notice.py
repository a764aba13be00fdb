"""Workers that are told to leave, on real Ray: their jobs go on elsewhere from where they were."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from ray._private.worker import global_worker
from ray.core.generated.autoscaler_pb2 import DrainNodeReason

from study.config.spec import Spec
from study.driver.run import run
from study.execution.ray_searcher import DIED, LEFT
from tests.faults.ray_cluster import Machines, machines
from tests.faults.test_kill import HANGING
from tests.faults.test_ray_cluster import During, Watched, assert_equal, records
from tests.study.conftest import tiny
from tests.study.driver.test_run import events

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def few_shards(epochs: int) -> Spec:
    """One draw of one arm and its baselines, on no more seeds than planned."""
    once = {"seeds": 2, "max_seeds": 2, "judge": [], "follow_up": False}
    small = {"factors": {"depth": [1]}, "tuning": {"draws": 1}, "search": {"rungs": []}, "verdict": once}
    return tiny(**small, training={"epochs": epochs})


STUDY = few_shards(500)
"""Few shards, which take long enough to be at work when the notice comes, some seconds after the drain."""


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """What the study yields in one process."""
    return records(run(STUDY, out=tmp_path_factory.mktemp("inline") / "run", backend="inline"))


def drain(node: str) -> None:
    """Announce what ``ray drain-node`` announces where a spot instance is taken back."""
    reason = DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
    deadline = int(1000 * (time.time() + 120))
    accepted, refusal = global_worker.gcs_client.drain_node(node, reason, "spot", deadline)
    assert accepted, refusal


def workers() -> Iterator[int]:
    """Processes of Ray's actors that this machine runs for this one."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
            is_worker = b"ray::" in title and b"Agent" not in title  # a machine without its agents goes down
            is_ours = folder.stat().st_uid == os.getuid() and _ancestor_of_is(int(folder.name), os.getpid())
        except OSError:  # it has ended
            continue
        if is_worker and is_ours:
            yield int(folder.name)


def _ancestor_of_is(process: int, wanted: int) -> bool:
    while process > 1:
        if process == wanted:
            return True
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return False


@pytest.mark.parametrize("far", [False, True], ids=["shared directory", "directories of their own"])
def test_what_trains_on_a_drained_machine_goes_on_elsewhere_without_loss(
    tmp_path: Path, expected: dict[str, pd.DataFrame], far: bool
) -> None:
    out, watched = tmp_path / "run", Watched(tmp_path / "run")
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    drained: list[str] = []

    def watch(cluster: Machines, over: threading.Event) -> None:
        """Drain the machine of the first shard that is seen training, and note how far shards are there and later."""
        while not over.wait(0.02):
            moved = {event["shard"] for event in events(out, "retried")}
            for shard, node in watched.training().items():
                epochs = watched.epochs(shard)
                if not drained and epochs:
                    drain(node)
                    drained.append(node)
                elif node in drained:
                    before[shard] = max(before.get(shard, 0), epochs)
                elif shard in moved and epochs:
                    after.setdefault(shard, epochs)

    with machines(2, far=far) as cluster, During(lambda over: watch(cluster, over)):
        run(STUDY, out=out, address=cluster.address, insecure=True)
    retried = {event["shard"]: event["reason"] for event in events(out, "retried")}
    assert drained
    assert set(retried.values()) == {LEFT}
    assert {event["shard"] for event in events(out, "excused")} == set(retried), "it is no fault of the job"
    assert all(after[shard] >= before[shard] for shard in retried if shard in after), (before, after)
    assert_equal(out, expected)


def test_a_worker_that_gets_sigterm_fails_no_replica(tmp_path: Path) -> None:
    out, watched, ended = tmp_path / "run", Watched(tmp_path / "run"), list[int]()
    spec = few_shards(100)

    def end_all(over: threading.Event) -> None:
        until = time.monotonic() + HANGING
        while not any(map(watched.epochs, watched.training())):
            assert not over.wait(0.02), "the study was over first"
            assert time.monotonic() < until
        ended.extend(workers())
        for process in ended:
            os.kill(process, signal.SIGTERM)

    with During(end_all):
        run(spec, out=out, backend="ray", workers=2)
    assert ended
    assert {event["reason"] for event in events(out, "retried")} == {DIED}
    assert_equal(out, records(run(spec, out=tmp_path / "inline", backend="inline")))
