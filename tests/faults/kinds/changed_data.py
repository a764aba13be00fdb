"""Data that have changed since the study was begun."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mtl_core.data.task_set import TaskSet
from study.planning import prepare
from tests.faults.lab import Lab
from tests.faults.trial import Trial
from tests.study.conftest import small_task_set

TRIALS = 2


def trial(lab: Lab) -> Trial:
    lab.copied()
    held = lab.held
    return lab.refused(lab.drive(other_data), held)


def other_data() -> None:
    """Put data in place of which one number is another."""

    def build(spec: Any) -> TaskSet:
        task_set = small_task_set()
        pool = task_set.development
        inputs = pool.examples.inputs.clone()
        inputs[0, 0] += 1.0
        return replace(task_set, development=replace(pool, examples=replace(pool.examples, inputs=inputs)))

    prepare.build_task_set = build
