"""Numbers without a state: uniform, independent, and the same in every array."""

from __future__ import annotations

import numpy as np
import torch
from scipy import stats

from mtl_core.randomness.counter_based import Streams, halves, words

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


KEYS = torch.arange(400) * 7046029254386353131 - (1 << 60)


def test_words_keep_their_bits() -> None:
    """Integers alone make them, so that every device has these; a change of them must raise ENGINE_VERSION."""
    found = words(halves(KEYS[:2]), 4)
    assert found.tolist() == [
        [1342197760, 411689152, 2040105227, 66173405],
        [1417635719, 1300658192, -418012738, 1257908102],
    ]


def test_the_bytes_of_words_are_uniform_and_uncorrelated() -> None:
    found = words(halves(KEYS), 4096).view(torch.uint8)
    for place in range(4):
        counts = torch.bincount(found[:, place::4].flatten().long(), minlength=256)
        assert stats.chisquare(counts.numpy()).pvalue > 1e-3
    standard = (found.double() - 127.5) / np.sqrt((256**2 - 1) / 12)
    noise = 4 / standard.numel() ** 0.5
    for lag in (1, 2, 3, 4, 8, 64):
        assert abs((standard[:, lag:] * standard[:, :-lag]).mean()) < noise, lag
    assert abs((standard[1:] * standard[:-1]).mean()) < noise, "of neighbouring keys"


def test_a_word_depends_on_its_key_and_place_alone() -> None:
    every = words(halves(KEYS), 64)
    assert torch.equal(words(halves(KEYS[7:8]), 64)[0], every[7])
    assert torch.equal(words(halves(KEYS), 9), every[:, :9])
    assert len(every.unique()) == every.numel()
