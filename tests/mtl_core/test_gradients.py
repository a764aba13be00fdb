"""Per-task gradients, against one backward pass for each task, for every architecture."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.data.feed import Feed
from mtl_core.data.preparation import Preparation, prepare
from mtl_core.descent import Batch, Descent
from mtl_core.gradients import SharedPart, TaskGradients, matched, task_gradients
from mtl_core.layers.bank import Theta
from mtl_core.mode import Mode
from mtl_core.network import Network
from mtl_core.registry import find
from mtl_core.streams import Streams
from mtl_core.weighting import GramianWeighting, Weighting
from tests.mtl_core.sharing.cases import Case, every_case, shaken

pytestmark = pytest.mark.usefixtures("double")

CASES = [case for case in every_case() if case.recipe.sharing != "single_task"]
every = pytest.mark.parametrize("case", CASES, ids=str)


def mode() -> Mode:
    return Mode(training=True, progress=torch.zeros(2), streams=Streams((0, 1), "sharing").at([3, 3]))


def inputs(case: Case) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(2, case.signals, 9, case.data.num_inputs, generator=generator)


def losses_of(network: Network, outputs: list[torch.Tensor]) -> torch.Tensor:
    """Something that every output of a task enters, without targets."""
    return network.in_order([logits.tanh().square().mean(dim=2) for logits in outputs]).mean(dim=2)


def found_by_the_engine(case: Case, network: Network, theta: Theta) -> TaskGradients:
    part = SharedPart(network.layout)
    return task_gradients(network, theta, inputs(case), mode(), lambda outputs: losses_of(network, outputs), part)


@every
def test_the_jacobian_is_what_one_backward_pass_for_each_task_gives(case: Case) -> None:
    network = case.network
    theta = {slot: value.double().detach().requires_grad_(slot.trained) for slot, value in shaken(network).items()}
    found = found_by_the_engine(case, network, theta)
    layout, part = network.layout, SharedPart(network.layout)
    losses = losses_of(network, network(theta, inputs(case), mode()))
    leaves = [theta[slot] for slot in layout.trained]
    rows = [
        torch.cat([g.flatten(1) for g in torch.autograd.grad(
            losses[:, task].sum(), leaves, retain_graph=True, allow_unused=True, materialize_grads=True
        )], dim=1)
        for task in range(len(network.tasks))
    ]  # fmt: skip
    reference = torch.stack(rows, dim=1)
    torch.testing.assert_close(found.losses, losses.detach(), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found.jacobian, reference[:, :, part.columns], rtol=1e-8, atol=1e-11)
    torch.testing.assert_close(found.own, reference.sum(dim=1), rtol=1e-8, atol=1e-11)
    torch.testing.assert_close(found.gramian, found.jacobian @ found.jacobian.mT)
    assert len(part.columns) == layout.count_shared()


class _Even(GramianWeighting):
    """The tasks' gradients, added up."""

    def weigh(self, gramian, losses, present, state, streams):
        return torch.ones_like(losses)


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
    feed = Feed(examples, [_in_double(preparation) for preparation in preparations])
    labelled = (~case.data.examples.targets.isnan()).T
    signals = [mask.nonzero().squeeze(1)[:6] for mask in labelled[: case.signals]]
    index = torch.stack(signals).expand(2, -1, -1)
    batch = Batch(index, torch.ones(2, len(network.tasks), dtype=torch.bool), mode)

    def gradient(method: Weighting) -> torch.Tensor:
        descent = Descent(network, theta, feed, method, scale)
        found = descent.direction([batch], {}, Streams((0, 1), "weighting"))
        return torch.cat(found.gradients, dim=1)

    equal = gradient(find("weighting", "equal").cls(network.tasks))
    torch.testing.assert_close(gradient(_Even(network.tasks)), equal, rtol=1e-8, atol=1e-11)


def test_a_direction_without_weights_is_as_long_as_the_mean_gradient() -> None:
    jacobian = torch.randn(3, 4, 7, generator=torch.Generator().manual_seed(1))
    jacobian[2] = 0
    present = torch.ones(3, 4)
    present[1, 3] = 0
    jacobian[1, 3] = 0
    direction = torch.randn(3, 7, generator=torch.Generator().manual_seed(2))
    found = matched(direction, jacobian, present, "matched")
    means = torch.stack([jacobian[0].mean(dim=0), jacobian[1, :3].mean(dim=0), jacobian[2].mean(dim=0)])
    torch.testing.assert_close(found.norm(dim=1), means.norm(dim=1))
    torch.testing.assert_close(found[0] / found[0].norm(), direction[0] / direction[0].norm())
    assert torch.equal(matched(direction, jacobian, present, "native"), direction)
