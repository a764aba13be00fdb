"""Stages in which gradients conflict become private."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import prepare
from mtl_core.data.probe_batch import probe_batch
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.cost import cost_of
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.sharing.recon import Recon
from mtl_core.testing.cases import shaken
from mtl_core.testing.replicas import differences
from mtl_core.training.trainer import Outcome, fit
from tests.mtl_core.sharing.harness import (
    STAGES,
    assert_own_inputs_pass_the_same_network,
    assert_rows_equal_plain,
    assert_same_function,
    batch,
    gradients_of,
    logits_of,
    network_for,
    snapshots,
)
from tests.mtl_core.sharing.plain.recon import Plain
from tests.mtl_core.worlds import development, own_inputs

TASKS = ["price", "sold", "grade"]
SEARCHING, TRAINING = (
    ForwardContext(training=True, progress=torch.zeros(2), searching=torch.tensor([free, free]))
    for free in (True, False)
)


def scored(*rows: list[float]) -> Any:
    """Shaken parameters of a network whose stages have the given scores, a list for each row."""

    def start(network: Network) -> Theta:
        theta = shaken(network)
        theta[network.trunk.scores.scores].copy_(torch.tensor(rows).unsqueeze(1))
        return theta

    return start


FIRST_AND_LAST = scored([3, 1, 2], [3, 1, 2])


@pytest.mark.parametrize("context", [ForwardContext(), TRAINING], ids=["evaluation", "training"])
@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_networks_whose_stages_of_highest_score_are_private(context: ForwardContext) -> None:
    network = network_for("recon", private_stages=2)
    assert_rows_equal_plain(Plain, network, context, FIRST_AND_LAST, unused=True, private_stages=[0, 2])


@pytest.mark.usefixtures("double")
def test_a_search_shares_every_stage() -> None:
    network = network_for("recon", private_stages=2)
    assert_rows_equal_plain(Plain, network, SEARCHING, FIRST_AND_LAST, unused=True, private_stages=[])


@pytest.mark.usefixtures("double")
def test_stages_that_are_given_are_private_and_nothing_else_is_held() -> None:
    network = network_for("recon", private_stages=[1])
    assert_rows_equal_plain(Plain, network, unused=True, private_stages=[1], searched=False)
    assert network.layout.num_trained == sum(p.numel() for p in _used(Plain(3, 5, 3, STAGES, 6, private_stages=[1])))


def _used(plain: Plain) -> list[Tensor]:
    layers = [plain.private[level] if level in plain.private_stages else plain.shared[level] for level in range(STAGES)]
    return [parameter for module in (*layers, plain.heads) for parameter in module.parameters()]


@pytest.mark.parametrize(("private_stages", "other"), [([], ("hard", 3)), ([2], ("hard", 2)), ([0, 1, 2], ("hard", 0))])
@pytest.mark.usefixtures("double")
def test_last_stages_that_are_private_make_hard_sharing_of_that_depth(
    private_stages: list[int], other: tuple[str, int]
) -> None:
    one, hard = network_for("recon", private_stages=private_stages), network_for(*other)
    theta, others = shaken(one), shaken(hard)
    names = {(slot.name, copy.name): (slot, place) for slot in theta for place, copy in enumerate(slot.copies)}
    with torch.no_grad():
        for slot, value in others.items():
            for place, copy in enumerate(slot.copies):
                source, at = names[slot.name, copy.name]
                value[:, place] = theta[source][:, at]
    assert_same_function(one, hard, theta, others)


def test_of_equal_scores_the_later_stage_is_private() -> None:
    network = network_for("recon", private_stages=2)
    theta = scored([1, 2, 1], [0, 0, 0])(network)
    apart, shared = [["ant"], ["bee"], ["cow"]], [["ant", "bee", "cow"]]
    assert network.trunk.tree(theta, 0) == [shared, apart, apart]
    assert network.trunk.settled(theta, 0) == {"sharing_options": {"private_stages": [1, 2]}}
    theta = scored([5, 2, 1], [0, 5, 0])(network)
    assert [network.trunk.tree(theta, row) for row in range(2)] == [[apart, apart, shared], [shared, apart, apart]]


@pytest.mark.usefixtures("double")
def test_pairs_that_conflict_score_once_each_and_only_where_a_row_searches() -> None:
    network = network_for("recon", threshold=-0.1)
    theta = scored([0, 0, 0], [0, 0, 0])(network)
    nan, cosines = float("nan"), torch.ones(2, 3, 3)
    for i, j, value in ((0, 1, -0.2), (0, 2, -0.05), (1, 2, -0.9)):
        cosines[:, i, j] = cosines[:, j, i] = value
    unknown = torch.where(torch.eye(3, dtype=torch.bool), 1.0, nan).expand(2, -1, -1)
    seen = {"stage0": torch.ones(2, 3, 3), "stage1": cosines, "stage2": unknown}
    network.trunk.observe_conflict(theta, seen, torch.tensor([True, False]))
    network.trunk.observe_conflict(theta, {"stage1": cosines}, torch.tensor([True, False]))
    assert theta[network.trunk.scores.scores].squeeze(1).tolist() == [[0, 4, 0], [0, 0, 0]]


def test_what_is_not_chosen_is_not_trained() -> None:
    network = network_for("recon", private_stages=1)
    theta = scored([0, 1, 0], [0, 0, 0])(network)
    gradients = gradients_of(network, theta, logits_of(network, theta, batch(), TRAINING).square().sum())
    for slot, gradient in gradients.items():
        if slot.name.startswith("stage"):
            private = len(slot.copies) > 1
            reached = gradient.flatten(1).ne(0).any(dim=1).tolist()
            assert reached == [private is slot.name.startswith(f"stage{stage}") for stage in (1, 2)], slot.name


def searched_and_trained() -> tuple[Development, Recipe, list[ReplicaConfig]]:
    """Four replicas that search for two epochs and then train for four."""
    data = development()
    options = {"settle_at": 0.5, "threshold": 0.3}
    recipe = Recipe(sharing="recon", stages=3, width=12, batch_size=24, epochs=4, sharing_options=options)
    return data, recipe, [ReplicaConfig(str(seed), seed, {"learning_rate": 0.01}) for seed in range(4)]


def parameters_of(network: Network, outcomes: list[Outcome]) -> Theta:
    return network.layout.theta(network.layout.unpack(torch.stack([one.state["parameters"] for one in outcomes])))


def conflicts_by_hand(data: Development, recipe: Recipe, state: dict[str, Any], seed: int) -> list[int]:
    """Pairs of tasks that conflict in each stage of a network that shares all, with autograd on the mean losses."""
    network, preparation = Network(recipe, data.tasks, data.shape), prepare(data, seed)
    theta = network.layout.theta(network.layout.unpack(state["parameters"].unsqueeze(0)))
    index, real = probe_batch(data, preparation, seed, recipe.batch_size)
    assert real.all(), "no place of the batch is empty"
    loader, index = BatchLoader(data.examples, [preparation]), index.flatten().view(1, 1, -1)
    context = ForwardContext(searching=torch.tensor([True]))
    losses = network.losses(network(theta, loader.inputs(index), context), loader.targets(index)[0])[0].mean(dim=1)
    found = []
    for stage in range(3):
        shared = [slot for slot in theta if slot.name.startswith(f"stage{stage}") and len(slot.copies) == 1]
        leaves = [theta[slot] for slot in shared]
        parts = [torch.autograd.grad(loss, leaves, retain_graph=True) for loss in losses]
        flat = [torch.cat([part.flatten() for part in gradient]) for gradient in parts]
        pairs = itertools.combinations(flat, 2)
        found.append(sum(_cosine(*pair) < 0.3 for pair in pairs))
    return found


def _cosine(one: Tensor, other: Tensor) -> float:
    return float(one @ other / (one.norm() * other.norm()))


def test_scores_count_the_pairs_of_tasks_that_conflict_after_each_epoch_of_the_search() -> None:
    data, recipe, everyone = searched_and_trained()
    by_epoch = snapshots(data, recipe, everyone, 2)
    network = Network(recipe, data.tasks, data.shape)
    counted = []
    for row in everyone:
        by_hand = [conflicts_by_hand(data, recipe, states[row.key], row.seed) for states in by_epoch]
        theta = network.layout.theta(network.layout.unpack(by_epoch[-1][row.key]["parameters"].unsqueeze(0)))
        assert theta[network.trunk.scores.scores].flatten().tolist() == [
            sum(stage) for stage in zip(*by_hand, strict=True)
        ]
        counted += by_hand
    assert len({tuple(one) for one in counted}) > 1, "else it would not matter what is counted"


def test_after_the_search_its_stages_train_like_given_ones_from_the_initial_weights() -> None:
    """Search leaves nothing but the private stages: batches, moments, rates and epochs are as if they were given."""
    data, recipe, everyone = searched_and_trained()
    outcomes = fit(recipe, data, everyone)
    network = Network(recipe, data.tasks, data.shape)
    theta = parameters_of(network, outcomes)
    chosen = [network.trunk.settled(theta, row)["sharing_options"]["private_stages"] for row in range(4)]
    assert len({str(one) for one in chosen}) > 1
    for row, outcome in enumerate(outcomes):
        alone = replace(recipe, **network.trunk.settled(theta, row))
        (expected,) = fit(alone, data, [everyone[row]])
        for name, curve in expected.curves.items():
            assert outcome.curves[name] == pytest.approx(curve, rel=2e-4, abs=1e-5), name


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_replica_that_is_killed_in_its_search_or_right_after_it_resumes_to_the_same_bits(stop: int) -> None:
    data, recipe, everyone = searched_and_trained()
    saved = snapshots(data, recipe, everyone, stop)
    assert [int(state["epoch"]) for state in saved[-1].values()] == [stop - 2] * 4
    resumed = fit(recipe, data, everyone, states=saved[-1])
    assert not any(differences(*pair) for pair in zip(resumed, fit(recipe, data, everyone), strict=True))


def test_rows_in_search_and_rows_in_training_do_not_see_each_other() -> None:
    data, recipe, everyone = searched_and_trained()
    states = {outcome.key: outcome.state for outcome in fit(recipe, data, everyone[:2], until=1)}
    mixed = fit(recipe, data, everyone, states=states)  # the first two train while the last two search
    assert not any(differences(*pair) for pair in zip(mixed, fit(recipe, data, everyone), strict=True))


def test_own_inputs_are_searched_and_pass_the_same_network() -> None:
    network = network_for("recon")
    assert_own_inputs_pass_the_same_network(network, FIRST_AND_LAST(network))
    _, recipe, everyone = searched_and_trained()
    data = own_inputs()
    network = Network(recipe, data.tasks, data.shape)
    theta = parameters_of(network, fit(recipe, data, everyone))
    assert theta[network.trunk.scores.scores].sum() > 0


def test_a_width_is_matched_to_one_stage_less_that_is_shared() -> None:
    data = development()
    recipe = Recipe(sharing="recon", stages=3, width=8, sharing_options={"private_stages": 2, "settle_at": 0.5})
    hard = replace(recipe, sharing="hard", depth=1, sharing_options={})
    assert cost_of(Recon.sized_as(recipe, TASKS), data).parameters_total == cost_of(hard, data).parameters_total
    given = replace(recipe, sharing_options={"private_stages": [0]})
    assert Recon.sized_as(given, TASKS) == given


def test_impossible_networks_say_why() -> None:
    def reason(**options: Any) -> str:
        return why_infeasible(Recipe(sharing="recon", stages=3, sharing_options=options), development()) or ""

    assert not any(reason(private_stages=right) for right in (1, 3, [], [0], [2, 0]))
    assert all("private_stages" in reason(private_stages=wrong) for wrong in (0, 4, True, [3], "last", None, [[0]]))
    assert all("settle_at" in reason(settle_at=wrong) for wrong in (0, 1, -1, "late"))
    assert "nobody" in (why_infeasible(Recipe(sharing="recon"), development(("sold",))) or "")
