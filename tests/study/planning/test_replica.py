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
        ({}, "search", ["6edf16a14eb74f12", "b55a8c1cd770f73a"]),
        ({}, "confirm", ["730ba3788ae43b5c", "276e58d6d0d9e93e"]),
        (WRITTEN_OUT, "search", ["1c66e314a65a2d87", "98d9eb2a584146d9"]),
        (WRITTEN_OUT, "confirm", ["9104bf3bfda5e76e", "981f3a607b3c2490"]),
    ],
)
def test_keys_are_those_of_records_written_before(changes: dict[str, Any], phase: str, keys: list[str]) -> None:
    assert ENGINE_VERSION == "7", "another engine trains everything anew: note its keys here"
    made = plan(**changes)
    arms = (made.candidates[0], made.baselines[0])
    replicas = [made.replicas(arm, phase, [1])[0] for arm in arms]
    assert [replica.key("data", made.settings(phase)) for replica in replicas] == keys
