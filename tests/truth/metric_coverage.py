"""What the intervals of gains cover where the metric is no mean over examples.

``python -m tests.truth.metric_coverage 2000`` prints the table of FINDINGS, with 2,000 simulated studies a line.  Two
arms of ten seeds judge the same test examples; what they know of an example has a part in common, a part of the arm and
a part of the seed.  The networks do not depend on the test examples, so the true gain follows from the normal
distribution.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import torch
from scipy.special import ndtr
from scipy.stats import norm

from analysis.statistics.evidence import MIN_POSITIVES
from analysis.statistics.example_differences import ExampleDifferences, test_part
from analysis.statistics.intervals import Gain
from analysis.statistics.paired_gains import gain_of
from mtl_core.data.metrics import metric_named
from mtl_core.data.task import Task

SEEDS = np.arange(10)
ROWS, SHARES = (60, 300, 3000), (0.04, 0.4)
METRICS = ("auroc", "average_precision", "f1", "quadratic_kappa")
QUALITIES = (0.85, 0.80)
"""Correlation of the arm's, and of the baseline's, scores with what decides the label; of kappa twice its distance."""
COMMON, OF_ARM = 0.6, 0.25
"""Shares of the scores' noise that all networks have in common, and those of an arm; the rest is the seed's."""
BETWEEN_SEEDS = 0.02
"""Deviation of the quality between seeds."""
SCORES, MIDDLES = np.linspace(-6, 6, 801), (np.arange(400) + 0.5) / 400
"""Steps of the integrals over scores, and over what decides the label within a class."""


@dataclass(frozen=True)
class Case:
    """A metric, the number of test rows, and the share of positives, or of the rarest of four ordered classes."""

    metric: str
    rows: int
    share: float

    @property
    def task(self) -> Task:
        """The task that is judged."""
        return Task("y", "multiclass", self.metric, 4) if self.ordered else Task("y", "binary", self.metric, 2)

    @property
    def ordered(self) -> bool:
        """Whether there are four ordered classes."""
        return self.metric == "quadratic_kappa"

    @property
    def edges(self) -> np.ndarray:
        """Where the classes part on the scale of what decides the label."""
        if not self.ordered:
            return norm.ppf([1 - self.share])
        others = (1 - self.share) / 3
        return norm.ppf([others, 2 * others, 3 * others])


@dataclass(frozen=True)
class Coverage:
    """What the intervals of many studies covered.

    Args:
        covered: share of the 95% intervals that hold the true gain.
        judged: the same of the studies with enough positives for a verdict word; NaN without any.
        enough: share of these studies.
        undefined: share of the studies whose metric is undefined, because a class is not there.
        half_width: median, in points.
    """

    covered: float
    judged: float
    enough: float
    undefined: float
    half_width: float


def coverage(case: Case, studies: int) -> Coverage:
    """Return what the intervals of ``studies`` studies of one case covered."""
    rng, truth = np.random.default_rng(31), true_gain(case)
    found, enough, halves = [], [], []
    for _ in range(studies):
        labels, skills = _study(case, rng)
        if not np.isfinite(skills).all():
            continue
        counts = np.bincount(labels.astype(int), minlength=2)
        gain = _gain(ExampleDifferences(SEEDS, 100 * (skills[0] - skills[1])))
        found.append(gain.ends[0] <= truth <= gain.ends[1])
        enough.append(counts.sum() - counts.max() >= MIN_POSITIVES)
        halves.append(gain.half_width)
    judged = np.array(found)[np.array(enough)]
    return Coverage(
        float(np.mean(found)),
        float(judged.mean()) if len(judged) else np.nan,
        float(np.mean(enough)),
        1 - len(found) / studies,
        float(np.median(halves)),
    )


def _gain(examples: ExampleDifferences) -> Gain:
    facts = {name: [value] * len(SEEDS) for name, value in test_part([examples], 1, None).items()}
    return gain_of(pd.DataFrame({"seed": SEEDS, "gain": examples.values.mean(axis=1), **facts}))


def _study(case: Case, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The labels, and the skill of every test example as records would give it, [arms seeds rows]."""
    decides, common = rng.normal(size=case.rows), rng.normal(size=case.rows)
    labels = np.searchsorted(case.edges, decides).astype(float)
    trivial = _trivial(case, np.bincount(labels.astype(int), minlength=4) / case.rows)
    shape = (len(QUALITIES), len(SEEDS), case.rows)
    noise = np.sqrt(COMMON) * common + np.sqrt(OF_ARM) * rng.normal(size=(shape[0], 1, case.rows))
    noise = noise + np.sqrt(1 - COMMON - OF_ARM) * rng.normal(size=shape)
    own = _quality(np.array(QUALITIES)[:, None, None], rng.normal(size=(*shape[:2], 1)))
    shown = _shown(case, own * decides + np.sqrt(1 - own**2) * noise)
    kept = torch.from_numpy(np.stack([shown, np.broadcast_to(labels, shape)], axis=2))
    metric, task = metric_named(case.metric), case.task
    values = metric.value(task, kept, torch.ones(shape, dtype=torch.bool)).numpy()
    if not np.isfinite(values).all():
        return labels, np.full(shape, np.nan)
    influence = np.stack([metric.influence(task, one).numpy() for one in kept.flatten(0, 1)]).reshape(shape)
    return labels, (values[..., None] + influence - trivial) / (1 - trivial)


