"""Further verdict seeds: by spreads alone, in blocks, up to the limit, and as the ledger has it when resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import analysis
from mtl_core.errors import UserError
from study.driver.run import run
from study.protocol import more_seeds
from study.protocol.more_seeds import wanted_seeds
from tests.study.conftest import tiny


def rows(seed_sd: list[float], test_error: list[float], n: int = 10, gain: float = 0.0) -> pd.DataFrame:
    """Tasks of one judged arm, and their mean."""
    scope = ["task"] * len(seed_sd) + ["mean"]
    return pd.DataFrame(
        {
            "arm": "arm", "baseline": "each", "scope": scope, "n": n, "gain": gain,
            "seed_sd": [*seed_sd, float(np.mean(seed_sd))], "test_error": [*test_error, float(np.mean(test_error))],
        }
    )  # fmt: skip


@pytest.mark.parametrize(("sd", "wanted"), [(1.0, 10), (1.58, 10), (1.9, 15), (5.0, 20)])
def test_seeds_are_added_until_their_part_is_a_quarter_of_the_examples_at_most_twice_as_many(
    sd: float, wanted: int
) -> None:
    assert wanted_seeds(rows([sd] * 3, [1.0] * 3), 10) == wanted


def test_gains_play_no_part_and_tasks_without_test_noise_do_not_count() -> None:
    assert wanted_seeds(rows([1.9] * 3, [1.0] * 3, gain=50.0), 10) == wanted_seeds(rows([1.9] * 3, [1.0] * 3), 10)
    assert wanted_seeds(rows([5.0] * 3, [0.0] * 3), 10) == 10
    assert wanted_seeds(rows([1.0, 1.0, 5.0], [1.0] * 3), 10) > 10, "the mean needs them"
    assert wanted_seeds(pd.DataFrame(), 10) == 10


def events(out: Path, kind: str) -> list[dict[str, Any]]:
    lines = (out / "ledger.jsonl").read_text().splitlines()
    return [event for line in lines if (event := json.loads(line))["event"] == kind]


def test_a_study_goes_on_to_the_limit_and_a_resumed_one_does_not_decide_again(
    fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(more_seeds, "wanted_seeds", lambda rows, now: 2 * now)
    spec = tiny(verdict={"seeds": 5, "max_seeds": 12})
    out = run(spec, out=tmp_path / "run", backend="inline")
    assert [event["seeds"] for event in events(out, "extended")] == [10, 12]
    records = analysis.load(out)
    judged = records.replicas[records.replicas["phase"] == "verdict"]
    assert set(judged[judged["arm"] == records.chosen_arm]["seed"]) == set(range(2000, 2012))
    assert judged["replica"].isin(records.scores["replica"]).all()
    opened = [event for event in events(out, "test_opened") if event["phase"] == "verdict"]
    assert len(opened) == 3
    trained = len(events(out, "started"))
    run(spec, out=out, backend="inline")
    assert len(events(out, "started")) == trained
    with pytest.raises(UserError, match="the study was judged already"):  # a further look, which extend counts
        run(tiny(verdict={"seeds": 5, "max_seeds": 14}), out=out, backend="inline")
    assert [event["seeds"] for event in events(out, "extended")] == [10, 12]


def test_a_budget_leaves_the_seeds_as_they_are(fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(more_seeds, "wanted_seeds", lambda rows, now: 2 * now)
    out = run(tiny(verdict={"seeds": 5}, budget="10h"), out=tmp_path / "run", backend="inline")
    assert events(out, "extended") == []
