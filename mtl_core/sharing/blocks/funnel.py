"""A funnel: binary tasks of which each can only happen to an example after the one before, such as click and buy."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_core.data.target_columns import columns_of
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Copy
from mtl_core.recipe import Recipe

_FEW = 0.01
"""Largest share of a task's positive examples that may be negative in the task before: errors of recording."""


def why_no_funnel(recipe: Recipe, development: Development) -> str | None:
    """Return why the tasks are no funnel in the order of the option ``chain``, or ``None`` if they are one.

    Args:
        recipe: its option ``chain`` names the tasks, first things first; by default the order of the task set.
        development: the tasks and their labels.
    """
    names = [task.name for task in development.tasks]
    others = [task.name for task in development.tasks if task.kind != "binary"]
    if others:
        return f"a funnel has binary tasks alone, and {', '.join(others)} is none"
    if development.own_inputs:
        return "the tasks of a funnel are about the same examples, and these have inputs of their own"
    chain = recipe.sharing_options.get("chain") or names
    if sorted(chain) != sorted(names):
        return f"chain must name every task once ({', '.join(names)}), found {', '.join(chain)}"
    return _skipped(chain, names, development)


def _skipped(chain: Sequence[str], names: Sequence[str], development: Development) -> str | None:
    """Why the labels contradict the chain: examples that reached a later task and not the one before."""
    columns = columns_of(development.tasks)
    labels = [development.examples.targets[:, columns[names.index(name)].start] for name in chain]
    for place in range(1, len(chain)):
        reached = (labels[place] == 1) & ~labels[place - 1].isnan()
        skipped, total = int((reached & (labels[place - 1] == 0)).sum()), int(reached.sum())
        if skipped > _FEW * total:
            return (
                f"the labels are no funnel: {skipped} of {total} examples with {chain[place]} are without "
                f"{chain[place - 1]}; name the order in chain"
            )
    return None


def places_in(tasks: Sequence[str], chain: Sequence[str] | None) -> list[int]:
    """Return the places of the chain's tasks among ``tasks``, first things first."""
    return [list(tasks).index(name) for name in chain or tasks]


def followers(tasks: Sequence[str], chain: Sequence[str] | None, name: str) -> frozenset[str]:
    """Return the task ``name`` and all tasks behind it in the chain, whose outputs depend on what is its own."""
    order = list(chain or tasks)
    return frozenset(order[order.index(name) :])


def in_chain(tasks: Sequence[str], chain: Sequence[str] | None) -> tuple[Copy, ...]:
    """Return a copy for each task of ``tasks``, used by the task and by all behind it in the chain."""
    return tuple(Copy(name, followers(tasks, chain, name)) for name in tasks)
