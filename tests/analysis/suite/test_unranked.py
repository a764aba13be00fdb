"""Why a method is not ranked: the reason that the plan or the records of a study give."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.records.load_suite import load_suite
from analysis.records.schema import Records
from analysis.suite.unranked import why_missing
from tests.analysis.suite.conftest import FIRST, LACKING, SECOND, SuiteOf, by_method, ranking_of, write_suite


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda plan, level: plan["skipped"].append(level | {"reason": "too odd"}), "impossible there (too odd)"),
        (lambda plan, level: plan["arms"].append(level), "not confirmed: the search left it out"),
    ],
)
def test_the_reason_comes_from_the_plan(change: Any, reason: str, tmp_path: Path) -> None:
    out = write_suite(tmp_path / "out", {"first": FIRST, "lacking": LACKING})
    lines = (out / "lacking" / "ledger.jsonl").read_text().splitlines()
    plan = json.loads(lines[0])
    change(plan, {"arm": "a label", "sharing": "concat", "depth": 1, "stages": 1})
    (out / "lacking" / "ledger.jsonl").write_text("\n".join([json.dumps(plan), *lines[1:]]) + "\n")
    row = by_method(ranking_of(load_suite(out)))["concat"]
    assert row["reason"] == f"lacking: {reason}"


def test_failures_are_a_reason(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": FIRST, "second": SECOND})
    records = suite.begun["second"]
    lost = (records.replicas["sharing"] == "concat") & (records.replicas["phase"] == "confirm")
    rows = records.replicas.assign(
        status=records.replicas["status"].where(~lost, "diverged"),
        reason=records.replicas["reason"].where(~lost, "the loss became infinite"),
    )
    scores = records.scores[~records.scores["replica"].isin(rows.loc[lost, "replica"])]
    broken = replace(records, replicas=rows, scores=scores)
    found = ranking_of(replace(suite, studies={**suite.studies, "second": broken}))
    reason = by_method(found)["concat"]["reason"]
    assert reason == "second: its replicas failed (the loss became infinite)"


MMOE = {"sharing": "mmoe", "depth": np.nan, "stages": 2}


def study(arms: list[dict[str, Any]], replicas: list[dict[str, Any]], **plan: Any) -> Records:
    """Records with a plan of ``arms``, and training rows of the confirm phase unless they say otherwise."""
    facts = {"phase": "confirm", "status": "finished", "reason": "", "sharing": "", "depth": np.nan, "stages": 2}
    ledger = [{"event": "planned", "arms": arms, **plan}]
    return Records(
        replicas=pd.DataFrame([facts | row for row in replicas], columns=list(facts)), scores=pd.DataFrame(),
        tasks=pd.DataFrame(), spec={}, manifest={}, ledger=ledger, test_groups=None, path=Path("run"),
    )  # fmt: skip


PLANNED = [{"sharing": "hard", "depth": 1, "stages": 2}, MMOE | {"depth": None}]


def test_a_plan_speaks_before_the_records_do() -> None:
    skipped = MMOE | {"depth": None, "reason": "needs two stages"}
    assert why_missing(study(PLANNED, [MMOE], skipped=[skipped]), MMOE) == "impossible there (needs two stages)"
    assert why_missing(study([], [], skipped=[MMOE]), MMOE) == "impossible there (no reason given)"
    assert why_missing(study(PLANNED[:1], [MMOE]), MMOE) == "not among the levels of that study"
    without = replace(study([], []), ledger=[])
    assert why_missing(without, MMOE) == "not among the levels of that study"


@pytest.mark.parametrize("other", [{"depth": 1.0}, {"stages": 3}, {"sharing": "hard"}, {"phase": "search"}])
def test_arms_of_another_level_or_phase_do_not_stand_for_the_method(other: dict[str, Any]) -> None:
    rows = [MMOE | other]
    assert why_missing(study(PLANNED, rows), MMOE) == "not confirmed: the search left it out"


def test_failures_are_the_reason_only_if_nothing_else_is_left() -> None:
    lost = MMOE | {"status": "failed", "reason": "out of memory"}
    rows = [lost, lost, lost | {"status": "diverged", "reason": "the loss became infinite"}]
    assert why_missing(study(PLANNED, rows), MMOE) == "its replicas failed (out of memory)"  # the most frequent reason
    assert why_missing(study(PLANNED, [lost | {"reason": ""}]), MMOE) == "its replicas failed (no reason given)"
    said = why_missing(study(PLANNED, [*rows, MMOE]), MMOE)
    assert said == "not comparable there: of another size, or without a pair on the same seed"
