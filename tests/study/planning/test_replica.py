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
        ({}, "search", ["65a239a3433ccc75", "25edf74094301e86"]),
        ({}, "confirm", ["a47deb6a9c34e27b", "c3dd3b47c1bfedae"]),
        (WRITTEN_OUT, "search", ["8a85a6a7c92d0190", "89a6bc7c541ceac5"]),
        (WRITTEN_OUT, "confirm", ["97dfcb9d27953dff", "be5e7bc58ee81066"]),
    ],
)
def test_keys_are_those_of_records_written_before(changes: dict[str, Any], phase: str, keys: list[str]) -> None:
    assert ENGINE_VERSION == "8", "another engine trains everything anew: note its keys here"
    made = plan(**changes)
    arms = (made.candidates[0], made.baselines[0])
    replicas = [made.replicas(arm, phase, [1])[0] for arm in arms]
    assert [replica.key("data", made.settings(phase)) for replica in replicas] == keys
