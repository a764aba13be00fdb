"""Scored replicas of a study, and the single-task arms that others are compared with."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.statistics.outcomes import Setting, baseline, outcomes, setting
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

SEEDS = {"search": 1, "confirm": 3, "verdict": 2}
SMALL = Truth(effects={"a": 1.0, "b": 1.0}, stages=1, widths=(16,), draws=1, epochs=4, num_test=12, seeds=SEEDS)
COMMON = Setting(["a", "b"], band=1.0, level_divisor=1, groups=None)


ARM = {
    "arm": "arm", "sharing": "hard", "stages": 2, "width": 24, "capacity": 16, "backbone": "mlp", "optimiser": "adamw",
    "train_fraction": 1.0, "weighting": "nash",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, "other"),
        ({"width": 24}, None),  # a matched arm is nobody's baseline
        ({"stages": 3}, None),
        ({"width": 32, "capacity": 32}, None),
        ({"backbone": "resnet"}, None),
        ({"optimiser": "sgd"}, None),
        ({"train_fraction": 0.5}, None),
        ({"sharing": "independent"}, None),
        ({"weighting": "nash"}, "other"),  # a single task has no weights
    ],
)
def test_a_baseline_has_the_same_stages_capacity_backbone_optimiser_and_data(change: dict, found: str | None) -> None:
    other = ARM | {"arm": "other", "sharing": "single_task", "width": 16, "weighting": "equal"} | change
    assert baseline(pd.DataFrame([ARM, other]), "arm", "single_task") == found


def test_the_loop_is_a_baseline_with_equal_weights_only() -> None:
    loop = ARM | {"sharing": "independent", "width": 16}
    arms = pd.DataFrame([ARM, loop | {"arm": "weighed"}, loop | {"arm": "loop", "weighting": "equal"}])
    assert baseline(arms, "arm", "independent") == "loop"
    assert baseline(arms[arms["arm"] != "loop"], "arm", "independent") is None


def test_outcomes_are_the_scored_replicas_of_the_fresh_seeds(records_of: StudyOf) -> None:
    records = records_of(SMALL)
    table = outcomes(records)
    assert set(table["phase"]) == {"confirm", "verdict"}
    assert len(table) == len(records.scores)
    row = table[(table["arm"] == "hard d1 w16 l1 equal adamw") & (table["task"] == "b")].iloc[0]
    own = records.replicas[(records.replicas["replica"] == row["replica"]) & (records.replicas["task"] == "b")].iloc[0]
    assert row["validation_skill"] == own["validation_skill"][own["selected_epoch"]]
    lost = replace(records, scores=records.scores[records.scores["replica"] != row["replica"]])
    assert row["replica"] not in set(outcomes(lost)["replica"])
    again = pd.concat([records.replicas, records.replicas[records.replicas["replica"] == row["replica"]]])
    with pytest.raises(pd.errors.MergeError):
        outcomes(replace(records, replicas=again))


def test_a_study_with_outer_folds_has_no_outcomes_before_it_is_scored(records_of: StudyOf) -> None:
    records = records_of(SMALL)
    ledger = [event | {"folds": 5} if event["event"] == "planned" else event for event in records.ledger]
    assert outcomes(replace(records, scores=records.scores.head(0), ledger=ledger)).empty


def test_the_setting_is_what_the_run_directory_states(records_of: StudyOf) -> None:
    records = records_of(SMALL)
    assert setting(records) == COMMON
    looked = [{"event": "looked", "level_divisor": 3}, {"event": "looked", "level_divisor": 2}]
    other = replace(records, spec={"band": 0.5}, ledger=looked, test_groups=[0, 0, 1])
    found = setting(other)
    assert (found.band, found.level_divisor) == (0.5, 3)
    assert found.groups is not None
    assert found.groups.tolist() == [0, 0, 1]
