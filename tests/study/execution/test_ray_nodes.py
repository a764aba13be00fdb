"""Machines that come and go, and how many workers they hold."""

from __future__ import annotations

from typing import Any

import pytest
from ray.exceptions import RpcError

from study.execution import ray_nodes
from study.execution.ray_nodes import LOOK_SECONDS, Nodes


def machine(name: str, alive: bool = True, host: str = "", **resources: float) -> dict[str, Any]:
    return {"NodeID": name, "Alive": alive, "NodeManagerHostname": host, "Resources": resources}


def nodes(listed: list[dict[str, Any]], most: int | None = None, on_a_card: int = 0, drained: Any = ()) -> Nodes:
    return Nodes(most, on_a_card, lambda: listed, lambda: drained)


@pytest.mark.parametrize(
    ("most", "on_a_card", "workers"),
    [(None, 0, 6), (4, 0, 4), (20, 0, 6), (None, 2, 3), (None, 3, 4), (1, 3, 1)],
)
def test_a_machine_holds_a_worker_a_core_or_so_many_a_card(most: int | None, on_a_card: int, workers: int) -> None:
    """The machine with one core has a card, that with four has one, the one with one and a half has none."""
    listed = [machine("a", CPU=1.0, GPU=1.0), machine("b", CPU=4.0, GPU=1.0), machine("c", CPU=1.5)]
    assert nodes(listed, most, on_a_card).workers == workers


def test_a_head_without_cores_and_a_dead_machine_hold_nothing() -> None:
    assert nodes([machine("head", CPU=0.0), machine("dead", alive=False, CPU=8.0)]).workers == 0


def test_who_came_and_who_left_is_seen_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(ray_nodes.time, "monotonic", lambda: now[0])
    listed = [machine("a", CPU=2.0)]
    seen = nodes(listed)
    listed[:] = [machine("a", alive=False, CPU=2.0), machine("b", CPU=3.0)]
    seen.look_now_and_then()
    assert (seen.workers, seen.has_left("a")) == (2, False), "it has just looked"
    now[0] += LOOK_SECONDS
    seen.look_now_and_then()
    assert (seen.workers, seen.has_left("a"), seen.has_left("b")) == (3, True, False)
    listed.clear()
    seen.look()
    assert seen.has_left("b")


def test_a_machine_that_is_drained_counts_as_gone_also_while_the_head_does_not_answer() -> None:
    drained = {"a"}

    def draining() -> set[str]:
        if not drained:
            raise RpcError("deadline exceeded")
        return set(drained)

    seen = Nodes(None, 0, lambda: [machine("a", CPU=2.0), machine("b", CPU=3.0)], draining)
    assert (seen.workers, seen.has_left("a"), list(seen.machines)) == (3, True, ["b"])
    drained.clear()
    seen.look()
    assert seen.has_left("a")


def test_machines_that_can_train_have_names_that_differ() -> None:
    listed = [
        machine("a" * 40, host="gpu-1", CPU=2.0),
        machine("b" * 40, host="twin", CPU=3.0),
        machine("c" * 40, host="twin", CPU=4.0),
        machine("d" * 40, host="head", CPU=0.0),
        machine("e" * 40, CPU=1.0),
    ]
    found = nodes(listed).machines
    assert [(one.name, one.workers) for one in found.values()] == [
        ("gpu-1", 2), ("twin/bbbbbb", 3), ("twin/cccccc", 4), ("eeeeee", 1),
    ]  # fmt: skip
    assert list(found) == [one["NodeID"] for one in listed if one["Resources"]["CPU"]]
