"""Log loss beside accuracy: a sentence where it decides what accuracy leaves open, and a table of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.questions import Answer, answers, transfer
from analysis.records.schema import Records
from analysis.report.sections.log_loss import log_loss_rows, log_loss_sentences, log_loss_table
from analysis.report.study_page import compose
from analysis.statistics.evidence import SAME_PREDICTIONS
from analysis.statistics.verdicts import HELPED_BY_SHARING, UNDECIDED
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

FULL = "hard d2 w16 l2 equal adamw"
TRUTH = Truth(
    effects={"size": 0.0, "kind": 9.0}, test_noise=90.0, loss_noise=4.0, seed_noise=0.4, stages=2, widths=(16,),
    draws=1, epochs=4, chosen=FULL,
)  # fmt: skip
METRICS = {"size": "mse", "kind": "accuracy"}


def sentences(records: Records) -> dict[str, str]:
    return log_loss_sentences(log_loss_rows(records), transfer.table(transfer.score(records)), METRICS)


def test_log_loss_decides_what_accuracy_leaves_open(records_of: StudyOf) -> None:
    records = records_of(TRUTH)
    (sentence,) = sentences(records).values()
    assert sentence.startswith(
        "Judged by accuracy, kind is undecided; log loss, which sees how sure predictions are, decides: "
        "kind is helped by sharing, +"
    )
    assert sentence.endswith("] points of log-loss skill.")
    page = compose(records, [], [])
    assert [table.name for table in page.extra_tables] == ["log_loss"]
    groups = compose(records, [_answer(records)], []).groups
    assert [sentence in group.note for group in groups] == [True]


def _answer(records: Records) -> Answer:
    return next(answer for answer in answers(records) if answer.question.stem == "transfer")


def test_nothing_is_said_where_both_decide_or_neither(records_of: StudyOf) -> None:
    assert sentences(records_of(replace(TRUTH, test_noise=4.0))) == {}
    assert sentences(records_of(replace(TRUTH, loss_noise=90.0))) == {}


def test_older_runs_have_neither_sentence_nor_table(records_of: StudyOf) -> None:
    records = records_of(replace(TRUTH, loss_noise=None))
    assert sentences(records) == {}
    assert log_loss_table(log_loss_rows(records)) == []
    assert compose(records, [], []).extra_tables == []


def test_arms_that_predict_the_same_classes_are_told_apart_by_log_loss(records_of: StudyOf) -> None:
    """Every example has the same accuracy in every arm; before, that read as a tie."""
    records = records_of(TRUTH)
    kind = records.scores["task"] == "kind"
    hits = np.arange(240) % 4 > 0
    pairs = zip(kind, records.scores["example_scores"], strict=True)
    scores = records.scores.assign(
        example_scores=[hits.astype(float) if own else row for own, row in pairs],
        test_metric=records.scores["test_metric"].where(~kind, hits.mean()),
        test_skill=records.scores["test_skill"].where(~kind, 2 * hits.mean() - 1),
    )  # fmt: skip
    records = replace(records, scores=scores)
    rows = transfer.table(transfer.score(records))
    row = rows[(rows["task"] == "kind") & (rows["baseline"] == "each")].iloc[0]
    assert (row["gain"], row["word"], row["shortage"]) == (0.0, UNDECIDED, SAME_PREDICTIONS)
    (sentence,) = sentences(records).values()
    assert "kind is undecided (both arms predict the same class for every test example); log loss" in sentence


def test_the_table_has_every_judged_classification_task(records_of: StudyOf) -> None:
    rows = log_loss_rows(records_of(TRUTH))
    (table,) = log_loss_table(rows)
    assert list(table.frame["task"]) == ["kind"]
    assert list(table.frame["verdict"]) == [HELPED_BY_SHARING]
    assert isinstance(table.frame, pd.DataFrame)
    assert "family of verdicts of its own" in table.caption
