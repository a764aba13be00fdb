"""Per-task gradients, against one backward pass for each task, for every architecture."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.gradients.batch_passes import Batch
from mtl_core.gradients.step_gradient import StepGradient
from mtl_core.gradients.task_gradients import ApartPass, CutPass, task_gradients
from mtl_core.layers.bank import Theta
from mtl_core.layers.dropout import noise_of
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import SharedParameters
from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.testing.cases import Case, shaken
from mtl_core.weighting import GramianWeighting, Weighting
from tests.mtl_core.sharing.cases import every_case
from tests.mtl_core.worlds import shared_columns

pytestmark = pytest.mark.usefixtures("double")

CASES = [case for case in every_case() if case.recipe.sharing != "single_task"]
every = pytest.mark.parametrize("case", CASES, ids=str)


def context() -> ForwardContext:
    noise = noise_of((0, 1), (3, 3), [0.2, 0.4])
    return ForwardContext(
        training=True, noise=noise, progress=torch.zeros(2), streams=Streams((0, 1), "sharing").at([3, 3])
    )


def inputs(case: Case) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(2, case.signals, 9, case.data.num_inputs, generator=generator)


def losses_of(network: Network, outputs: list[torch.Tensor]) -> torch.Tensor:
    """Something that every output of a task enters, without targets."""
    return network.in_order([logits.tanh().square().mean(dim=2) for logits in outputs]).mean(dim=2)


def in_double(network: Network) -> Theta:
    return {slot: value.double().detach().requires_grad_(slot.trained) for slot, value in shaken(network).items()}


def rows_one_by_one(case: Case, network: Network, theta: Theta) -> tuple[torch.Tensor, torch.Tensor]:
    """Losses, and one backward pass for each: gradients on all trained parameters, ``[r, t, p]``."""
    losses = losses_of(network, network(theta, inputs(case), context()))
    leaves = [theta[slot] for slot in network.layout.trained]
    rows = [
        torch.cat([g.flatten(1) for g in torch.autograd.grad(
            losses[:, task].sum(), leaves, retain_graph=True, allow_unused=True, materialize_grads=True
        )], dim=1)
        for task in range(len(network.tasks))
    ]  # fmt: skip
    return losses.detach(), torch.stack(rows, dim=1)


def on_private(network: Network, part: SharedParameters, own: list[torch.Tensor | None]) -> torch.Tensor:
    """The own gradients on private parameters, 0 on the shared ones, ``[r, p]``."""
    ones = torch.ones(2, len(network.tasks))
    return torch.cat(part.gradient(torch.zeros(2, part.size), own, ones, []), dim=1)


WAYS: list[tuple[Case, type, int]] = [(case, CutPass, 0) for case in CASES]
WAYS += [(case, CutPass, 10**9) for case in CASES if case.recipe.backbone in ("mlp", "custom")]
WAYS += [(case, ApartPass, 0) for case in CASES if case.network.trunk.apart(case.signals)]


@pytest.mark.parametrize(
    ("case", "way", "batched_elements"),
    WAYS,
    ids=[f"{case}-{way.__name__}-{bool(elements)}" for case, way, elements in WAYS],
)
def test_every_way_gives_what_one_backward_pass_for_each_task_gives(
    case: Case, way: type, batched_elements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = case.network
    monkeypatch.setattr("mtl_core.gradients.task_gradients._BATCHED_ELEMENTS", batched_elements)
    theta, part = in_double(network), SharedParameters(network.layout)
    found = way(network, theta, inputs(case), context(), lambda outputs: losses_of(network, outputs), part)
    losses, rows = rows_one_by_one(case, network, theta)
    private = rows.sum(dim=1)
    private[:, shared_columns(network.layout)] = 0
    torch.testing.assert_close(found.losses, losses, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found.jacobian, rows[:, :, shared_columns(network.layout)], rtol=1e-8, atol=1e-11)
    torch.testing.assert_close(on_private(network, part, found.own), private, rtol=1e-8, atol=1e-11)
    assert part.size == network.layout.count_shared()


@every
def test_a_weighted_sum_of_the_gradients_takes_one_pass(case: Case) -> None:
    network = case.network
    theta, part = in_double(network), SharedParameters(network.layout)
    found = CutPass(network, theta, inputs(case), context(), lambda outputs: losses_of(network, outputs), part)
    weights = torch.randn(2, len(network.tasks), generator=torch.Generator().manual_seed(8))
    expected = (weights.unsqueeze(2) * found.jacobian).sum(dim=1)
    torch.testing.assert_close(found.combined(weights), expected, rtol=1e-8, atol=1e-11)


def test_tasks_whose_signals_meet_nowhere_take_the_single_pass() -> None:
    """Own inputs or descriptors of their own, and no statistics that examples share."""
    taken = {
        (case.recipe.sharing, case.recipe.backbone)
        for case in CASES
        if case.recipe.backbone in ("mlp", "resnet") and case.signals > 1
        for network in (case.network,)
        for found in (
            task_gradients(
                network, in_double(network), inputs(case), context(), lambda out, n=network: losses_of(n, out),
                SharedParameters(network.layout),
            ),
        )
        if isinstance(found, ApartPass)
    }  # fmt: skip
    alone = ("additive", "concat", "hard", "low_rank", "multiplicative", "relationship")
    assert taken == {(sharing, "mlp") for sharing in alone}


class _Even(GramianWeighting):
    """The tasks' gradients, added up."""

    def weigh(self, step):
        return torch.ones_like(step.losses)


def _in_double(preparation: Preparation) -> Preparation:
    names = ("input_shift", "input_scale", "target_shift", "target_scale")
    return replace(preparation, **{name: getattr(preparation, name).double() for name in names})


@pytest.mark.parametrize("scale", ["matched", "native"])
@pytest.mark.parametrize("case", [case for case in CASES if case.recipe.backbone == "mlp"], ids=str)
def test_even_weights_of_gradients_take_the_step_of_equal_weights(case: Case, scale: str) -> None:
    """Combining the tasks' gradients is the same as differentiating the combined loss."""
    network = case.network
    theta = shaken(network)
    preparations = [prepare(case.data, seed) for seed in (0, 1)]
    examples = replace(
        case.data.examples, inputs=case.data.examples.inputs.double(), targets=case.data.examples.targets.double()
    )
    loader = BatchLoader(examples, [_in_double(preparation) for preparation in preparations])
    labelled = (~case.data.examples.targets.isnan()).T
    signals = [mask.nonzero().squeeze(1)[:6] for mask in labelled[: case.signals]]
    index = torch.stack(signals).expand(2, -1, -1)
    batch = Batch(index, torch.ones(2, len(network.tasks), dtype=torch.bool), context)

    def gradient(method: Weighting) -> torch.Tensor:
        step_gradient = StepGradient(replace(case.recipe, scale=scale), network, theta, loader, method)
        found = step_gradient.direction([batch], {}, Streams((0, 1), "weighting"))
        return torch.cat(found.gradients, dim=1)

    equal = gradient(find("weighting", "equal").cls(network.tasks))
    torch.testing.assert_close(gradient(_Even(network.tasks)), equal, rtol=1e-8, atol=1e-11)
