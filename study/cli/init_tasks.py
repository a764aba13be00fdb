"""The section ``tasks`` of the file that ``init`` writes: what the data hold, and why it is taken for that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.data.tabular.yaml_names import in_yaml
from study.config.spec import TABLE, Tasks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtl_core.data.column_facts import ColumnFacts
    from mtl_core.data.task_set import TaskSet

MOST_COLUMNS = 40
"""Inputs that get a line of their own in the file; of more the kinds are counted."""
NAMED = ("query", "task", "groups", "test", "validation")
"""Options that are written as the command line gave them."""
GROUPS = "# groups: person   # rows with one value here stay in one part of every split"


def tasks_section(tasks: Tasks, task_set: TaskSet, out: Path) -> list[str]:
    """Return the lines of the section, with comments.

    Args:
        tasks: the section as the command line gave it: a table or arrays.
        task_set: the data.
        out: where the file will be; the path of the data is relative to it where it lies below its folder.
    """
    of = _of_table if tasks.set == TABLE else _of_arrays
    return [
        "tasks:",
        f"  set: {tasks.set}",
        f"  path: {in_yaml(_relative(Path(str(tasks.options['path'])), out))}",
        *of(task_set, tasks.options),
        "# importance: {a_task: 3}   # how much each task counts in the mean; 1 where none is named",
        "",
    ]


def examples_in_words(task_set: TaskSet) -> str:
    """Return what the inputs of an example are: numbers, or an image."""
    development = task_set.development
    if development.image is not None:
        channels, height, width = development.image
        return f"images of {height} × {width} pixels and {channels} {'channel' if channels == 1 else 'channels'}"
    return f"{development.num_inputs:,} inputs{' after encoding' if task_set.input_columns else ''}"


def _of_table(task_set: TaskSet, options: Mapping[str, Any]) -> list[str]:
    columns, metrics = task_set.columns, {task.name: task.metric for task in task_set.tasks}
    of_all = next(iter(metrics.values()))  # in a long table all tasks have that of the one target
    targets, inputs = ([one for one in columns if one.role == role] for role in ("target", "input"))
    return [
        f"  targets: [{', '.join(map(in_yaml, options['targets']))}]",
        *(f"  {name}: {in_yaml(str(options[name]))}" for name in NAMED if options.get(name)),
        *_kinds(targets),
        *_inputs(inputs),
        *_metrics({column.name: metrics.get(column.name, of_all) for column in targets}, options),
        *(f"  # left out: {column.name}, {column.treatment}" for column in columns if column.role == "left out"),
        *([] if options.get("groups") else [f"  {GROUPS}"]),
    ]


def _of_arrays(task_set: TaskSet, options: Mapping[str, Any]) -> list[str]:
    tasks = task_set.tasks
    vectors = [task for task in tasks if task.num_targets > 1]
    lines = [
        f"  targets: [{', '.join(in_yaml(task.name) for task in tasks)}]",
        *_kinds(task_set.columns),
        *(f"    # {in_yaml(task.name)}: vectors of {task.num_targets:,} numbers, one task" for task in vectors),
        f"  # x: {examples_in_words(task_set)}",
        *_metrics({task.name: task.metric for task in tasks if task.num_targets == 1}, options),
        "  # missing: [-1]   # numbers that stand for a missing label; NaN and empty text do anyway",
    ]
    if task_set.development.examples.groups is None:
        lines.append("  # an array `groups` in the data says which examples stay in one part of every split")
    return lines


def _kinds(targets: Sequence[ColumnFacts]) -> list[str]:
    lines = [f"    {_kind(column)}" for column in targets]
    return ["  kinds:  # inferred: correct what is wrong", *lines] if lines else []


def _kind(column: ColumnFacts) -> str:
    return f"{in_yaml(column.name)}: {column.kind.split(',')[0]}  # {column.why}"


def _inputs(inputs: Sequence[ColumnFacts]) -> list[str]:
    """What inputs are taken for, as comments: a line of each, or their number by kind where they are many."""
    if len(inputs) <= MOST_COLUMNS:
        return [f"    # {_kind(column)}" for column in inputs]
    kinds = [column.kind.split(",")[0] for column in inputs]
    counted = ", ".join(f"{kinds.count(kind):,} {kind}" for kind in dict.fromkeys(kinds))
    return [f"    # inputs: {counted}; `mtl-study check … --columns` lists them"]


def _metrics(metrics: Mapping[str, str], options: Mapping[str, Any]) -> list[str]:
    """What judges the targets, and the losses of the user's own that the command line named."""
    lines = [f"    {in_yaml(name)}: {in_yaml(metric)}" for name, metric in metrics.items()]
    lines = ["  metrics:  # `mtl-study list metrics` says which there are", *lines] if lines else []
    losses = [f"    {in_yaml(name)}: {in_yaml(path)}" for name, path in (options.get("losses") or {}).items()]
    return [*lines, *(["  losses:", *losses] if losses else [])]


def _relative(data: Path, out: Path) -> str:
    folder = out.resolve().parent
    return str(data.relative_to(folder)) if data.is_relative_to(folder) else str(data)
