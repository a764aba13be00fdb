"""Search for the task tree of least cost within a budget, given the affinity of tasks at every stage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from mtl_core.task_tree import in_order, partitions

EXACT = 6
"""Largest number of groups of which all ways to join them are tried: 203 ways for six groups."""
_DIGITS = 9
"""Decimal places to which costs are rounded, so that the order of a sum does not decide between equal trees."""

Partition = tuple[tuple[int, ...], ...]
"""Groups of tasks at one stage, by their places."""
Chains = dict[tuple[int, Partition], tuple[float, tuple[Partition, ...]]]
"""Partial trees from some stage to the last: (number of groups, partition at that stage) → (cost, partitions)."""


def tree_from_affinity(
    affinity: Float[np.ndarray, "l t t"], tasks: Sequence[str], budget: float, beam: int = 8
) -> list[list[list[str]]]:
    """Return the nested groups of tasks of least cost within a budget.

    The cost is Σ_l Σ_g |g|/T max_{i,j ∈ g} (1 − affinity[l, i, j]) over stages l and their groups g: the mean over the
    T tasks of the largest distance in their group.  Up to :data:`EXACT` tasks the search is exact; with more, groups
    are joined greedily down to that number, and of the partial trees with the same number of groups only the ``beam``
    cheapest are extended.  The search goes from the last stage to the first; ties of cost are broken by the number of
    groups and then by the tasks' names.

    Source: S. Vandenhende et al., "Branched multi-task networks: deciding what layers to share", BMVC 2020, section 3
    (the cost and the search from the outermost stage; the budget there is one of operations).

    Differs from the paper: there the mean is over groups, in which a task alone counts as much as all others together,
    and is left alone whether it is related or not (FINDINGS.md).

    Args:
        affinity: affinity of the tasks at each of l stages, symmetric.
        tasks: names of the tasks, in the order of ``affinity``.
        budget: mean number of groups per stage, from 1 (everything is shared) to the number of tasks.
        beam: number of partial trees that are kept for each number of groups.

    Returns:
        For each stage the groups of tasks, see :data:`mtl_core.task_tree.Tree`.

    Raises:
        ValueError: if the budget is below 1.
    """
    if not budget >= 1:
        raise ValueError(f"A stage has at least one group; the budget is {budget}.")
    by_name = sorted(range(len(tasks)), key=tasks.__getitem__)
    distances = np.round(1 - affinity[:, by_name][:, :, by_name], _DIGITS)
    most = math.floor(budget * len(distances) + 1e-9)
    chains: Chains = {(0, tuple((place,) for place in range(len(tasks)))): (0.0, ())}
    for level in reversed(range(len(distances))):
        chains = _extended(chains, _Stage(distances[level]), most - level)
        if len(tasks) > EXACT:
            chains = _cheapest(chains, beam)
    _, _, best = min((cost, total, chain) for (total, _), (cost, chain) in chains.items())
    names = [tasks[place] for place in by_name]
    return in_order([[[names[place] for place in group] for group in groups] for groups in best], tasks)


def stand_in(tasks: Sequence[str], stages: int, budget: float) -> list[list[list[str]]]:
    """Return a placeholder tree within the budget, for estimating costs before there is an affinity.

    The affinity that it is computed from decreases with the distance of tasks in the list, and more so at later stages.

    Args:
        tasks: names of the tasks.
        stages: number of stages.
        budget: largest mean number of groups per stage.
    """
    places = np.arange(len(tasks))
    apart = np.abs(places[:, None] - places) / len(tasks)
    return tree_from_affinity(1 - np.stack([apart * (level + 1) / stages for level in range(stages)]), tasks, budget)


class _Stage:
    """Costs of the partitions of tasks at one stage.

    Args:
        distances: 1 − affinity of the tasks at that stage.
    """

    def __init__(self, distances: Float[np.ndarray, "t t"]) -> None:
        self._distances = distances
        self._diameters: dict[tuple[int, ...], float] = {}
        self._coarser: dict[Partition, list[tuple[float, Partition]]] = {}

    def coarser(self, groups: Partition) -> list[tuple[float, Partition]]:
        """Return the partitions that join some of ``groups``, with their costs."""
        if groups not in self._coarser:
            self._coarser[groups] = [(self._cost(joined), joined) for joined in self._joined(groups)]
        return self._coarser[groups]

    def _joined(self, groups: Partition) -> Iterator[Partition]:
        """All partitions that join ``groups``, or those along a greedy path if there are more than EXACT groups."""
        while len(groups) > EXACT:
            yield groups
            groups = self._best_pair_joined(groups)
        for parts in partitions(groups):
            yield tuple(sorted(tuple(sorted(place for group in part for place in group)) for part in parts))

    def _best_pair_joined(self, groups: Partition) -> Partition:
        """The partition with those two groups joined whose union adds least to the cost; ties go to the first pair."""
        pairs = [(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))]
        unions = {(i, j): tuple(sorted(groups[i] + groups[j])) for i, j in pairs}
        increase = {
            pair: round(self._total(union) - sum(self._total(groups[place]) for place in pair), _DIGITS)
            for pair, union in unions.items()
        }
        i, j = min(pairs, key=lambda pair: (increase[pair], pair))
        return (*groups[:i], unions[i, j], *groups[i + 1 : j], *groups[j + 1 :])

    def _cost(self, groups: Partition) -> float:
        return math.fsum(map(self._total, groups)) / len(self._distances)

    def _total(self, group: tuple[int, ...]) -> float:
        """The diameter of a group, counted once for each of its tasks."""
        return len(group) * self._diameter(group)

    def _diameter(self, group: tuple[int, ...]) -> float:
        if group not in self._diameters:
            single = len(group) == 1
            self._diameters[group] = 0.0 if single else float(self._distances[np.ix_(group, group)].max())
        return self._diameters[group]


def _extended(chains: Chains, stage: _Stage, most: int) -> Chains:
    """The partial trees of one stage more with at most ``most`` groups, the best for each key."""
    longer: Chains = {}
    for (total, finer), (cost, chain) in chains.items():
        for more, groups in stage.coarser(finer):
            key, candidate = (total + len(groups), groups), (round(cost + more, _DIGITS), (groups, *chain))
            if key[0] <= most and (key not in longer or candidate < longer[key]):
                longer[key] = candidate
    return longer


def _cheapest(chains: Mapping[tuple[int, Partition], tuple[float, tuple[Partition, ...]]], beam: int) -> Chains:
    """The ``beam`` cheapest partial trees of each number of groups."""
    kept: dict[int, int] = {}
    best: Chains = {}
    for (total, groups), candidate in sorted(chains.items(), key=lambda item: (item[1], item[0])):
        if kept.get(total, 0) < beam:
            kept[total] = kept.get(total, 0) + 1
            best[total, groups] = candidate
    return best
