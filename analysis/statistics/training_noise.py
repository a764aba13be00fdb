"""What the training of networks does to the variance that test examples seem to give a mean.

*Seeds' luck.*  The jackknife over examples takes differences averaged over a few seeds.  What is left of seeds' luck
in them is counted again in the variance over seeds, so it is taken out here: for n seeds, the variance between them
over n.

*Common networks.*  With outer folds every example is judged by networks that the other folds' examples have trained.
To first order a fold's networks are fixed and its examples err independently.  To second order networks follow the
noise of single training examples, the same two examples meet twice, once in each role, and the second meeting repeats
what the first one adds: that part of the variance counts twice, and the jackknife sees it once.  It is the variance
of what a network says of an example over training sets of new examples.  Seeds show a share of it: each trains on
its own random share f of one pool, and the variance between such seeds is that between new training sets times 1 − f,
while f times it is common to all of them.  So at most f / (1 − f) times the variance between seeds is missing; at most,
because it contains luck of initialisation as well.

Source: both terms are this project's own, and tried in ``python -m tests.truth.calibration``.  That the first order is
exact for networks that hardly change with one training example: P. Bayle, A. Bayle, L. Janson & L. Mackey,
"Cross-validation confidence intervals for test error", NeurIPS 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TRAINING_SHARE = 0.8
"""Share of the pool on which each seed trains; the rest validates."""
MOST_REPEATED = 0.5
"""Largest part of the examples' variance that is taken to be repeated; simulated studies need no more."""
LEAST_LEFT = 0.05
"""Smallest part of the jackknife's variance that is left to the examples, since luck is only estimated."""


@dataclass(frozen=True)
class TrainingNoise:
    """Variances of a mean over all folds' examples, in squared points.

    Args:
        luck: part of the seeds' luck in the jackknife over examples.
        repeated: what the folds' common networks may add; 0 without outer folds.
    """

    luck: float
    repeated: float

    def corrected(self, jackknife: float) -> float:
        """Return the variance that the test examples have in the end, from that of the jackknife over them."""
        own = max(jackknife - self.luck, LEAST_LEFT * jackknife)
        return own + min(self.repeated, MOST_REPEATED * own)


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


def training_noise(deviating: np.ndarray, fold: np.ndarray, groups: np.ndarray | None = None) -> TrainingNoise:
    """Return both variances of a mean.

    Args:
        deviating: what :func:`deviations` returns, [seeds n]; for a mean over tasks the mean of theirs.
        fold: outer fold of every seed; a fold with one seed is taken to be like the others.
        groups: group number of every example; ``None``: each is its own.
    """
    _, number, count = np.unique(fold, return_inverse=True, return_counts=True)
    several = count > 1
    if not several.any():
        return TrainingNoise(0.0, 0.0)
    if groups is not None:
        _, member = np.unique(groups, return_inverse=True)
        deviating = np.stack([np.bincount(member, row) for row in deviating])
    between = np.bincount(number, np.sum(deviating**2, axis=1))[several] / (count[several] - 1)
    scale = len(count) / int(several.sum())
    repeated = TRAINING_SHARE / (1 - TRAINING_SHARE) * scale * float(between.sum()) if len(count) > 1 else 0.0
    return TrainingNoise(scale * float(np.sum(between / count[several])), repeated)
