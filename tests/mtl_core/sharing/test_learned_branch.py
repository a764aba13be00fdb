"""Learning to branch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.data.task_set import Development, Examples
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.task_tree import fault
from mtl_core.testing.cases import fresh, shaken
from mtl_core.testing.replicas import differences
from mtl_core.training.fused_array import fresh_state
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    EXAMPLES,
    STAGES,
    THREE,
    assert_own_inputs_pass_the_same_network,
    assert_rows_equal_plain,
    batch,
    gradients_of,
    logits_of,
    network_for,
    snapshots,
)
from tests.mtl_core.sharing.plain.learned_branch import Plain
from tests.mtl_core.worlds import development, own_inputs

NAMES = [task.name for task in THREE]


def step(progress: float, number: int = 3, **options: float) -> ForwardContext:
    """A training step of two rows."""
    return ForwardContext(
        training=True,
        progress=torch.full((2,), progress),
        streams=Streams((0, 1), "sharing").at([number, number]),
        options={name: torch.full((2,), value) for name, value in options.items()},
    )


def shuffled(network: Network) -> Any:
    """Shaken parameters, and a tree of chance that differs from row to row."""
    theta = shaken(network)
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for choice in network.trunk.choices:
            theta[choice.chosen].copy_(torch.rand(theta[choice.chosen].shape, generator=generator))
    return theta


@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_networks_in_evaluation() -> None:
    network = network_for("learned_branch")
    theta = shuffled(network)
    assert network.trunk.tree(theta, 0) != network.trunk.tree(theta, 1)
    assert_rows_equal_plain(Plain, network, start=shuffled, unused=True)


@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_networks_in_training() -> None:
    context = ForwardContext(training=True, options={"branching_temperature": torch.tensor([0.7, 0.7])})
    assert_rows_equal_plain(Plain, network_for("learned_branch"), context, temperature=0.7)


def as_branch(network: Network, theta: Any, row: int, recipe: Recipe, shape: Any) -> tuple[Network, Any]:
    """The network of a row's tree, with its weights (in two equal rows)."""
    tree, nodes = network.trunk.tree(theta, row), network.trunk.nodes(theta, row)
    options = {"tree": tree}
    other = Network(replace(recipe, sharing="branch", sharing_options=options), network.tasks, shape)
    names = [task.name for task in network.tasks]
    node = [
        {frozenset(group): nodes[level][names.index(group[0])] for group in groups} for level, groups in enumerate(tree)
    ]
    values, others = {slot.name: value[row] for slot, value in theta.items()}, fresh(other)
    everybody = frozenset(names)
    with torch.no_grad():
        for slot, value in others.items():
            for place, copy in enumerate(slot.copies):
                stage = slot.name.startswith("stage")
                source = node[int(slot.name[5])][copy.users or everybody] if stage else place
                value[:, place] = values[slot.name][source]
    return other, others


@pytest.mark.parametrize("own", [False, True], ids=["common", "own"])
@pytest.mark.usefixtures("double")
def test_after_training_branch_reproduces_it_with_the_tree_and_the_weights(own: bool) -> None:
    data = own_inputs() if own else development()
    data = replace(data, examples=Examples(data.examples.inputs.double(), data.examples.targets.double()))
    recipe = Recipe(sharing="learned_branch", stages=3, width=6, batch_size=24, epochs=6)
    settings = {"learning_rate": 0.1, "weight_decay": 1e-2, "branching_temperature": 3.0}
    everyone = [ReplicaConfig(str(seed), seed, settings) for seed in range(4)]
    outcomes = fit(recipe, data, everyone)
    network = Network(recipe, data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(torch.stack([o.state["parameters"] for o in outcomes])))
    x = torch.randn(4, 3 if own else 1, 10, 12)
    names, found = [task.name for task in data.tasks], network(theta, x)
    trees = [network.trunk.tree(theta, row) for row in range(4)]
    assert len({str(tree) for tree in trees}) > 1
    for row, tree in enumerate(trees):
        assert fault(tree, names, 3) is None
        other, others = as_branch(network, theta, row, recipe, data.shape)
        for one, expected in zip(found, other(others, x[row].expand(2, -1, -1, -1)), strict=True):
            torch.testing.assert_close(one[row], expected[0], rtol=1e-10, atol=1e-10)


def test_the_tree_is_fixed_from_its_share_of_training_on() -> None:
    """Half the epochs decide the tree, to the step; inertia and decay move logits afterwards, but not the tree."""
    data = development()
    together = {"retrain": False}
    recipe = Recipe(sharing="learned_branch", stages=3, width=6, batch_size=24, epochs=8, sharing_options=together)
    everyone = [ReplicaConfig(str(seed), seed, {"learning_rate": 0.1, "weight_decay": 0.5}) for seed in range(3)]
    network = Network(recipe, data.tasks, data.shape)

    def found(epochs: int) -> tuple[list[Tensor], list[Tensor]]:
        outcomes = fit(recipe, data, everyone, until=epochs)
        theta = network.layout.theta(network.layout.unpack(torch.stack([o.state["parameters"] for o in outcomes])))
        choices = network.trunk.choices
        return [theta[choice.chosen] for choice in choices], [theta[choice.logits].detach() for choice in choices]

    (early, early_logits), (late, late_logits) = found(4), found(8)
    assert all(map(torch.equal, early, early_logits))
    assert all(map(torch.equal, early, late))
    assert not any(map(torch.equal, early_logits, late_logits))


