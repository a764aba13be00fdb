"""Verdict words: read off an interval and the band, attributed to sharing or not, with what would decide the rest."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.intervals import Gain, paired_gain
from analysis.statistics.outcomes import LOOP
from analysis.statistics.paired_gains import MEAN, TASK
from analysis.statistics.verdicts import (
    CHOSEN,
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    TIE,
    TRAINED_TOGETHER,
    TUNED_ALONE,
    UNDECIDED,
    attributed,
    judge,
    more_seeds,
    remedy,
    verdict,
    verdicts,
    with_word,
)

RNG = np.random.default_rng


def gain(mean: float, half: float, **facts: float) -> Gain:
    values = {"n": 10, "seed_sd": 1.0, "test_error": 0.0, "degrees": 9.0, "half_width": half, "half_seed_only": half}
    return Gain(mean=mean, half_simultaneous=half, **(values | facts))


@pytest.mark.parametrize(
    ("mean", "half", "word"),
    [
        (3.0, 1.9, HELPED),
        (3.0, 2.1, UNDECIDED),
        (-3.0, 1.9, HURT),
        (-3.0, 2.1, UNDECIDED),
        (0.0, 0.9, TIE),
        (0.5, 0.4, TIE),
        (0.0, 1.1, UNDECIDED),
        (1.0, 0.5, UNDECIDED),
        (0.9, 0.2, UNDECIDED),
        (0.5, 0.0, TIE),
        (math.nan, math.nan, UNDECIDED),
    ],
)
def test_verdicts_are_read_off_the_interval_and_the_band(mean: float, half: float, word: str) -> None:
    assert verdict(gain(mean, half), 1.0) == word


def test_the_simultaneous_interval_decides_not_the_plain_one() -> None:
    found = Gain(3.0, 10, 1.0, 0.0, 9.0, half_width=1.0, half_simultaneous=2.5, half_seed_only=1.0)
    assert verdict(found, 1.0) == UNDECIDED


@pytest.mark.parametrize(
    ("each", "loop", "word"),
    [
        (HURT, HURT, HURT_BY_SHARING),
        (HURT, TIE, TUNED_ALONE),
        (HURT, UNDECIDED, TUNED_ALONE),
        (HURT, HELPED, TUNED_ALONE),
        (HURT, None, HURT),
        (HELPED, HELPED, HELPED_BY_SHARING),
        (HELPED, TIE, TRAINED_TOGETHER),
        (HELPED, UNDECIDED, TRAINED_TOGETHER),
        (HELPED, HURT, TRAINED_TOGETHER),
        (HELPED, None, HELPED),
        (TIE, HURT, TIE),
        (UNDECIDED, HURT, UNDECIDED),
    ],
)
def test_sharing_is_blamed_or_thanked_only_if_the_loop_is_not(each: str, loop: str | None, word: str) -> None:
    assert attributed(each, loop) == word


def test_the_seeds_asked_for_would_decide() -> None:
    differences = RNG(12).normal(2.0, 2.0, 10)
    found = paired_gain(differences, 0.01, 500, family=3)
    assert verdict(found, 1.0) == UNDECIDED
    total = found.n + more_seeds(found, 1.0)
    quantile = found.half_simultaneous / found.error
    distance = abs(found.mean) - 1.0
    assert quantile * np.sqrt(found.seed_sd**2 / total + 0.01) <= distance
    assert quantile * np.sqrt(found.seed_sd**2 / (total - 1) + 0.01) > distance


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (paired_gain(np.arange(3.0)), "at least 2 more seeds"),
        (paired_gain(np.arange(4.0)), "at least 1 more seed"),
        (paired_gain(np.array([])), "test labels"),
        (paired_gain(RNG(0).normal(2, 1, 10), 4.0, 99), "more test data"),
        (gain(1.0, 1.0), "more than 1,000 more seeds"),
    ],
)
def test_the_remedy_names_what_is_short(found: Gain, words: str) -> None:
    assert remedy(found, 1.0) == words


@pytest.mark.parametrize(
    ("mean", "half", "word"),
    [
        (1.5, 0.5, UNDECIDED),  # the interval touches the band's edge from outside
        (-1.5, 0.5, UNDECIDED),
        (0.5, 0.5, TIE),  # and from inside
        (-0.5, 0.5, TIE),
        (0.0, 1.0, TIE),
        (2.0, math.inf, UNDECIDED),
    ],
)
def test_the_edge_belongs_to_the_band(mean: float, half: float, word: str) -> None:
    assert verdict(gain(mean, half), 1.0) == word


def test_without_a_band_only_an_exact_zero_is_a_tie() -> None:
    assert verdict(gain(0.0, 0.0), 0.0) == TIE
    assert verdict(gain(0.1, 0.0), 0.0) == HELPED
    assert verdict(gain(-0.1, 0.05), 0.0) == HURT


def judged(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Rows of one chosen arm: baseline, task (empty: the mean over tasks), word, and way of sharing."""
    names = list(dict.fromkeys(task for _, task, _, _ in rows))
    return pd.DataFrame(
        {
            "arm": "an arm", "role": CHOSEN, "baseline": baseline, "scope": TASK if task else MEAN, "task": task,
            "order": -names.index(task), "word": word, "sharing": sharing, "remedy": "seeds", "more_seeds": 3.0,
        }
        for baseline, task, word, sharing in rows
    )  # fmt: skip


