"""Trees of tasks: the groups of tasks that share a copy of a stage, stage by stage."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

Tree = Sequence[Sequence[Sequence[str]]]
"""For each stage the groups of tasks, by name, that share a copy of it; later stages refine earlier stages' groups."""


def fault(tree: Any, tasks: Sequence[str], stages: int) -> str | None:
    """Return why ``tree`` is no tree for ``tasks`` and so many ``stages``, or ``None`` if it is one.

    Args:
        tree: a value from a study file.
        tasks: names of the tasks.
        stages: number of stages.
    """
    shape = "a list of stages, each a list of groups, each a list of task names"
    if not _is_list(tree) or not all(_is_list(groups) and all(map(_is_list, groups)) for groups in tree):
        return f"a tree is {shape}, found {tree!r}"
    if len(tree) != stages:
        return f"the tree has {len(tree)} levels for {stages} stages"
    above: list[set[Any]] = [set(tasks)]
    for level, groups in enumerate(tree, 1):
        reason = _no_partition(groups, tasks)
        if reason:
            return f"stage {level} of the tree {reason}"
        for group in groups:
            if not any(set(group) <= parent for parent in above):
                return f"stage {level} of the tree joins {' and '.join(sorted(group))}, which parted before"
        above = [set(group) for group in groups]
    return None


def in_order(tree: Tree, tasks: Sequence[str]) -> list[list[list[str]]]:
    """Return the same tree with the tasks of a group in the order of ``tasks``, and groups by their first task."""
    place = {task: number for number, task in enumerate(tasks)}
    return [
        sorted((sorted(group, key=place.__getitem__) for group in groups), key=lambda group: place[group[0]])
        for groups in tree
    ]


def of_paths(paths: Sequence[Sequence[Any]], tasks: Sequence[str]) -> list[list[list[str]]]:
    """Return the tree in which tasks with the same node at a stage share that stage.

    Args:
        paths: for each stage the node of each task; nodes are equal only if their paths from the root are.
        tasks: names of the tasks, in the same order.
    """
    tree = []
    for nodes in paths:
        groups: dict[Any, list[str]] = {}
        for node, task in zip(nodes, tasks, strict=True):
            groups.setdefault(node, []).append(task)
        tree.append(list(groups.values()))
    return tree


def partitions(items: Sequence[Any]) -> Iterator[list[list[Any]]]:
    """Yield every partition of ``items`` into groups; there are Bell(n) of them, 203 for n = 6."""
    if not items:
        yield []
        return
    first, *rest = items
    for groups in partitions(rest):
        yield [[first], *groups]
        for place, group in enumerate(groups):
            yield [*groups[:place], [first, *group], *groups[place + 1 :]]


def _no_partition(groups: Sequence[Sequence[Any]], tasks: Sequence[str]) -> str | None:
    named = [task for group in groups for task in group]
    unknown = [task for task in named if task not in tasks]
    missing = [task for task in tasks if task not in named]
    if unknown:
        return f"names {unknown[0]!r}, which is no task; there are {', '.join(tasks)}"
    if missing:
        return f"lacks task {missing[0]!r}"
    if len(named) > len(tasks):
        return f"names {next(task for task in tasks if named.count(task) > 1)!r} twice"
    return None if all(groups) else "has an empty group"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def average_tree(tasks: Sequence[str], stages: int) -> list[list[list[str]]]:
    """Return a tree with as many groups at each stage as a random tree has on average, rounded.

    In a random tree every node takes one of the T nodes of the stage before, T being the number of tasks, and every
    task one of the last stage.  If n nodes of a stage are used, T (1 − (1 − 1/T)ⁿ) of the stage before are on average.

    Args:
        tasks: names of the tasks; neighbours form the groups.
        stages: number of stages.
    """
    tree: list[list[list[str]]] = []
    parts, used = [[task] for task in tasks], float(len(tasks))
    for _ in range(stages):
        used = len(tasks) * (1 - (1 - 1 / len(tasks)) ** used)
        parts = _merged(parts, max(1, min(len(parts), math.floor(used + 0.5))))
        tree.insert(0, parts)
    return tree


def _merged(parts: Sequence[Sequence[str]], number: int) -> list[list[str]]:
    """Join neighbouring groups to ``number`` groups of about as many each."""
    ends = [len(parts) * place // number for place in range(number + 1)]
    return [list(itertools.chain(*parts[begin:end])) for begin, end in itertools.pairwise(ends)]
