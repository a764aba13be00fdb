"""What cross-fitting adds to the error of a mean, because the folds train each other's networks.

Every example is judged by networks that the other folds' examples have trained.  To first order a fold's networks are
fixed and its examples err independently, and the jackknife over examples knows how much.  To second order the
networks follow the noise of single training examples, the same pairs of examples meet twice, once in each role, and
what one meeting adds the other repeats: that part of the variance counts twice, and the jackknife sees it once.

The missing part is the variance, over training sets of new examples, of what a network says of an example.  Seeds show
a share of it.  Each trains on its own random share f of one pool; the variance between such seeds is that between
training sets of new examples times 1 − f, and f times it is common to all seeds.  So f / (1 − f) times the
variance between seeds is missing.  Luck of initialisation is contained in it, which errs to the wide side; the part is
never more than the jackknife's, since no variance can count more than twice.

Source: the term is this project's own.  That the first order is exact for networks that hardly change with one
training example: P. Bayle, A. Bayle, L. Janson & L. Mackey, "Cross-validation confidence intervals for test error",
NeurIPS 2020.
"""

from __future__ import annotations

import numpy as np

TRAINING_SHARE = 0.8
"""Share of the pool on which each seed trains; the rest validates."""


def deviations(differences: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return what every seed and example adds to a mean beyond the mean of the example's seeds, [seeds n].

    Args:
        differences: of every seed and test example, [seeds n]; NaN where a seed does not judge, or without a label.
        fold: outer fold of every seed.
    """
    found = np.zeros(differences.shape)
    for number in np.unique(fold):
        here = fold == number
        centred = differences[here] - differences[here].mean(axis=0)
        found[here] = np.where(np.isfinite(centred), centred, 0.0)
    return found / max(1, int(np.isfinite(differences).any(axis=0).sum()))


def training_noise(deviating: np.ndarray, fold: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Return the variance of a mean over all folds' examples that the folds' common networks add.

    Args:
        deviating: what :func:`deviations` returns, [seeds n]; for a mean over tasks the mean of theirs.
        fold: outer fold of every seed; a fold with one seed is taken to be like the others.
        groups: group number of every example; ``None``: each is its own.
    """
    _, number, count = np.unique(fold, return_inverse=True, return_counts=True)
    several = count > 1
    if len(count) < 2 or not several.any():
        return 0.0
    if groups is not None:
        _, member = np.unique(groups, return_inverse=True)
        deviating = np.stack([np.bincount(member, row) for row in deviating])
    squares = np.bincount(number, np.sum(deviating**2, axis=1))[several] / (count[several] - 1)
    between = float(squares.sum()) * len(count) / int(several.sum())
    return TRAINING_SHARE / (1 - TRAINING_SHARE) * between
