"""Stated importance of tasks: from names and patterns in the study file to every task of the task set."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_core.errors import UserError
from study.config.spec import Spec


def settle_importance(spec: Spec, tasks: Sequence[str]) -> Spec:
    """Return the study with the importance of every task by name; with none where all tasks count alike.

    Args:
        spec: the study as it was asked for.
        tasks: names of the tasks.

    Raises:
        UserError: when a name or a pattern stands for no task, or two patterns disagree about one.
    """
    if not spec.importance:
        return spec
    from mtl_core.data.tabular.by_column import by_column

    try:
        named = by_column("importance", spec.importance, tasks, "the tasks")
    except UserError as error:
        raise UserError("importance", error.found, error.remedy) from None
    whole = {task: named.get(task, 1.0) for task in tasks}
    return spec.model_copy(update={"importance": whole if len(set(whole.values())) > 1 else {}})
