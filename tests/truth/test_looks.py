"""Whoever adds seeds until something is found says few wrong things; without counting looks, more.

``python -m tests.truth.test_looks 2000`` prints the figures of FINDINGS.
"""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from analysis.statistics.families import judged_together
from analysis.statistics.influence import example_influence
from analysis.statistics.looks import share_of_level
from analysis.statistics.verdicts import HELPED, TIE

BAND = 1.0
BLOCKS = (10, 20, 40, 80, 160)
"""Seeds in all at each look: as many again are added while any task is undecided."""


def comparison(gains: np.ndarray, examples: np.ndarray) -> pd.DataFrame:
    """Rows of one task, in the form of :func:`analysis.statistics.paired_gains.differences`."""
    influence = example_influence(examples)
    assert influence is not None
    facts = {"test_variance": float(np.sum(influence**2)), "test_degrees": len(examples) - 1}
    frame = pd.DataFrame({"seed": range(len(gains)), "gain": gains} | facts)
    return frame.assign(test_influence=[influence] * len(gains), rarer=np.nan)


def says_something_wrong(
    rng: np.random.Generator, *, truth: float, seed_sd: float, test_sd: float, counted: bool, num_tasks: int = 4
) -> bool:
    """Whether any look of one study, which goes on until all is decided, says something false of any task.

    Args:
        rng: for seeds and examples.
        truth: gain of every task; at the band's edge, *helped* and *no practical difference* are both false.
        seed_sd, test_sd: deviations of a seed's difference, and of the mean over test examples, in points.
        counted: whether looks are counted.
        num_tasks: number of tasks, judged on the same seeds and examples with independent noise.
    """
    size = 200
    effects = truth + test_sd * np.sqrt(size) * rng.standard_normal((num_tasks, size))
    seeds = seed_sd * rng.standard_normal((num_tasks, BLOCKS[-1]))
    for look, number in enumerate(BLOCKS, start=1):
        rows = [
            comparison(own.mean() + noise[:number], own + noise[:number].mean())
            for own, noise in zip(effects, seeds, strict=True)
        ]
        judged = judged_together(rows, BAND, share_of_level(look) if counted else 1)
        if any(one.word in (HELPED, TIE) for one in judged):
            return True
    return False


@cache
def share_wrong(studies: int, **options: float | bool) -> float:
    """Share of studies with a false word at some look."""
    rng = np.random.default_rng(5)
    return float(np.mean([says_something_wrong(rng, truth=BAND, **options) for _ in range(studies)]))  # type: ignore[arg-type]


@pytest.mark.slow  # a rule that stands still; the ordinary suite simulates studies that go on in test_calibration.py
@pytest.mark.parametrize("test_sd", [0.05, 1.0], ids=["seeds are the noise", "both are"])
def test_counted_looks_keep_the_level_over_all_of_them(test_sd: float) -> None:
    studies = 150
    wrong = share_wrong(studies, seed_sd=5.0, test_sd=test_sd, counted=True)
    assert wrong * studies <= binom.ppf(0.999, studies, 0.05)


@pytest.mark.slow
def test_uncounted_looks_do_not() -> None:
    counted, not_counted = (share_wrong(150, seed_sd=5.0, test_sd=0.05, counted=one) for one in (True, False))
    assert not_counted >= counted + 0.03


if __name__ == "__main__":
    for deviation in (0.05, 1.0, 2.0):
        for is_counted in (True, False):
            found = share_wrong(int(sys.argv[1]), seed_sd=5.0, test_sd=deviation, counted=is_counted)
            said = "counted" if is_counted else "not counted"
            print(f"test deviation {deviation}, looks {said}: {found:.1%}", flush=True)
