"""The design of the evaluation: when every row judges, and what a study that was begun says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.records.phases import PHASES
from analysis.statistics.strata import fold_of
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from study.config.load import as_text, read_spec
from study.config.spec import Spec
from study.planning import evaluation
from study.planning.evaluation import settle_design, with_begun_design
from study.planning.make_plan import make_plan
from study.planning.options import build_task_set
from tests.study.conftest import small_task_set, tiny

DRAWN = replace(small_task_set(), test_is_drawn=True)


def design(spec: Spec, task_set: TaskSet = DRAWN, stored: Spec | None = None) -> str:
    settled, evaluated = settle_design(spec, task_set, stored)
    assert (evaluated.development.num_folds > 1) == (settled.evaluation.design == "cross_fit")
    return settled.evaluation.design


def test_auto_takes_outer_folds_where_test_rows_were_to_be_drawn_and_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert design(tiny()) == "cross_fit"
    assert design(tiny(), small_task_set()) == "holdout", "the test split is given"
    assert design(tiny(search={"strategy": "optuna"})) == "holdout", "arms are proposed on all rows"
    assert design(tiny(tasks={"set": "digits3", "test_share": 0.3})) == "holdout", "a test split is asked for"
    monkeypatch.setattr(evaluation, "MOST_ROWS", 59)
    assert design(tiny()) == "holdout", "enough rows to test on"


def test_auto_needs_enough_groups() -> None:
    groups = [torch.arange(40) // 4, torch.arange(20) // 4]
    development = replace(DRAWN.development, examples=replace(DRAWN.development.examples, groups=groups[0]))
    assert design(tiny(), replace(DRAWN, development=development, test=replace(DRAWN.test, groups=groups[1]))) == (
        "holdout"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"search": {"strategy": "optuna"}},
        {"search": {"strategy": "population"}},
        {"factors": {"sharing": ["branch"]}, "training": {"sharing_options": {"branch": {"tree": "affinity"}}}},
    ],
)
def test_folds_that_could_not_be_unseen_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="once on all rows"):
        settle_design(tiny(evaluation={"design": "cross_fit"}, **changes), DRAWN)


def test_a_split_in_time_keeps_its_test_rows_and_folds_are_refused_with_the_reason(tmp_path: Any) -> None:
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 4)), columns=["u", "v", "y_a", "y_b"])
    rows.assign(later=[False] * 150 + [True] * 50).to_csv(tmp_path / "days.csv", index=False)
    tasks = {"set": "table", "path": str(tmp_path / "days.csv"), "targets": ["y_*"], "test": "later"}
    task_set = build_task_set(tiny(tasks=tasks))
    assert design(tiny(tasks=tasks), task_set) == "holdout"
    assert len(task_set.test) == 50
    with pytest.raises(UserError) as refused:
        settle_design(tiny(tasks=tasks, evaluation={"design": "cross_fit"}), task_set)
    assert "is no random draw of the rows" in refused.value.found
    assert "the latest in time" in refused.value.remedy
    assert "without a test column" in refused.value.remedy


def test_a_study_that_was_begun_says_what_auto_means(tmp_path: Any) -> None:
    begun = tmp_path / "study.yaml"
    settled, _ = settle_design(tiny(), DRAWN)
    begun.write_text(as_text(settled))
    assert design(tiny(), stored=read_spec(begun)) == "cross_fit"
    assert design(tiny(), stored=tiny()) == "holdout", "its file is from before there were outer folds"
    assert tiny().digest() == tiny(evaluation={"design": "holdout"}).digest()
    assert settled.digest() != tiny().digest()


def test_seeds_are_spread_over_the_folds_with_two_for_each_that_is_judged() -> None:
    spec, task_set = settle_design(tiny(verdict={"seeds": 12}, evaluation={"folds": 5}), DRAWN)
    plan = make_plan(spec, task_set.development)
    assert plan.folds == 5
    assert {phase: len(plan.seeds(phase)) for phase in PHASES} == {"search": 5, "confirm": 10, "verdict": 15}
    for phase in PHASES:
        parts = [list(plan.of_fold(fold).seeds(phase)) for fold in range(5)]
        assert sorted(seed for part in parts for seed in part) == list(plan.seeds(phase))
        assert [{seed % 5 for seed in part} for part in parts] == [{fold} for fold in range(5)]


def test_the_records_and_the_data_mean_the_same_fold_of_a_seed() -> None:
    _, evaluated = settle_design(tiny(evaluation={"folds": 3}), DRAWN)
    pool = evaluated.development
    assert all(torch.equal(pool.is_judged(seed), pool.folds == fold_of(seed, 3)) for seed in (0, 5, 1_000, 2_001))


def test_data_are_described_for_the_design_that_the_study_will_have(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    columns = {f"x{n}": chance.normal(size=120) for n in range(3)} | {"y_a": chance.normal(size=120)}
    rows = pd.DataFrame(columns)
    rows.loc[110:, ["x0", "x1", "x2"]] = rows.loc[:9, ["x0", "x1", "x2"]].to_numpy()
    rows.to_csv(tmp_path / "a.csv", index=False)
    tasks = {"set": "table", "path": str(tmp_path / "a.csv"), "targets": ["y_a"]}
    folded, held_out = tiny(tasks=tasks), tiny(tasks=tasks, evaluation={"design": "holdout"})
    said = {
        spec: [
            remark.text
            for remark in build_task_set(with_begun_design(*given)).remarks
            if remark.kind == "repeated_rows"
        ]
        for spec, given in {
            "folded": (folded, None),
            "held out": (held_out, None),
            "begun": (folded, held_out),
        }.items()
    }
    assert said["folded"][0].startswith("20 of 120 rows repeat")
    assert "of 24 test rows repeat" in said["held out"][0]
    assert said["begun"] == said["held out"], "the study that was begun decides"
