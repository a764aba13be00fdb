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
        ({}, "search", ["fdd04eb609ad1222", "ade6318cc883ed0e"]),
        ({}, "confirm", ["1a349bf05658ede0", "43c2303a64d933d3"]),
        (WRITTEN_OUT, "search", ["9800b8f434b3780b", "69b3d7031759830a"]),
        (WRITTEN_OUT, "confirm", ["95ef2486b4eb1cac", "a4f96b11884b54ae"]),
    ],
)
def test_keys_are_those_of_records_written_before(changes: dict[str, Any], phase: str, keys: list[str]) -> None:
    assert ENGINE_VERSION == "4", "another engine trains everything anew: note its keys here"
    made = plan(**changes)
    arms = (made.candidates[0], made.baselines[0])
    replicas = [made.replicas(arm, phase, [1])[0] for arm in arms]
    assert [replica.key("data", made.settings(phase)) for replica in replicas] == keys
