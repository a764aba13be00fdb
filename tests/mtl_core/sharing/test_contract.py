"""What every architecture promises on every backbone, with common inputs and with inputs of each task's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.cost import cost_of
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import Streams
from mtl_core.training import checkpoint
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.cases import Case, every_case, shaken, touched
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import rows

CASES = list(every_case())
every = pytest.mark.parametrize("case", CASES, ids=str)
trained = pytest.mark.parametrize("case", [case for case in CASES if case.recipe.depth in (None, 1)], ids=str)


def training() -> ForwardContext:
    return ForwardContext(training=True, progress=torch.zeros(2), streams=Streams((0, 1), "sharing").at([3, 3]))


def inputs(case: Case, signals: int | None = None, examples: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(2, signals or case.signals, examples, case.data.num_inputs, generator=generator)


def by_task(network: Network, outputs: list[Tensor]) -> list[Tensor]:
    """Outputs ``[r, k, b]`` in the order of the tasks."""
    found = {
        member: logits[:, place]
        for bank, logits in zip(network.heads, outputs, strict=True)
        for place, member in enumerate(bank.members)
    }
    return [found[member] for member in range(len(network.tasks))]


@every
def test_every_task_gets_its_outputs(case: Case) -> None:
    network = case.network
    for context in (EVALUATION, training()):
        outputs = by_task(network, network(shaken(network), inputs(case), context))
        assert [tuple(logits.shape) for logits in outputs] == [(2, task.num_outputs, 7) for task in network.tasks]
        assert all(logits.isfinite().all() for logits in outputs)


@every
def test_a_loss_reaches_what_its_task_uses_and_nothing_else(case: Case) -> None:
    """The declared users of every copy are those that its gradients show; hence nobody is stepped for nothing."""
    network = case.network
    layout, theta = network.layout, shaken(network)
    # batch statistics of a shared copy let a loss reach what only another task uses: that is no use of it
    pooled = case.recipe.backbone == "resnet" and case.recipe.sharing != "learned_branch"
    outputs = by_task(network, network(theta, inputs(case, examples=40), EVALUATION if pooled else training()))
    copies = [(slot, copy) for slot in layout.trained for copy in slot.copies]
    reached: dict[tuple[str, str], set[str]] = {(slot.name, copy.name): set() for slot, copy in copies}
    for task, logits in zip(network.tasks, outputs, strict=True):
        found = torch.autograd.grad(
            logits.square().sum(), [theta[slot] for slot in layout.trained],
            retain_graph=True, allow_unused=True, materialize_grads=True,
        )  # fmt: skip
        for slot, gradient in zip(layout.trained, found, strict=True):
            for copy, hit in zip(slot.copies, touched(slot, gradient), strict=True):
                if hit:
                    reached[slot.name, copy.name].add(task.name)
    everybody = {task.name for task in network.tasks}
    declared = {(slot.name, copy.name): everybody if copy.users is None else set(copy.users) for slot, copy in copies}
    assert reached == declared


@every
def test_tasks_with_inputs_of_their_own_pass_the_same_network(case: Case) -> None:
    """Task i's outputs for its own inputs are what it would say if all tasks saw these."""
    network = case.network
    theta, x = shaken(network), inputs(case, signals=len(case.data.tasks))
    own = by_task(network, network(theta, x))
    for place, logits in enumerate(own):
        common = by_task(network, network(theta, x[:, place : place + 1]))
        torch.testing.assert_close(logits, common[place], rtol=1e-4, atol=1e-5)


@every
def test_permuting_the_tasks_permutes_the_outputs(case: Case) -> None:
    names = [task.name for task in case.data.tasks]
    order = names[1:] + names[:1]
    turned = Case(case.recipe, case.data.only(*order))
    found = []
    for each in (case, turned):
        network = each.network
        theta = network.layout.theta(network.layout.unpack(network.layout.initialise((0, 1))))
        outputs = by_task(network, network(theta, inputs(case, signals=1), training()))
        found.append({task.name: logits for task, logits in zip(network.tasks, outputs, strict=True)})
    for name in names:
        torch.testing.assert_close(found[1][name], found[0][name], rtol=1e-4, atol=1e-5)


@every
def test_costs_are_what_the_tensors_and_the_flop_counter_say(case: Case) -> None:
    cost, network = cost_of(case.recipe, case.data), case.network
    assert cost.parameters_total == network.layout.initialise([0])[:, : network.layout.num_trained].shape[1]
    shared = [len(network.layout.owner_sets[owner]) > 1 for owner in network.layout.owners()]
    assert cost.parameters_shared == sum(shared)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(shaken(network), inputs(case, examples=8), training())
    assert counter.get_total_flops() == pytest.approx(2 * cost.multiply_adds * 2 * 8, rel=0.01)
    assert cost.activation_bytes > 0


@trained
def test_a_rows_bits_do_not_depend_on_its_array(case: Case) -> None:
    recipe, everyone = replace(case.recipe, epochs=2), rows(4, dropout=[0.2, 0.0, 0.1])
    together = fit(recipe, case.data, everyone)
    assert {outcome.status for outcome in together} == {"finished"}
    narrow = fit(recipe, case.data, everyone, max_rows=3)
    turned = fit(recipe, case.data, [everyone[i] for i in (3, 1)])
    assert all(same(*pair) for pair in zip(together, narrow, strict=True))
    assert same(turned[0], together[3])
    assert same(turned[1], together[1])


@trained
def test_a_run_that_is_stored_in_the_middle_resumes_to_the_same_bits(case: Case, tmp_path: Path) -> None:
    recipe, everyone = replace(case.recipe, epochs=3), rows(2, dropout=0.1)
    straight, paused = fit(recipe, case.data, everyone), fit(recipe, case.data, everyone, until=1)
    checkpoint.save(tmp_path / "states", {outcome.key: outcome.state for outcome in paused})
    resumed = fit(recipe, case.data, everyone, states=checkpoint.load(tmp_path / "states"))
    assert all(same(*pair) for pair in zip(straight, resumed, strict=True))
