"""Chained binary tasks, and the orders in which tests put them."""

from __future__ import annotations

from mtl_core.data.task import Task
from mtl_core.testing.small_tasks import FUNNEL

TASKS = tuple(Task(name, "binary", "accuracy", 2) for name in FUNNEL)
BACKWARDS = {"chain": ["buy", "click", "basket"]}
ORDERS = [({}, [0, 1, 2]), (BACKWARDS, [2, 0, 1])]
