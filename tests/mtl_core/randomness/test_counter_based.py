"""Numbers without a state: uniform, independent, and the same in every array."""

from __future__ import annotations

import numpy as np
import torch
from scipy import stats

from mtl_core.randomness.counter_based import Streams

NAMES = ("price", "sold", "grade")


def at(seeds: range, step: int) -> Streams:
    return Streams(seeds, "weighting").at([step] * len(seeds))


def test_numbers_are_uniform_normal_and_uncorrelated() -> None:
    seeds = range(3000)
    uniform, normal = at(seeds, 5).uniform(NAMES), at(seeds, 5).normal(NAMES)
    assert stats.kstest(uniform.flatten().numpy(), "uniform").pvalue > 1e-3
    assert stats.kstest(normal.flatten().numpy(), "norm").pvalue > 1e-3
    later = at(seeds, 6).uniform(NAMES)
    table = np.corrcoef(torch.cat([uniform, later], dim=1).T.numpy())
    assert np.abs(table - np.eye(6)).max() < 0.08


def test_elements_are_uniform_and_differ() -> None:
    found = at(range(2), 1).elements("signs", 50_000)
    assert stats.kstest(found[0].numpy(), "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(found.numpy())[0, 1]) < 0.02
    assert ((found > 0) & (found < 1)).all()
    assert torch.equal(at(range(1, 2), 1).elements("signs", 50_000)[0], found[1]), "whoever its neighbours are"


def test_a_number_depends_on_row_name_step_and_draw_alone() -> None:
    both = Streams((3, 9), "weighting").at([4, 7])
    first, second = both.uniform(NAMES), both.uniform(NAMES)
    assert not (first == second).any()
    alone = Streams((9,), "weighting").at([7])
    assert torch.equal(alone.uniform(NAMES)[0], first[1])
    assert torch.equal(alone.uniform(NAMES[::-1])[0], second[1].flip(0))
    assert torch.equal(both.at([4, 7]).uniform(NAMES), first)
    assert not (Streams((3, 9), "gates").at([4, 7]).uniform(NAMES) == first).any()
