"""Divergence: which networks are lost, when, and at which learning rates."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.questions import divergence
from analysis.records.schema import Records
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN

ARM = "hard d1 w16 l2 equal adamw"


def lost(records: Records, arm: str = ARM, task: str | None = None) -> Records:
    """The records, had the replicas of an arm (or only those of ``task``) diverged in epoch 3."""
    rows = records.replicas.copy()
    hit = (rows["arm"] == arm) & (rows["phase"] == "search") & (True if task is None else rows["task"] == task)
    rows.loc[hit, ["status", "epochs", "selected_epoch"]] = ["diverged", 3, -1]
    curve = [1.0, 1e30, float("inf")]
    rows.loc[hit, "train_loss"] = pd.Series([curve] * int(hit.sum()), index=rows.index[hit])
    return replace(records, replicas=rows)


def test_nothing_is_asked_where_every_network_has_a_replica_that_trained_to_its_end(records_of: StudyOf) -> None:
    assert divergence.score(records_of(PLAIN)).empty


def test_a_search_that_goes_on_is_not_judged(records_of: StudyOf) -> None:
    records = lost(records_of(replace(PLAIN, phases=("search",))))
    assert len(divergence.score(records))
    assert divergence.score(replace(records, ledger=records.events("planned"))).empty


def test_a_lost_arm_is_told_with_draws_epochs_and_learning_rates(records_of: StudyOf) -> None:
    rows = divergence.table(divergence.score(lost(records_of(PLAIN))))
    assert len(rows) == 1
    row = rows.iloc[0]
    assert (row["arm"], row["task"], row["draws"], row["diverged"], row["replicas"]) == (ARM, "", 2, 4, 4)
    assert (row["first_epoch"], row["last_epoch"]) == (3, 3)
    assert (row["learning_rate_low"], row["learning_rate_high"]) == pytest.approx((0.003, 0.006))
    assert row["train_loss"] == (1.0, 1e30)
    found = divergence.title(rows)
    assert found.startswith("1 of ")
    assert found.endswith("diverged at every learning rate tried (0.003 to 0.006)")
    assert divergence.figure(rows).axes[1].lines


def test_learning_rates_that_are_not_recorded_are_said_to_be(records_of: StudyOf) -> None:
    records = lost(records_of(PLAIN))
    rows = divergence.table(divergence.score(replace(records, replicas=records.replicas.assign(hyperparameters="{}"))))
    assert divergence.title(rows).endswith("(not recorded)")
    assert divergence.figure(rows)


def test_of_a_single_task_arm_the_task_is_named(records_of: StudyOf) -> None:
    rows = divergence.table(divergence.score(lost(records_of(PLAIN), "single_task w16 l2 adamw", "odd")))
    assert list(rows["task"]) == ["odd"]
