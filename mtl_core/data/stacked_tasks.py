"""Tasks that are trained alone, one below the other, so that their single-task networks can be rows of one array."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch

from mtl_core.data.batch_sampler import steps_per_epoch
from mtl_core.data.preprocessing import Preparation
from mtl_core.data.task_set import Development
from mtl_core.recipe import Recipe
from mtl_core.registry import find


def alike(recipe: Recipe, development: Development, names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the tasks called ``names`` in groups whose single-task networks differ in nothing but names and numbers.

    Tasks of one group have the same kind, metric and number of outputs, and take the same number of steps an epoch.
    Those with a label that counts for every example and others are kept apart: the two are computed in different ways,
    and a replica's last bits must not depend on what trains beside it.  A backbone that draws random numbers by the
    names of tasks makes every task a group of its own.

    Args:
        recipe: of the single-task networks.
        development: all tasks, and the pool.
        names: of the tasks to group.
    """
    if find("backbones", recipe.backbone).cls.draws_streams:
        return [(name,) for name in names]
    groups: dict[tuple[object, ...], list[str]] = {}
    for name in names:
        view = development.only(name)
        (task,) = view.tasks
        kind = replace(task, name="", classes=())
        all_count = bool(view.labels_in_loss.all())
        groups.setdefault((kind, all_count, steps_per_epoch(recipe, view)), []).append(name)
    return [tuple(group) for group in groups.values()]


def stacked(views: Sequence[Development]) -> Development:
    """Return a pool with one task: the targets of several views of a pool, one below the other.

    Its inputs stand there once; example e of the view at place p is at position p·n + e, n being their number.

    Args:
        views: the same pool with one task each, of tasks that are :func:`alike`.
    """
    first, weights = views[0], [view.examples.weights for view in views]
    examples = replace(
        first.examples,
        targets=torch.cat([view.examples.targets for view in views]),
        copies=len(views),
        groups=None if first.examples.groups is None else first.examples.groups.repeat(len(views)),
        weights=None if weights[0] is None else torch.cat([part for part in weights if part is not None]),
    )
    return replace(first, examples=examples, whole=first.epoch, target_origin=None)


def moved(preparation: Preparation, by: int) -> Preparation:
    """Return a preparation whose positions in the pool are larger by ``by``."""
    return replace(
        preparation,
        train=preparation.train + by,
        validation=preparation.validation + by,
        probe=preparation.probe + by,
    )
