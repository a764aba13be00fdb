"""The training losses of a table's targets: the weights of their classes, and functions of the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.by_column import by_column
from mtl_core.data.tabular.targets import Target
from mtl_core.data.tabular.weights import ClassWeight, with_class_weights
from mtl_core.data.task import Task
from mtl_core.errors import UserError
from mtl_core.registry import is_path


def with_training_losses(
    targets: Sequence[Target],
    class_weight: ClassWeight | Mapping[str, ClassWeight] | None,
    losses: Mapping[str, str],
) -> list[Target]:
    """Return the targets with what a study file says of their losses; no code of the user's runs.

    Args:
        targets: with the losses of their kinds.
        class_weight: as :func:`mtl_core.data.tabular.weights.with_class_weights` takes it.
        losses: paths ``package.module:name`` of functions, by name or pattern of a target.

    Raises:
        UserError: when a class cannot be weighed, a pattern stands for no target, or a text is no path.
    """
    tasks = with_class_weights([one.task for one in targets], class_weight)
    paths = by_column("losses", losses, [task.name for task in tasks], "the targets")
    for name, path in paths.items():
        module, colon, function = path.partition(":")
        if not (module and colon and function):
            dotted, _, last = path.rpartition(".")
            meant = f"{dotted}:{last}" if dotted and last and not colon else "my_losses:pinball"
            advice = f"Write it as package.module:name, as in {meant}."
            raise UserError("table: losses", f"{path!r}, for {name!r}, is no path to a function.", advice)
    return [_with_loss(one, task, paths.get(task.name)) for one, task in zip(targets, tasks, strict=True)]


def _with_loss(target: Target, task: Task, loss: str | None) -> Target:
    if loss is None or is_path("metrics", task.metric):
        return replace(target, task=replace(task, loss=loss))
    found = f"Task {task.name!r} is trained by {loss}, and {task.metric} judges it and chooses the epoch"
    text = f"{found}. Where the two want different things, name another metric under metrics, also one of your own."
    remarks = [*target.remarks, Remark("other_metric", task.name, text)]
    return replace(target, task=replace(task, loss=loss), remarks=remarks)
