"""What the page advises in each case, and the recipe of the recommended arm."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from analysis.recommendation.recommend import (
    CANDIDATE,
    DO_NOT_SHARE,
    NO_DIFFERENCE,
    OPEN,
    SHARE,
    Recommendation,
    recommend,
)
from analysis.records.study_state import LoadedStudy
from analysis.report.sections.recommendation import advised, recipe
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD


def of_arm(arm: str | None) -> Recommendation:
    """What is recommended while no option is taken: the arm chosen so far."""
    return Recommendation(OPEN, "", "", arm=str(arm))


@pytest.mark.parametrize("effect", [6.0, -9.0])
def test_the_recipe_is_that_of_the_option_that_is_taken(records_of: StudyOf, effect: float) -> None:
    records = records_of(replace(ODD, effects={"left": effect, "right": effect, "odd": effect}))
    said = recommend(records)
    found = recipe(LoadedStudy(records), said)
    assert found is not None
    shares = effect > 0
    assert (said.choice is not None and said.choice.shares) == shares
    assert ("The recommended arm" if shares else "The recommended single-task networks") in found.caption
    sharing = found.frame.set_index("setting").loc["sharing"]
    assert set(sharing) == {"hard" if shares else "single_task"}
    assert ("of the multiply-adds and" in said.cost) == shares  # the cost of what is taken


def test_a_recipe_names_every_setting(records_of: StudyOf) -> None:
    found = recipe(LoadedStudy(records_of(ODD)), of_arm(ODD.chosen))
    assert found is not None
    settings = dict(zip(found.frame["setting"], found.frame["all tasks"], strict=True))
    assert settings["width"] == 16
    assert settings["learning_rate"] == 0.003


def test_a_recipe_says_how_its_networks_were_trained(records_of: StudyOf) -> None:
    records = records_of(ODD)
    options = {"sharing_options": {"hard": {"a": [1]}, "mmoe": {"experts": 9}}, "backbone_options": {"norm": "batch"}}
    training = {"batch_size": 64, "epochs": 50, "clip_norm": 2.5, "tasks_per_step": None} | options
    found = recipe(LoadedStudy(replace(records, spec=records.spec | {"training": training})), of_arm(ODD.chosen))
    assert found is not None
    settings = dict(zip(found.frame["setting"], found.frame["all tasks"], strict=True))
    expected = {"batch_size": 64, "epochs": 50, "clip_norm": 2.5, "sharing.a": "[1]", "backbone.norm": '"batch"'}
    assert expected.items() <= settings.items()
    assert not {"tasks_per_step", "sharing.experts"} & set(settings)


@pytest.mark.parametrize(("precision", "said"), [("bf16", ["bf16"]), ("float32", []), (None, [])])
def test_a_recipe_names_a_precision_that_rounds(records_of: StudyOf, precision: str | None, said: list[str]) -> None:
    records = records_of(ODD)
    training = {"precision": precision, "epochs": 5}
    found = recipe(LoadedStudy(replace(records, spec=records.spec | {"training": training})), of_arm(ODD.chosen))
    assert found is not None
    assert [value for value in found.frame["all tasks"] if value in ("float32", "bf16")] == said


@pytest.mark.parametrize(
    ("decision", "arm", "alone", "sentence"),
    [
        (SHARE, "hard", [], "Share as in the recipe: hard."),
        (
            NO_DIFFERENCE,
            "hard",
            [],
            "No difference was found that decides. By the rule of prefer: balanced, train every",
        ),
        (CANDIDATE, "hard", ["a", "b", "c", "d"], "Candidate: train a, b, c and d alone and share the rest"),
        (DO_NOT_SHARE, "hard", ["a"], "Share nothing until the candidate is checked. What was judged: hard."),
        (DO_NOT_SHARE, "hard", [], "Do not share on this task set. What was judged: hard."),
        (OPEN, "hard", [], "Chosen so far, on validation skill in the confirm phase: hard."),
        (OPEN, "", [], "Nothing is recommended yet."),
    ],
)
def test_the_sentence_fits_the_decision(decision: str, arm: str, alone: list[str], sentence: str) -> None:
    said, *_ = advised(Recommendation(decision, "headline", "explanation", arm=arm, alone=alone))
    assert said.startswith(sentence)


def test_cost_and_optimism_follow_the_decision_where_they_are_known() -> None:
    found = advised(Recommendation(SHARE, "", "", arm="hard", cost="half the cost.", winners_curse="a bit less."))
    assert found[1:3] == ["half the cost.", "a bit less."]
    assert found[3].startswith("Rule of prefer: balanced. Among the arms that share with a benefit")


def test_there_is_no_recipe_before_an_arm_is_chosen(records_of: StudyOf) -> None:
    assert recipe(LoadedStudy(records_of(replace(ODD, phases=("search",)))), of_arm("")) is None


def test_tasks_with_hyperparameters_of_their_own_have_a_column_each(records_of: StudyOf) -> None:
    records = records_of(replace(ODD, draws=2))
    draws = {"left": 0, "right": 0, "odd": 1}
    own = {"event": "frozen", "choice": "draws", "value": {ODD.chosen: draws}}
    frozen = [own if event.get("choice") == "draws" else event for event in records.ledger]
    found = recipe(LoadedStudy(replace(records, ledger=frozen)), of_arm(ODD.chosen))
    assert found is not None
    rates = found.frame.set_index("setting").loc["learning_rate", ["left", "right", "odd"]]
    assert [json.loads(str(rate)) for rate in rates] == [0.003, 0.003, 0.006]


def test_tasks_that_a_candidate_leaves_alone_have_the_recipe_of_their_single_task_networks(
    records_of: StudyOf,
) -> None:
    records, arm, single = records_of(replace(ODD, draws=2)), str(ODD.chosen), "single_task w16 l1 adamw"
    draws = {arm: {"left": 0, "right": 0}, single: {"left": 0, "right": 0, "odd": 1}}
    judged = {"arms": [arm], "baselines": {arm: {"each": single}}, "alone": {arm: ["odd"]}}
    more = [
        {"event": "frozen", "choice": name, "value": value} for name, value in (("draws", draws), ("judged", judged))
    ]
    found = recipe(LoadedStudy(replace(records, ledger=[*records.ledger, *more])), of_arm(arm))
    assert found is not None
    settings = found.frame.set_index("setting")
    assert list(settings.columns) == ["the other tasks", "odd, alone"]
    assert list(settings.loc["sharing"]) == ["hard", "single_task"]
    assert [json.loads(str(rate)) for rate in settings.loc["learning_rate"]] == [0.003, 0.006]
    assert found.cells[1][1] == "1"  # a depth, not 1.00
