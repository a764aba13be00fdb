"""Costs of networks: searches of a structure make epochs longer, and a task's own network costs less than all."""

from __future__ import annotations

from typing import Any

import pytest

from study.planning.network_costs import NetworkCosts, passes_of_an_epoch
from tests.study.planning.test_forecast import plan, task_set


def test_the_search_of_a_tree_is_time_on_top_of_the_training() -> None:
    def epoch(**options: Any) -> float:
        parts: dict[str, Any] = {"factors": {"sharing": ["learned_branch"]}}
        if options:
            parts["training"] = {"sharing_options": {"learned_branch": options}}
        made = plan(**parts)
        return NetworkCosts(task_set()).cost(made, made.candidates[0], None).row_epoch

    assert epoch() == pytest.approx(1.5 * epoch(retrain=False))
    assert epoch(settle_at=0.2) == pytest.approx(1.2 * epoch(retrain=False))


def test_networks_to_try_are_one_for_each_arm() -> None:
    made = plan(factors={"width": [16, 64]})
    networks = NetworkCosts(task_set()).networks(made)
    assert len(networks) == len(made.arms)
    alone = [network for network in networks if network.kind[0] == "single_task"]
    assert {len(network.view.tasks) for network in alone} == {1}
    assert len({network.kind for network in networks}) == 3


def test_an_epoch_trains_on_most_examples_and_evaluates() -> None:
    assert passes_of_an_epoch(100, 0.2) == pytest.approx(3 * 80 + 2 * 20)
    assert passes_of_an_epoch(100, 0.2, train_fraction=0.5) == pytest.approx(3 * 40 + 2 * 20)
