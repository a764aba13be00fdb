"""Plans for tests: regressions on twenty examples of three inputs."""

from __future__ import annotations

from typing import Any

import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from study.config.spec import Spec
from study.planning.make_plan import make_plan
from study.planning.plan import Plan


def development(num_tasks: int = 2) -> Development:
    tasks = tuple(Task(f"task {number}", "regression", "mse") for number in range(num_tasks))
    return Development(
        tasks, Examples(torch.zeros(20, 3), torch.zeros(20, num_tasks)), torch.zeros(3, dtype=torch.bool)
    )


def spec(**parts: Any) -> Spec:
    return Spec.model_validate({"tasks": {"set": "digits3"}, **parts})


def plan(num_tasks: int = 2, **parts: Any) -> Plan:
    return make_plan(spec(**parts), development(num_tasks))
