"""Which option is exported, and which trained networks it is made of."""

from __future__ import annotations

from collections import Counter

import pytest

import analysis
from analysis.recommendation.recommend import Recommendation, recommend
from mtl_core.errors import UserError
from study.driver.export.option import chosen_option, networks_of
from tests.study.finished_studies import Finished


def test_the_recommended_option_unless_another_is_asked_for(shop: Finished) -> None:
    said = recommend(analysis.load(shop.run))
    assert chosen_option(said, None, "here") is said.choice
    alone = chosen_option(said, "alone", "here")
    assert (alone.kind, chosen_option(said, alone.arm, "here")) == ("alone", alone)
    with pytest.raises(UserError, match="no such option") as error:
        chosen_option(said, "everything", "here")
    assert "chosen (hard d1" in error.value.remedy
    assert "alone (single_task" in error.value.remedy


def test_without_a_verdict_nothing_can_be_exported() -> None:
    said = Recommendation(
        "no verdict yet", "No verdict yet: the search is not finished.", "", command="mtl-study run x"
    )
    with pytest.raises(UserError, match=r"the search is not finished") as error:
        chosen_option(said, None, "runs/x")
    assert error.value.remedy == "Finish it first: mtl-study run x"


def test_networks_are_those_that_each_fold_judged(shop: Finished) -> None:
    records = analysis.load(shop.run)
    options = {option.kind: option for option in recommend(records).options}
    networks = networks_of(records, options["chosen"])
    assert Counter(network.fold for network in networks) == dict.fromkeys(range(5), 2)
    assert all(network.seed % 5 == network.fold for network in networks)
    for network in networks:
        assert network.arm == records.frozen("arm", network.fold)["arm"]
        assert network.tasks == ("y_price", "y_sold", "y_grade")
    alone = networks_of(records, options["alone"])
    assert Counter(network.tasks for network in alone) == {(task,): 10 for task in records.tasks["task"]}
    for network in alone:
        judged = records.frozen("judged", network.fold)
        assert network.arm == judged["baselines"][judged["roles"]["chosen"]]["each"]


def test_tasks_that_are_left_out_have_networks_of_the_same_seeds(shop_without: Finished) -> None:
    records = analysis.load(shop_without.run)
    option = next(option for option in recommend(records).options if option.kind == "added")
    networks = networks_of(records, option)
    seeds = {tasks: {one.seed for one in networks if one.tasks == tasks} for tasks in {one.tasks for one in networks}}
    assert seeds.keys() == {("y_price", "y_sold"), ("y_grade",)}
    assert seeds["y_price", "y_sold"] == seeds["y_grade",]
    own = {network.seed for network in networks_of(records, recommend(records).options[0])}
    assert not own & seeds["y_grade",], "an addition is judged on fresh seeds"


def test_each_task_at_its_best_width(shop: Finished) -> None:
    records = analysis.load(shop.run)
    for option in recommend(records).options:
        if option.kind == "best alone":
            networks = networks_of(records, option)
            assert len(networks) == 30
            for network in networks:
                judged = records.frozen("judged", network.fold)
                assert network.arm == judged["baselines"][judged["roles"]["chosen"]]["best"][network.tasks[0]]
