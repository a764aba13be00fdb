"""The decision card: each decision, its sentence, and what it warns of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.questions import answers, cost, transfer, weighting
from analysis.recommendation.recommend import CANDIDATE, DO_NOT_SHARE, NO_DIFFERENCE, OPEN, SHARE, SHARE_SOME, recommend
from analysis.records.schema import UnreadableRun
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import FULL, GOOD, HALF, NOTHING, ODD
from tests.analysis.recommendation.test_options import with_judged


def test_sharing_that_helps_is_recommended(records_of: StudyOf) -> None:
    card = recommend(records_of(GOOD))
    assert card.decision == SHARE
    assert card.headline == "Share 2 of 2 stages at width 16 with equal weights."
    assert "left (+" in card.explanation
    assert "improve" in card.explanation
    assert "10 paired seeds, 4 confirmed arms" in card.explanation
    assert card.step.startswith("16 is the only width that was searched")
    assert card.command.startswith("mtl-study run ")
    assert "factors.width=[16, 32]" in card.command


def test_a_hurt_task_makes_it_a_candidate_that_names_who_stays_alone(records_of: StudyOf) -> None:
    card = recommend(records_of(ODD))
    assert (card.decision, card.alone) == (CANDIDATE, ["odd"])
    assert "train odd alone (unchecked)" in card.explanation
    assert "odd is hurt by sharing, by " in card.explanation
    assert any("odd would not count as hurt by sharing" in change for change in card.changes)
    assert "without odd" in card.step


def test_with_one_task_left_there_is_nobody_to_share_with(records_of: StudyOf) -> None:
    card = recommend(records_of(replace(GOOD, effects={"left": 0.0, "odd": -9.0})))
    assert card.decision == DO_NOT_SHARE
    assert card.headline == "Do not share on this task set."


def test_a_chosen_arm_without_sharing_means_do_not_share(records_of: StudyOf) -> None:
    card = recommend(records_of(replace(ODD, chosen="single_task w16 l2 adamw")))
    assert card.decision == DO_NOT_SHARE
    assert "Full sharing at width 16, judged beside it:" in card.explanation
    assert "odd is hurt by sharing, by " in card.explanation


def test_what_full_sharing_does_is_said_beside_an_arm_that_shares_less(records_of: StudyOf) -> None:
    truth = replace(ODD, effects={"left": 3.0, "right": 0.0, "odd": -8.0}, loop_effects={"odd": 4.5}, chosen=HALF)
    card = recommend(records_of(truth))
    assert card.decision == NO_DIFFERENCE
    own, beside = card.explanation.split("Full sharing at width 16, judged beside it:")
    assert "hurt" not in own
    assert "odd is hurt by sharing, by " in beside


def test_undecided_tasks_get_the_number_of_seeds_and_a_command(records_of: StudyOf) -> None:
    truth = replace(GOOD, effects={"left": 2.0, "right": 2.0}, seed_noise=2.0, test_noise=0.5)
    card = recommend(records_of(truth))
    assert card.decision == SHARE
    assert "Provisionally: no task has a verdict yet" in card.explanation
    assert "undecided" in card.explanation
    assert card.command.startswith("mtl-study extend runs/synthetic --seeds ")


def test_the_cost_is_against_single_task_networks_of_the_width(records_of: StudyOf) -> None:
    # Two of two stages shared by two tasks: half of the stages' multiply-adds, and all of the heads'.
    assert recommend(records_of(GOOD)).cost.startswith("51% of the multiply-adds and 51% of the parameters")


def test_an_unfinished_study_says_how_to_finish_it(records_of: StudyOf) -> None:
    for phases in ((), ("search",), ("search", "confirm")):
        card = recommend(records_of(replace(GOOD, phases=phases)))
        assert card.decision == OPEN
        assert card.command.startswith("mtl-study run ")


@pytest.mark.parametrize("chosen", [NOTHING, "independent w16 l2 equal adamw"])
def test_where_nothing_is_shared_and_one_task_spoils_it_the_rest_is_a_candidate(
    records_of: StudyOf, chosen: str
) -> None:
    card = recommend(records_of(replace(ODD, chosen=chosen)))
    assert (card.decision, card.arm, card.alone) == (DO_NOT_SHARE, chosen, ["odd"])
    assert card.headline == "Do not share everything with everyone: odd pays for it."
    assert card.explanation.startswith(
        "Candidate: share 2 of 2 stages at width 16 with equal weights among the other tasks and train odd alone "
        "(unchecked)."
    )
    assert card.step == "Check the candidate: run the same study without odd."
    assert card.command == ""


def test_harm_of_unknown_cause_makes_no_candidate(records_of: StudyOf) -> None:
    records = records_of(replace(ODD, chosen=NOTHING))
    ledger = [dict(event) for event in records.ledger]
    for event in ledger:
        if event.get("choice") == "judged":
            baselines = event["value"]["baselines"].items()
            event["value"] = event["value"] | {"baselines": {arm: b | {"loop": None} for arm, b in baselines}}
    card = recommend(replace(records, ledger=ledger))
    assert "odd is hurt (whether by sharing is open: the loop baseline is missing)" in card.explanation
    assert card.alone == []


def test_a_checked_candidate_is_recommended_with_its_tasks_alone(records_of: StudyOf) -> None:
    records = records_of(replace(ODD, effects={"left": 9.0, "right": 8.0, "odd": -18.0}, chosen=HALF))
    rows = records.replicas
    records = replace(records, replicas=rows[(rows["arm"] != HALF) | (rows["task"] != "odd")])
    roles = {"recommended": FULL, "candidate": HALF}
    card = recommend(with_judged(records, arms=[FULL, HALF], roles=roles, alone={HALF: ["odd"]}))
    assert (card.decision, card.arm, card.alone) == (SHARE_SOME, HALF, ["odd"])
    assert card.headline == "Share some: 1 of 2 stages at width 16 with equal weights, and train odd alone."
    assert "Sharing 1 of 2 stages at width 16, odd alone, judged beside it: left (+" in card.explanation
    assert "unchecked" not in card.headline + card.statement + card.explanation + card.step


def test_the_preference_of_the_study_file_decides(records_of: StudyOf) -> None:
    truth = replace(GOOD, effects={"left": 0.0, "right": 0.0}, widths=(16, 64), width_loss=9.0)
    records = records_of(replace(truth, seeds={"search": 1, "confirm": 10, "verdict": 10}))
    taken = {}
    for prefer in ("balanced", "accuracy", "cost"):
        choice = recommend(replace(records, spec=records.spec | {"prefer": prefer})).choice
        taken[prefer] = choice.kind if choice else ""
    assert taken == {"balanced": "chosen", "accuracy": "best alone", "cost": "chosen"}


def test_a_preference_without_a_rule_is_refused_and_none_is_balanced(records_of: StudyOf) -> None:
    records = records_of(GOOD)
    assert "prefer" not in records.spec  # a study from before there were preferences
    assert recommend(records).prefer == "balanced"
    with pytest.raises(UnreadableRun, match="Write balanced, accuracy, cost, or leave it out"):
        recommend(replace(records, spec=records.spec | {"prefer": "speed"}))


def test_what_the_report_has_computed_is_not_computed_again(
    records_of: StudyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = records_of(replace(GOOD, weightings=("equal", "uncertainty")))
    expected = recommend(replace(records))
    answers(records)
    for question in (transfer, weighting, cost):
        monkeypatch.setattr(question, "score", lambda records: pytest.fail("asked twice"))
    found = recommend(records)
    assert (found.explanation, found.cost) == (expected.explanation, expected.cost)
    assert "equal weights on the mean of tasks" in found.explanation
