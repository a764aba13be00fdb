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
        ({}, "search", ["a85a7823d85b1ed0", "d06d50af9c38c9ab"]),
        ({}, "confirm", ["d022b9f44b09e91b", "577ebc4abdaa9b7e"]),
        (WRITTEN_OUT, "search", ["0d650c0818a887de", "dbb8595b94e891b7"]),
        (WRITTEN_OUT, "confirm", ["6a0214b1d09b3252", "012181194348a757"]),
    ],
)
def test_keys_are_those_of_records_written_before(changes: dict[str, Any], phase: str, keys: list[str]) -> None:
    assert ENGINE_VERSION == "3", "another engine trains everything anew: note its keys here"
    made = plan(**changes)
    arms = (made.candidates[0], made.baselines[0])
    replicas = [made.replicas(arm, phase, [1])[0] for arm in arms]
    assert [replica.key("data", made.settings(phase)) for replica in replicas] == keys
