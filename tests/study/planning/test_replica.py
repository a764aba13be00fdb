"""A replica's content hash: records that were written by an earlier version are found again."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core import ENGINE_VERSION
from study.planning.make_plan import make_plan
from study.planning.plan import Plan
from tests.study.conftest import small_task_set, tiny

WRITTEN_OUT = {
    "training": {
        "patience": 3, "backbone_options": {"norm": "layer"}, "tasks_per_step": 1, "sampling": "proportional",
        "sharing_options": {"mmoe": {"experts": 3}},
    },
    "factors": {"sharing": ["mmoe"]},
    "diagnostics": {"gradients": 2},
}  # fmt: skip


def plan(**changes: Any) -> Plan:
    return make_plan(tiny(**changes), small_task_set().development)


@pytest.mark.parametrize(
    ("changes", "phase", "keys"),
    [
        ({}, "search", ["a85dce4623d90c0c", "555f9b48d0bf9456"]),
        ({}, "confirm", ["91522e6ac872df68", "d428b121febc71c6"]),
        (WRITTEN_OUT, "search", ["b6a4dd18be048612", "77328b978893e3a5"]),
        (WRITTEN_OUT, "confirm", ["553d969c08767dac", "e1155cc8f10be198"]),
    ],
)
def test_keys_are_those_of_records_written_before(changes: dict[str, Any], phase: str, keys: list[str]) -> None:
    assert ENGINE_VERSION == "6", "another engine trains everything anew: note its keys here"
    made = plan(**changes)
    arms = (made.candidates[0], made.baselines[0])
    replicas = [made.replicas(arm, phase, [1])[0] for arm in arms]
    assert [replica.key("data", made.settings(phase)) for replica in replicas] == keys
