"""The number of judged examples of rarer classes, which no metric but accuracy tells by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.questions import transfer
from analysis.recommendation.recommend import recommend
from analysis.statistics.evidence import SAME_PREDICTIONS, TOO_FEW_POSITIVES, rarer_examples, uncounted_tasks
from analysis.statistics.rarer_examples import with_rarer_examples
from analysis.statistics.verdicts import REFERENCE, UNDECIDED, verdicts
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

SHARP = {"loss_noise": 2.0, "test_noise": 2.0, "seed_noise": 0.4, "num_rarer": 9}
TRUTH = Truth(effects={"size": 0.0, "kind": 9.0}, chosen="hard d1 w16 l3 equal adamw", **SHARP)


def test_they_are_counted_over_all_outer_folds(records_of: StudyOf) -> None:
    records = records_of(TRUTH)
    assert rarer_examples(records) == {"kind": 9.0}
    folded = replace(records, ledger=[{"event": "planned", "folds": 3}])
    assert rarer_examples(folded) == {"kind": 27.0}
    assert rarer_examples(replace(records, scores=records.scores.drop(columns="num_rarer"))) == {}


def test_a_task_with_too_few_of_them_decides_no_mean_and_no_risk(records_of: StudyOf) -> None:
    """Its gain, of 9 points here, may be anything where next to nothing is judged."""
    records = records_of(TRUTH)
    records = replace(
        records, scores=records.scores.assign(metric=records.scores["metric"].replace("accuracy", "auroc"))
    )
    rows = transfer.table(transfer.score(records))
    mean = rows[(rows["role"] == REFERENCE) & (rows["baseline"] == "each") & (rows["scope"] == "mean")].iloc[0]
    size = verdicts(rows, REFERENCE).set_index("task").loc["size"]
    assert mean["gain"] == pytest.approx(size["gain"])
    assert mean["most_lost_by"] == "size"
    card = recommend(records)
    assert "ean gain over 1 of 2 tasks" in card.statement
    reference = next(option for option in card.options if option.kind == "reference")
    assert abs(reference.risks.worst - size["gain"]) < 1


def test_where_all_tasks_have_too_few_all_of_them_count(records_of: StudyOf) -> None:
    records = records_of(replace(TRUTH, effects={"kind": 9.0, "class": 5.0}))
    scores = records.scores.assign(num_rarer=9)
    assert uncounted_tasks(replace(records, scores=scores)) == frozenset()
    assert uncounted_tasks(records_of(TRUTH)) == {"kind"}


def test_a_metric_that_does_not_tell_gets_the_number_and_few_of_them_no_word(records_of: StudyOf) -> None:
    records = records_of(TRUTH)
    judged = records.scores["metric"].replace("accuracy", "auroc")
    rows = verdicts(
        transfer.table(transfer.score(replace(records, scores=records.scores.assign(metric=judged)))), REFERENCE
    )
    rows = rows.set_index("task")
    assert (rows.loc["kind", "word"], rows.loc["kind", "shortage"]) == (UNDECIDED, TOO_FEW_POSITIVES)
    assert rows.loc["size", "shortage"] == ""


@pytest.mark.parametrize(
    ("metric", "right", "expected"),
    [
        ("auroc", "base", [9.0, 5.0, np.nan]),
        ("f1", "base", [9.0, 5.0, 9.0]),  # classes that are the same say nothing about the networks
        ("f1", "arm", [np.nan, 5.0, np.nan]),  # the same networks
    ],
)
def test_numbers_that_are_known_are_kept_and_those_of_nothing_to_judge_stay_unknown(
    metric: str, right: str, expected: list[float]
) -> None:
    gains = pd.DataFrame(
        {
            "scope": ["task", "task", "task", "mean"],
            "task": ["a", "a", "a", ""],
            "gain": 1.0,
            "test_variance": [1.0, 1.0, 0.0, 1.0],
            "rarer": [np.nan, 5.0, np.nan, np.nan],
        }
    )
    scored = pd.DataFrame({"task": "a", "arm": ["arm", "base"], "replica": ["one", "two"], "metric": metric})
    found = with_rarer_examples(gains, {"a": 9.0, "b": 3.0}, scored, ("arm", right))["rarer"]
    np.testing.assert_array_equal(found, [*expected, np.nan])


def test_arms_that_predict_the_same_classes_are_undecided_by_f1_too(records_of: StudyOf) -> None:
    records = records_of(replace(TRUTH, num_rarer=60))
    kind = records.scores["task"] == "kind"
    same = [np.full(240, 0.8) if own else row for own, row in zip(kind, records.scores["example_scores"], strict=True)]
    scores = records.scores.assign(
        metric=records.scores["metric"].replace("accuracy", "f1"),
        example_scores=same,
        test_skill=records.scores["test_skill"].where(~kind, 0.6),
    )
    rows = verdicts(transfer.table(transfer.score(replace(records, scores=scores))), REFERENCE).set_index("task")
    assert (rows.loc["kind", "word"], rows.loc["kind", "shortage"]) == (UNDECIDED, SAME_PREDICTIONS)
