"""The options of a study: every judged arm and training alone, with the numbers that the records give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analysis.questions import transfer
from analysis.recommendation.option import ALONE, Option
from analysis.recommendation.options import options
from analysis.records.schema import Records
from analysis.statistics.paired_gains import MEAN
from analysis.statistics.verdicts import CANDIDATE, CHOSEN, REFERENCE
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import FULL, GOOD, HALF, NOTHING, ODD


def found_in(records: Records) -> list[Option]:
    return options(records, transfer.table(transfer.score(records)))


def with_judged(records: Records, **changes: Any) -> Records:
    """The records, with another value of the frozen choice of what is judged."""
    ledger = [dict(event) for event in records.ledger]
    for event in ledger:
        if event.get("choice") == "judged":
            event["value"] = event["value"] | changes
    return replace(records, ledger=ledger)


def test_the_judged_arms_come_first_and_training_alone_last(records_of: StudyOf) -> None:
    found = found_in(records_of(replace(ODD, chosen=HALF)))
    assert [(option.kind, option.arm, option.shares) for option in found] == [
        (CHOSEN, HALF, True),
        (REFERENCE, FULL, True),
        (ALONE, NOTHING, False),
    ]


def test_mean_and_interval_are_those_of_the_transfer_question(records_of: StudyOf) -> None:
    records = records_of(ODD)
    rows = transfer.table(transfer.score(records))
    mean = rows[(rows["scope"] == MEAN) & (rows["baseline"] == "each")].iloc[0]
    option = options(records, rows)[0]
    assert (option.gain, option.low, option.high, option.n) == (mean["gain"], mean["low"], mean["high"], 10)
    assert option.with_word("hurt by sharing") == ["odd"]
    assert option.risks.some_loss > 0.99
    assert option.risks.worst == pytest.approx(-9.0, abs=1.0)


def test_costs_are_against_one_single_task_network_per_task(records_of: StudyOf) -> None:
    option, alone = found_in(records_of(GOOD))
    assert (option.cost.networks, alone.cost.networks) == (1, 2)
    # two of two stages of 40 × 16 parameters shared by two tasks, and a head of 16 for each
    assert option.ratios[0] == pytest.approx((2 * 640 + 32) / (2 * (2 * 640 + 16)))
    assert option.ratios[2] == pytest.approx(0.5)  # 0.5 s a replica, and alone one for each task
    assert alone.ratios == (1.0, 1.0, 1.0)


def test_a_checked_candidate_is_one_more_option(records_of: StudyOf) -> None:
    records = records_of(replace(ODD, chosen=HALF))
    judged = records.frozen("judged")
    roles = {"roles": {"recommended": FULL, "candidate": HALF}}
    rows = records.replicas
    records = replace(records, replicas=rows[(rows["arm"] != HALF) | (rows["task"] != "odd")])
    found = found_in(with_judged(records, arms=[FULL, HALF], **roles, alone={HALF: ["odd"]}))
    assert set(judged["arms"]) == {FULL, HALF}
    assert [option.kind for option in found] == [CHOSEN, CANDIDATE, ALONE]
    checked, alone = found[1:]
    assert (checked.alone, checked.cost.networks) == (["odd"], 2)
    assert checked.cost.parameters == found_in(records_of(replace(ODD, chosen=HALF)))[0].cost.parameters + (
        alone.cost.parameters / 3
    )
    odd = checked.tasks.set_index("task").loc["odd"]
    assert (odd["gain"], odd["high"]) == (0.0, 0.0)  # its network is the single-task one
    assert checked.risks.worst < 0.5


def test_single_task_networks_without_anything_beside_them_are_the_only_option(records_of: StudyOf) -> None:
    records = with_judged(records_of(replace(GOOD, chosen=NOTHING)), arms=[NOTHING])
    found = found_in(records)
    assert [(option.kind, option.arm) for option in found] == [(ALONE, NOTHING)]
