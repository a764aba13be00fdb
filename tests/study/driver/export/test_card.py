"""The card says what was measured, of what, and on which rows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import analysis
from analysis.recommendation.recommend import recommend
from study.driver.export.card import card, readme
from study.driver.export.option import networks_of
from tests.study.finished_studies import Finished

TASKS = [
    {"name": "y_price", "kind": "regression", "classes": [], "temperature": 1.0},
    {"name": "y_sold", "kind": "binary", "classes": ["kept", "sold"], "temperature": 1.2},
]


def test_what_was_measured_is_the_mean_of_the_recorded_scores(shop: Finished) -> None:
    records = analysis.load(shop.run)
    said = recommend(records)
    option = said.options[0]
    networks = networks_of(records, option)
    facts = card(records, said, option, networks, TASKS)
    keys = [network.replica for network in networks]
    own = records.scores[records.scores["replica"].isin(keys)]
    for task in facts["tasks"]:
        scores = own[own["task"] == task["task"]]
        assert task["test_metric"] == scores["test_metric"].mean()
        assert task["networks"] == len(scores) == 10
    sizes = records.replicas.drop_duplicates("replica").set_index("replica")["parameters_total"]
    assert facts["parameters"] == sizes[keys].sum()
    assert facts["option"]["recommended"] == (option is said.choice)
    json.dumps(facts, allow_nan=False)


def test_networks_of_several_arms_are_told_and_skills_follow_from_the_numbers_beside_them(shop: Finished) -> None:
    records = analysis.load(shop.run)
    said = recommend(records)
    networks = networks_of(records, said.options[0])
    facts = card(records, said, said.options[0], networks, TASKS)
    assert not any("has chosen an arm of its own" in note for note in facts["notes"])
    several = [replace(networks[0], arm="hard d1 another"), *networks[1:]]
    facts = card(records, said, said.options[0], several, TASKS)
    assert any("hard d1 another (1)" in note for note in facts["notes"])
    for task in facts["tasks"]:
        perfect = records.scores.loc[records.scores["task"] == task["task"], "perfect_metric"].iloc[0]
        expected = (task["test_metric"] - task["constant_prediction"]) / (perfect - task["constant_prediction"])
        assert task["test_skill_points"] == pytest.approx(100 * expected)


def test_what_probabilities_are_not_is_told(shop: Finished) -> None:
    records = analysis.load(shop.run)
    said = recommend(records)
    networks = networks_of(records, said.options[0])

    def notes(**more: object) -> str:
        return " ".join(card(records, said, said.options[0], networks, [TASKS[0], TASKS[1] | more])["notes"])

    assert "Probabilities are calibrated" in notes()
    assert "frequencies" not in notes(classes_weigh=False)
    assert "median" not in notes()
    assert "Classes of y_sold had weights in the loss." in notes(classes_weigh=True)
    assert "The median class of an ordinal target can be another" in notes(kind="ordinal")


def test_a_precision_that_rounds_is_told(shop: Finished) -> None:
    records = analysis.load(shop.run)
    said = recommend(records)
    networks = networks_of(records, said.options[0])
    for precision, told in (("bf16", "products of bfloat16"), ("tf32", "products of TF32"), ("float32", "")):
        spec = records.spec | {"training": {"precision": precision}}
        notes = " ".join(card(replace(records, spec=spec), said, said.options[0], networks, TASKS)["notes"])
        assert told in notes
        assert ("compute here, in float32" in notes) is bool(told)


def test_the_page_names_columns_numbers_and_limits(shop: Finished) -> None:
    records = analysis.load(shop.run)
    said = recommend(records)
    facts = card(records, said, said.options[0], networks_of(records, said.options[0]), TASKS)
    page = readme(facts | {"study": "a|b <script>`"}, ["age", "ci|ty"], (7,))
    assert "# a\\|b &lt;script>'" in page
    assert "`age`, `ci\\|ty`" in page
    assert "five outer folds" in page or "5 outer folds" in page
    assert "was not measured itself" in page
    assert "temperature" in page
    assert "of an ordinal target the median one" in page
    assert page.count("| y_price |") == 1
    assert "an array of examples, 1 x 8 x 8 numbers each" in readme(facts, None, (1, 8, 8))