@pytest.mark.parametrize("retrain", [False, True])
def test_once_fixed_what_is_off_the_tree_is_not_trained(retrain: bool) -> None:
    network = network_for("learned_branch", retrain=retrain)
    theta = shuffled(network)
    fixed = replace(step(0.0), searching=torch.tensor([False, False])) if retrain else step(0.5)
    outputs = logits_of(network, theta, batch(), fixed)
    torch.testing.assert_close(outputs, logits_of(network, theta, batch()))
    gradients = gradients_of(network, theta, outputs.square().sum())
    assert all((gradients[choice.logits] == 0).all() for choice in network.trunk.choices)
    for row in range(2):
        for level, passed in enumerate(network.trunk.nodes(theta, row)):
            reached = gradients[network.trunk.stages[level].slots[0]][row].flatten(1).ne(0).any(dim=1)
            assert reached.tolist() == [node in passed for node in range(3)]


IN_TIME = {"progress": torch.tensor([0.49, 0.5])}, {"progress": torch.tensor([0.5, 0.5])}
BY_SEARCH = {"searching": torch.tensor([True, False])}, {"searching": torch.tensor([False, False])}


@pytest.mark.parametrize(("retrain", "contexts"), [(False, IN_TIME), (True, BY_SEARCH)])
def test_rows_settle_each_in_its_own_time(retrain: bool, contexts: tuple[dict[str, Tensor], ...]) -> None:
    network = network_for("learned_branch", retrain=retrain)
    theta = shuffled(network)
    context = replace(step(0.0), **contexts[0])
    before = logits_of(network, theta, batch(), replace(step(0.0), **contexts[1]))
    mixed = logits_of(network, theta, batch(), context)
    assert torch.equal(mixed[1], before[1])
    assert not torch.allclose(mixed[0], before[0])
    kept = [theta[choice.chosen].clone() for choice in network.trunk.choices]
    network.after_step(theta, torch.full((2,), 0.1), torch.ones(2, 3, dtype=torch.bool), context)
    for choice, old in zip(network.trunk.choices, kept, strict=True):
        assert torch.equal(theta[choice.chosen][0], theta[choice.logits][0])
        assert torch.equal(theta[choice.chosen][1], old[1])


@pytest.mark.parametrize("retrain", [False, True])
def test_the_choice_sharpens_as_training_goes_on(retrain: bool) -> None:
    network = network_for("learned_branch", retrain=retrain)
    theta = fresh(network)

    def sharpness(progress: float) -> float:
        drawn = [
            network.trunk._weights(theta, step(progress, number, branching_temperature=5.0)) for number in range(9)
        ]
        return torch.stack([torch.stack(weights) for weights in drawn]).amax(dim=4).mean().item()

    values = [sharpness(progress) for progress in ((0.0, 0.5, 0.999) if retrain else (0.0, 0.25, 0.499))]
    assert values[0] < 0.6 < values[1] < 0.9 < values[2]


def test_every_step_row_level_child_and_parent_has_noise_of_its_own() -> None:
    network = network_for("learned_branch")
    theta = fresh(network)
    weights = torch.stack([torch.stack(network.trunk._weights(theta, step(0.0, number))) for number in (3, 4)])
    assert weights.shape == (2, STAGES, 2, 3, 3)
    assert len(weights.unique()) == weights.numel()
    torch.testing.assert_close(weights.sum(dim=4), torch.ones(2, STAGES, 2, 3))


def searched_and_trained() -> tuple[Development, Recipe, list[ReplicaConfig]]:
    """Four replicas that search for two epochs and then train for four."""
    data = development()
    data = replace(data, examples=Examples(data.examples.inputs.double(), data.examples.targets.double()))
    recipe = Recipe(sharing="learned_branch", stages=3, width=6, batch_size=24, epochs=4)
    settings = {"learning_rate": 0.05, "weight_decay": 1e-2, "branching_temperature": 3.0}
    return data, recipe, [ReplicaConfig(str(seed), seed, settings) for seed in range(4)]