def test_words_stand_against_each_alone_and_ask_the_loop_of_the_same_task() -> None:
    rows = judge(
        judged(
            ("each", "a", HURT, "hard"),
            ("each", "b", HURT, "hard"),
            ("each", "c", HURT, "hard"),
            ("each", "", HURT, "hard"),
            ("loop", "a", HURT, "hard"),
            ("loop", "b", TIE, "hard"),
        )
    )
    assert list(rows["word"]) == [HURT_BY_SHARING, TUNED_ALONE, HURT, HURT, "", ""]
    alone = judge(judged(("each", "a", HURT, LOOP), ("each", "b", HELPED, LOOP)))
    assert list(alone["word"]) == [TUNED_ALONE, TRAINED_TOGETHER]


def test_only_opposite_words_on_the_same_task_contradict() -> None:
    rows = judge(
        judged(
            ("each", "a", HELPED, "hard"),
            ("each", "b", HELPED, "hard"),
            ("each", "c", UNDECIDED, "hard"),
            ("best", "a", HURT, "hard"),
            ("best", "b", TIE, "hard"),
            ("best", "c", HURT, "hard"),
        )
    )
    assert list(rows["contradicts"]) == [False, False, False, True, False, False]


def test_a_remedy_stays_where_a_task_is_undecided_and_nowhere_else() -> None:
    rows = judge(judged(("each", "a", UNDECIDED, "hard"), ("each", "b", TIE, "hard"), ("best", "a", UNDECIDED, "hard")))
    assert list(rows["remedy"]) == ["seeds", "", ""]
    assert rows["more_seeds"].to_numpy() == pytest.approx([3.0, math.nan, math.nan], nan_ok=True)


def test_the_rows_of_a_word_come_in_the_order_of_the_task_set() -> None:
    rows = judge(
        judged(
            ("each", "a", TIE, "hard"),
            ("each", "b", HELPED, "hard"),
            ("each", "c", TIE, "hard"),
            ("each", "", TIE, "hard"),
            ("best", "a", TIE, "hard"),
        )
    )
    assert list(verdicts(rows, CHOSEN)["task"]) == ["a", "b", "c"]
    assert list(with_word(verdicts(rows, CHOSEN), TIE)["task"]) == ["c", "a"]
    assert verdicts(rows, "reference").empty


def test_a_gain_without_noise_on_the_edge_asks_for_no_seeds() -> None:
    assert more_seeds(gain(1.0, 0.0, seed_sd=0.0), 1.0) == math.inf
    assert more_seeds(gain(1.5, 1.0, test_error=0.6), 1.0) == math.inf  # the test examples alone leave it open
