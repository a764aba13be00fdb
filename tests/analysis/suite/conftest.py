"""Synthetic suites with known answers, each written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from analysis.records.load_suite import SuiteRecords, load_suite
from analysis.suite.contests import CONTESTS, Contest
from analysis.suite.ranking import Ranking, rank
from tests.analysis.synthetic import Truth, write_study

SuiteOf = Callable[[Mapping[str, Truth | None]], SuiteRecords]
SHARING, WEIGHTING = CONTESTS
SEEDS = {"search": 1, "confirm": 8, "verdict": 5}
SMALL: dict[str, Any] = {
    "effects": {"left": 1.0, "right": 1.0}, "widths": (16,), "stages": 1, "draws": 1, "epochs": 8, "num_test": 120,
    "seeds": SEEDS, "seed_noise": 0.5, "test_noise": 2.0,
}  # fmt: skip
FIRST = Truth(**SMALL, further={"mmoe": 6.0, "cross_stitch": 5.6, "concat": -9.0}, seed=1)
SECOND = Truth(**SMALL, further={"mmoe": 4.0, "cross_stitch": 4.4, "concat": -3.0}, seed=2)
LACKING = Truth(**SMALL, further={"mmoe": 4.0, "cross_stitch": 4.4}, seed=3)
WEIGHED = Truth(**SMALL, weightings=("equal", "nash", "fixed"), seed=4)


def write_suite(path: Path, truths: Mapping[str, Truth | None]) -> Path:
    """Write the directory of a suite; a study without a truth has not begun."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "suite.yaml").write_text(
        yaml.safe_dump({"name": "synthetic", "suite": {study: {} for study in truths}}, sort_keys=False)
    )
    for name, truth in truths.items():
        if truth is not None:
            write_study(path / name, truth)
    return path


def by_method(ranking: Ranking) -> dict[Any, Any]:
    """The rows of the ranking, by method."""
    return ranking.means.set_index("method").to_dict("index")


def ranking_of(suite: SuiteRecords, contest: Contest = SHARING) -> Ranking:
    """The ranking of a suite that has one."""
    found = rank(suite, contest)
    assert found is not None
    return found


def by_hand(*rows: tuple[str, float, bool], reasons: Mapping[str, str] | None = None, **changes: Any) -> Ranking:
    """A ranking of two sets with the given numbers: each row a method, its gain in both sets, and ``separable``."""
    facts = {"n_sets": 2, "degrees": 14.0, "half_width": 1.0, "behind_half": 0.8, "reason": ""}
    means = pd.DataFrame(
        {
            "method": name, "rank": place, "mean_rank": place, "gain": gain, "low": gain - 1, "high": gain + 1,
            "behind": gain - rows[0][1], "separable": separable, **facts,
        }
        for place, (name, gain, separable) in enumerate(rows, start=1)
    )  # fmt: skip
    means.loc[0, "behind_half"] = float("nan")
    lost = pd.DataFrame([{"method": name, "reason": why, "separable": False} for name, why in (reasons or {}).items()])
    cells = means[["method", "gain", "low", "high", "half_width", "rank", "reason"]].assign(n=8)
    both = pd.concat([cells.assign(task_set=name) for name in ("first", "second")], ignore_index=True)
    content = {
        "contest": SHARING, "sets": ["first", "second"], "left_out": {}, "means": pd.concat([means, lost]),
        "cells": both, "band": 1.0, "capacities": [16], "matched": False, "reference": "",
    }  # fmt: skip
    return Ranking(**content | changes)


@pytest.fixture(scope="session")
def suite_of(tmp_path_factory: pytest.TempPathFactory) -> SuiteOf:
    """The records of a suite with the given truths."""
    known: dict[str, Path] = {}

    def load(truths: Mapping[str, Truth | None]) -> SuiteRecords:
        key = repr(sorted(truths.items(), key=lambda pair: pair[0]))
        if key not in known:
            known[key] = write_suite(tmp_path_factory.mktemp("suite") / "out", truths)
        return load_suite(known[key])

    return load


@pytest.fixture(scope="session")
def two(suite_of: SuiteOf) -> Ranking:
    """The ranking of ways to share over two studies."""
    return ranking_of(suite_of({"first": FIRST, "second": SECOND}))
