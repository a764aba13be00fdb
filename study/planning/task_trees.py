"""``tree: affinity``: the trees of ``branch`` that the study finds itself, when its run starts.

There is one tree for each level of ``stages``, since a tree has a level for each; it is found at the first width and
backbone and serves all others, so that these compare networks of one structure.  Networks are compared on the
development split alone.  Once found a tree stands in the ledger, and a resumed run takes it from there: it counts
exactly as if it were written out in the study file.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, get_args

from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.recipe import Recipe
from mtl_core.task_grouping.kinds import By
from mtl_core.task_grouping.tree_search import stand_in
from mtl_core.task_tree import Tree, fault
from study.config.spec import Spec
from study.config.text import nearest
from study.planning.arm import BRANCH, INDEPENDENT, Arm
from study.planning.training_settings import recipe_of, settings_of
from study.store.ledger import Ledger

AFFINITY = "affinity"
BY = "by"
KINDS: tuple[By, ...] = get_args(By)
"""Kinds of affinity; the first is the default."""
SEED = 3_000
"""First seed of the networks that are compared; no phase has seeds there."""
WHERE = f"training.sharing_options.{BRANCH}.tree"


def is_to_be_found(tree: Any) -> bool:
    """Return whether ``tree`` says how to find one; otherwise it is a tree, or ``None``.

    Raises:
        UserError: when the value is neither a tree nor a valid affinity setting.
    """
    if isinstance(tree, str):
        if tree != AFFINITY:
            raise UserError(WHERE, f"it is {tree[:80]!r}.", f"{nearest(tree, [AFFINITY])} Or write the tree out.")
        return True
    if not isinstance(tree, Mapping):
        return False
    settings = tree.get(AFFINITY)
    known = {"groups", BY}
    if set(tree) != {AFFINITY} or not isinstance(settings, Mapping) or not settings or not set(settings) <= known:
        remedy = f"Write {AFFINITY}, or {{{AFFINITY}: {{groups: 1.5, {BY}: look_ahead}}}}."
        raise UserError(WHERE, f"it is {str(tree)[:80]!r}.", remedy)
    by = settings.get(BY, KINDS[0])
    if by not in KINDS:
        raise UserError(f"{WHERE}.{AFFINITY}.{BY}", f"it is {str(by)[:80]!r}.", nearest(str(by), KINDS))
    return True


def kind_of(spec: Spec) -> By:
    """Return by which affinity the study's trees are found."""
    tree = _written(spec)
    return tree[AFFINITY].get(BY, KINDS[0]) if isinstance(tree, Mapping) else KINDS[0]


def groups_of(spec: Spec, num_tasks: int) -> float:
    """Return the mean number of groups per stage of the study file; by default half way between one and all tasks.

    Raises:
        UserError: when so many tasks cannot be in so many groups.
    """
    tree = _written(spec)
    groups = tree[AFFINITY].get("groups") if isinstance(tree, Mapping) else None
    return checked_groups(groups, num_tasks, f"{WHERE}.{AFFINITY}.groups")


def checked_groups(groups: Any, num_tasks: int, where: str) -> float:
    """Return ``groups``, or its default: half way between one and all tasks.

    Raises:
        UserError: naming ``where``, when so many tasks cannot be in so many groups.
    """
    if groups is None:
        return (1 + num_tasks) / 2
    if isinstance(groups, bool) or not isinstance(groups, int | float) or not 1 <= groups <= num_tasks:
        shown = f"{groups:g}" if isinstance(groups, float) else repr(groups)[:80]
        raise UserError(where, f"it is {shown}, and there are {num_tasks} tasks.", f"Choose 1 to {num_tasks}.")
    return float(groups)


def stages_to_find(spec: Spec) -> tuple[int, ...]:
    """Return the levels of ``stages`` whose tree is to be found; none where the study file does not say so."""
    return spec.factors.stages if BRANCH in spec.factors.sharing and is_to_be_found(_written(spec)) else ()


def stand_ins(spec: Spec, tasks: Sequence[str]) -> dict[int, Tree]:
    """Return trees of as many groups as those that will be found, by number of stages."""
    stages = stages_to_find(spec)
    groups = groups_of(spec, len(tasks)) if stages else 0.0
    return {number: _stand_in(tuple(tasks), number, groups) for number in stages}


def quick_arm(spec: Spec, stages: int) -> Arm:
    """Return the arm that is trained to find the tree of so many stages."""
    return Arm(INDEPENDENT, 0, stages, spec.factors.width[0], spec.factors.backbone[0])


def quick_recipe(spec: Spec, stages: int) -> Recipe:
    """Return the recipe of :func:`quick_arm`; its number of epochs is the most that is trained."""
    return recipe_of(quick_arm(spec, stages), settings_of(spec, "search"))


def find_tree(spec: Spec, development: Development, stages: int, groups: float) -> Tree:
    """Find the tree of so many stages: train small networks, with one thread so that the result never differs."""
    import torch

    from mtl_core.task_grouping import affinity

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return affinity.find_tree(quick_recipe(spec, stages), development, SEED, budget=groups, by=kind_of(spec))
    finally:
        torch.set_num_threads(threads)


def ensure_trees(spec: Spec, development: Development, ledger: Ledger) -> dict[int, Tree]:
    """Return the study's trees by number of stages: those of the ledger; the others are found and written there."""
    tasks = [task.name for task in development.tasks]
    trees = trees_in_ledger(ledger.events, tasks)
    for stages in stages_to_find(spec):
        if stages not in trees:
            began = time.monotonic()
            trees[stages] = find_tree(spec, development, stages, groups_of(spec, len(tasks)))
            ledger.append("tree", stages=stages, tree=trees[stages], seconds=round(time.monotonic() - began, 3))
    return trees


def trees_in_ledger(events: Iterable[Mapping[str, Any]], tasks: Sequence[str]) -> dict[int, Tree]:
    """Return the trees that a ledger's events hold for these tasks, by number of stages."""
    trees = {event["stages"]: event["tree"] for event in events if event["event"] == "tree"}
    return {stages: tree for stages, tree in trees.items() if fault(tree, tasks, stages) is None}


@cache
def _stand_in(tasks: tuple[str, ...], stages: int, groups: float) -> Tree:
    """Cached, since a budget makes many plans, and forty tasks take seconds."""
    return stand_in(tasks, stages, groups)


def _written(spec: Spec) -> Any:
    return spec.training.sharing_options.get(BRANCH, {}).get("tree")