@pytest.mark.usefixtures("double")
def test_after_the_search_its_tree_trains_like_branch_from_the_initial_weights() -> None:
    """Search leaves nothing but the tree: then batches, moments, rates and epochs are those of ``branch``."""
    data, recipe, everyone = searched_and_trained()
    outcomes = fit(recipe, data, everyone)
    network = Network(recipe, data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(torch.stack([o.state["parameters"] for o in outcomes])))
    assert len({str(network.trunk.tree(theta, row)) for row in range(4)}) > 1
    start = network.layout.theta(network.layout.unpack(network.layout.initialise(range(4))))
    with torch.no_grad():
        for slot in network.trunk.found:
            start[slot].copy_(theta[slot])
    for row, outcome in enumerate(outcomes):
        other, others = as_branch(network, start, row, recipe, data.shape)
        alone = replace(recipe, **network.trunk.settled(theta, row))
        first = other.layout.pack([others[slot].flatten(1) for slot in other.layout.slots])[0]
        tuned = {name: value for name, value in everyone[row].hyperparameters.items() if not name.startswith("branch")}
        settled = replace(everyone[row], hyperparameters=tuned)
        begun = fresh_state(alone, other, settled) | {"parameters": first, "selected": first}
        (expected,) = fit(alone, data, [settled], states={str(row): begun})
        assert outcome.epochs == 4
        for name, curve in expected.curves.items():
            assert outcome.curves[name] == pytest.approx(curve, rel=1e-9), name


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_replica_that_is_killed_in_its_search_or_right_after_it_resumes_to_the_same_bits(stop: int) -> None:
    """Two epochs of search: the first snapshot is in it, the second at its end, the third after the new beginning."""
    _, recipe, everyone = searched_and_trained()
    data = development()
    straight = fit(recipe, data, everyone)
    saved = snapshots(data, recipe, everyone, stop)
    assert [int(state["epoch"]) for state in saved[-1].values()] == [stop - 2] * 4
    resumed = fit(recipe, data, everyone, states=saved[-1])
    assert not any(differences(one, other) for one, other in zip(resumed, straight, strict=True))


def test_rows_in_search_and_rows_in_training_do_not_see_each_other() -> None:
    _, recipe, everyone = searched_and_trained()
    data = development()
    paused = fit(recipe, data, everyone[:2], until=1)
    states = {outcome.key: outcome.state for outcome in paused}
    mixed = fit(recipe, data, everyone, states=states)  # the first two train while the last two search
    assert not any(differences(*pair) for pair in zip(mixed, fit(recipe, data, everyone), strict=True))


def test_a_search_that_goes_astray_ends_the_replica_alone() -> None:
    _, recipe, everyone = searched_and_trained()
    wild = replace(everyone[1], hyperparameters={**everyone[1].hyperparameters, "learning_rate": 1e30})
    found = fit(recipe, development(), [everyone[0], wild, everyone[2]])
    assert [outcome.status for outcome in found] == ["finished", "diverged", "finished"]
    assert (found[1].epochs, found[1].selected_epoch) == (0, -1)
    assert "in the search" in found[1].reason
    calm = fit(recipe, development(), everyone)
    assert not differences(found[0], calm[0])
    assert not differences(found[2], calm[2])


def test_progress_counts_the_epochs_of_the_search() -> None:
    _, recipe, everyone = searched_and_trained()
    seen: list[Any] = []
    fit(recipe, development(), everyone, watch=seen.append)
    assert [progress.epochs_done for progress in seen] == [4, 8, 12, 16, 20, 24]
    assert {progress.epochs_total for progress in seen} == {24}


def test_heads_leave_a_node_that_knows_nothing() -> None:
    """The paper's claim in the small: gradients through relaxed choices find the better parent."""
    network = Network(Recipe(sharing="learned_branch", stages=1, width=16), THREE, (5,))
    theta, x = fresh(network), batch()
    labels = torch.arange(EXAMPLES).remainder(3).expand(2, 3, -1)
    dead, choice = network.trunk.stages[0].slots, network.trunk.choices[0]
    with torch.no_grad():
        for slot in dead:
            theta[slot][:, 0] = 0.0
    assert network.trunk.tree(theta, 0) == [[["ant"], ["bee"], ["cow"]]]
    for number in range(300):
        context = step(number / 600, number)
        loss = torch.nn.functional.cross_entropy(network(theta, x, context)[0].flatten(0, 1), labels.flatten(0, 1))
        trained = [choice.logits, *network.heads[0].slots]
        for slot, gradient in zip(trained, torch.autograd.grad(loss, [theta[slot] for slot in trained]), strict=True):
            with torch.no_grad():
                theta[slot].sub_(3.0 * gradient)
        network.after_step(theta, torch.full((2,), 0.1), torch.ones(2, 3, dtype=torch.bool), context)
    assert all(0 not in network.trunk.nodes(theta, row)[0] for row in range(2))


def test_own_inputs_pass_the_trees_of_the_rows() -> None:
    network = network_for("learned_branch")
    assert_own_inputs_pass_the_same_network(network, shuffled(network))


def test_impossible_networks_say_why() -> None:
    def reason(**options: Any) -> str:
        return why_infeasible(Recipe(sharing="learned_branch", sharing_options=options), development()) or ""

    assert reason() == reason(settle_at=0.9) == ""
    assert all("settle_at" in reason(settle_at=wrong) for wrong in (0, 1, -1, "late"))
    assert "nobody" in (why_infeasible(Recipe(sharing="learned_branch"), development(("sold",))) or "")