def _quality(quality: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    return np.clip(quality + BETWEEN_SEEDS * deviation, -0.999, 0.999)


def _shown(case: Case, scores: np.ndarray) -> np.ndarray:
    """What the metric keeps of scores: their order, or the class that they fall in."""
    return (
        scores if case.metric in ("auroc", "average_precision") else np.searchsorted(_cuts(case), scores).astype(float)
    )


def _cuts(case: Case) -> np.ndarray:
    """Where networks part the classes: drawn to the middle, since their scores know little of the ends."""
    return case.edges * 0.9


def _trivial(case: Case, shares: np.ndarray) -> float:
    """The metric of the best constant prediction."""
    positive = shares[1]
    return {"auroc": 0.5, "average_precision": positive, "f1": 2 * positive / (1 + positive)}.get(case.metric, 0.0)


@cache
def true_gain(case: Case) -> float:
    """Return the gain over new test examples and seeds, in points, by integration over what decides the label."""
    shares = np.diff(np.concatenate([[0.0], norm.cdf(case.edges), [1.0]]))
    trivial = _trivial(case, np.append(shares, [0.0, 0.0]))
    nodes, weights = np.polynomial.hermite_e.hermegauss(7)
    arm, base = (
        sum(
            weight * _true_metric(case, own)
            for own, weight in zip(_quality(np.array(quality), nodes).tolist(), weights / weights.sum(), strict=True)
        )
        for quality in QUALITIES
    )
    return 100 * (arm - base) / (1 - trivial)


def _true_metric(case: Case, quality: float) -> float:
    noise, sides = np.sqrt(1 - quality**2), np.concatenate([[0.0], ndtr(case.edges), [1.0]])
    shares = np.diff(sides)
    decides = norm.ppf(sides[:-1, None] + shares[:, None] * MIDDLES)  # of every class, equally likely values
    if case.metric in ("auroc", "average_precision"):
        negative, positive = ndtr((quality * decides[:, None] - SCORES[:, None]) / noise).mean(
            axis=2
        )  # P(above a score)
        steps = -np.diff(positive)
        if case.metric == "auroc":
            return float(np.sum(steps * (1 - (negative[1:] + negative[:-1]) / 2)))
        precision = case.share * positive / np.maximum(case.share * positive + (1 - case.share) * negative, 1e-300)
        return float(np.sum(steps * (precision[1:] + precision[:-1]) / 2))
    below = ndtr((_cuts(case)[:, None, None] - quality * decides) / noise).mean(axis=2)
    ends = np.zeros((1, len(shares))), np.ones((1, len(shares)))
    joint = np.diff(np.concatenate([ends[0], below, ends[1]]), axis=0) * shares  # [predicted true]
    if case.metric == "f1":
        return float(2 * joint[1, 1] / (joint[1].sum() + joint[:, 1].sum()))
    distance = (np.arange(len(shares))[:, None] - np.arange(len(shares))) ** 2
    return float(1 - (distance * joint).sum() / (distance * np.outer(joint.sum(axis=1), joint.sum(axis=0))).sum())


def cases() -> Iterator[Case]:
    """Return the cases of the table."""
    yield from (Case(metric, rows, share) for metric in METRICS for share in SHARES for rows in ROWS)


def main(studies: int, metrics: list[str]) -> None:
    """Print one line per case."""
    for case in cases():
        if not metrics or case.metric in metrics:
            found = coverage(case, studies)
            print(
                f"{case.metric:17} {case.rows:4} rows {case.share:4.0%}: covered {found.covered:.3f}, with enough "
                f"positives for a word {found.judged:.3f} ({found.enough:.0%} of studies), undefined "
                f"{found.undefined:.3f}; true gain {true_gain(case):.2f}, median ± {found.half_width:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
