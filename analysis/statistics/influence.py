"""What every test example, or group of them, and every seed contributes to the error of a mean difference.

Contributions c are scaled so that their squares add up to the variance of the mean: for G groups of test examples

    c_g = √((G − 1) / G) Σ_{i in g} (x_i − x̄) / (N − N_g),        v = Σ c_g²,

which is the jackknife over groups: a group of many examples draws the mean x̄ towards itself, and would otherwise seem
to err less than it does (A. C. Cameron & D. L. Miller, "A practitioner's guide to cluster-robust inference", Journal of
Human Resources 2015).  For the n seeds of one outer fold, which has the share w of the test examples,

    c_s = w (d_s − d̄) / √(n (n − 1)).

Products of two comparisons' contributions add up to the covariance of their means, since both are judged on the same
examples and by the same seeds.  Higher powers say how far the mean is from a normal distribution: Σ c³ is its third
cumulant, and Σ c⁴ / v² − 1 / G the relative variance of the estimate v, which is 2 / (G − 1) for normal differences
and about 1 / k where only k examples differ at all.
"""

from __future__ import annotations

import numpy as np

from analysis.statistics.strata import Strata

LEAST_SHARE = 1e-9
"""A task whose labels are all in one group, to rounding, has no others to compare it with."""


def example_influence(
    examples: np.ndarray, groups: np.ndarray | None = None, weights: np.ndarray | None = None
) -> np.ndarray | None:
    """Return the contribution of every group of test examples to the error of a mean, [groups].

    Args:
        examples: differences averaged over seeds, [n] or, for a mean over tasks, [t n]; NaN = not labelled.
        groups: group number of every example; ``None``: each is its own.
        weights: of the tasks in their mean, [t], with sum 1; ``None``: all count alike.

    Returns:
        In the order of the group numbers, 0 for groups without labels; ``None`` with fewer than two labelled examples
        or groups, which say nothing about others.
    """
    rows = np.atleast_2d(np.asarray(examples, dtype=float))
    labelled = np.isfinite(rows)
    counts = labelled.sum(axis=1, keepdims=True)
    if not counts.all():
        return None
    names = np.arange(rows.shape[1]) if groups is None else np.asarray(groups)
    _, numbers = np.unique(names, return_inverse=True)
    count = len(np.unique(numbers[labelled.any(axis=0)]))
    if count < 2:
        return None
    centred = np.where(labelled, rows - np.nansum(rows, axis=1, keepdims=True) / counts, 0.0)
    sums = np.stack([np.bincount(numbers, row) for row in centred / counts])
    others = 1 - np.stack([np.bincount(numbers, row) for row in labelled / counts])
    found = np.divide(sums, others, out=np.zeros_like(sums), where=others > LEAST_SHARE)
    mean = found.mean(axis=0) if weights is None else weights @ found
    return mean * np.sqrt((count - 1) / count)


def effective_groups(
    examples: np.ndarray, groups: np.ndarray | None = None, weights: np.ndarray | None = None
) -> float:
    """Return the number of groups of one size that say as much as these: (Σ N_g)² / Σ N_g² with N_g labels in each.

    A label counts with the weight of its task.

    Args:
        examples: differences, [n] or [t n]; NaN = not labelled.
        groups: group number of every example; ``None``: each is its own.
        weights: of the tasks, [t]; ``None``: all count alike.
    """
    labelled = np.isfinite(np.atleast_2d(np.asarray(examples, dtype=float)))
    labels = labelled.sum(axis=0) if weights is None else weights @ labelled
    if groups is not None:
        _, numbers = np.unique(np.asarray(groups), return_inverse=True)
        labels = np.bincount(numbers, labels)
    return float(labels.sum()) ** 2 / float(np.sum(labels**2)) if labels.any() else 0.0


def seed_influence(differences: np.ndarray, strata: Strata | None = None) -> np.ndarray:
    """Return the contribution of every seed to the error of the mean, [seeds]; 0 for a seed without a pair.

    Args:
        differences: one per seed, in points; NaN = no pair.
        strata: outer folds of the seeds; ``None``: all are judged on the same examples.
    """
    values = np.asarray(differences, dtype=float)
    paired = np.isfinite(values)
    fold = np.zeros(len(values), dtype=int) if strata is None else strata.fold
    found = np.zeros(len(values))
    for number in np.unique(fold[paired]):
        here = paired & (fold == number)
        n = int(here.sum())
        share = 1.0 if strata is None else float(strata.weight[here].mean())
        if n > 1:
            found[here] = share * (values[here] - values[here].mean()) / np.sqrt(n * (n - 1))
    return found


def degrees_of_freedom(influence: np.ndarray, groups: float) -> float:
    """Return the degrees of freedom of the variance that contributions add up to, from their fourth powers.

    A variance whose estimate has the relative variance r has 2 / r degrees of freedom (Satterthwaite, "An approximate
    distribution of estimates of variance components", Biometrics Bulletin 1946): fewer, the heavier the tails.

    Args:
        influence: contributions of :func:`example_influence`.
        groups: number of :func:`effective_groups`, of which the result is at most one less.
    """
    most, total = groups - 1.0, float(np.sum(influence**2))
    if not total:
        return most
    relative = float(np.sum(influence**4)) / total**2 - 1 / groups
    return max(1.0, min(most, 2 / relative)) if relative > 0 else most
