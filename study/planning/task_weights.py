"""Weights of a task set's examples and classes, as ``check`` and the run directory describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtl_core.data.task_set import TaskSet


def weight_facts(task_set: TaskSet, task: str) -> dict[str, Any]:
    """Return what weighs the examples of a task; empty where all count alike.

    Returns:
        ``class_weight``: ``balanced``, or the weights in the order of the classes; ``weights_in``: ``loss`` or
        ``loss_and_metric`` where the examples have weights; ``effective``: the number of development labels of one
        weight that say as much as these, (Σ w)² / Σ w².
    """
    place = [other.name for other in task_set.tasks].index(task)
    asked, found = task_set.tasks[place].class_weight, {}
    if asked is not None:
        found["class_weight"] = asked if isinstance(asked, str) else list(asked)
    weights = task_set.development.examples.weights
    if weights is None:
        return found
    own = weights[task_set.development.labels[:, place], place].double()
    if (own == 1).all():
        return found
    judging = "loss_and_metric" if task_set.development.weights_judge else "loss"
    return found | {"weights_in": judging, "effective": float(own.sum() ** 2 / own.square().sum())}


def weights_in_words(facts: dict[str, Any]) -> str:
    """Return the weights of a task for a cell of a table: by class, by row, or both; empty where there are none."""
    parts = []
    if "class_weight" in facts:
        asked = facts["class_weight"]
        parts.append(asked if isinstance(asked, str) else "/".join(f"{weight:g}" for weight in asked))
    if "weights_in" in facts:
        where = " and metric" if facts["weights_in"] == "loss_and_metric" else ""
        parts.append(f"by row{where} (as {facts['effective']:,.0f})")
    return ", ".join(parts)
