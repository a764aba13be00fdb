"""What all task sets have in common."""

from __future__ import annotations

from mtl_core.data.row_parts import holdout
from mtl_core.data.task_set import TaskSet
from mtl_core.tasks import TaskSource
from mtl_core.testing.small_tasks import MIXED, small_tasks


class Given(TaskSource):
    def build(self) -> TaskSet:
        return TaskSet("given", small_tasks(MIXED), small_tasks(MIXED).examples)


def test_a_task_set_that_only_builds_is_the_same_for_every_design() -> None:
    assert Given().build_for(holdout).fingerprint() == Given().build().fingerprint()
