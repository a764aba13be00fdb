"""The residual network, against ordinary modules, and where its running statistics go."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Examples
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.training.evaluation import score_examples_on
from mtl_core.training.trainer import fit
from tests.mtl_core.backbones.reference import Plain, values_of
from tests.mtl_core.worlds import TASKS, images, rows

IMAGE = (3, 9, 8)


def plain_of(network: Network, theta: Theta, row: int, pool: str = "mean") -> Plain:
    return Plain(network.trunk.backbone, "resnet", pool).load(values_of(theta, row))


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("pool", ["flatten", "mean"])
@pytest.mark.parametrize("width", [3, 8])
def test_it_is_what_ordinary_modules_compute(width: int, pool: str) -> None:
    recipe = Recipe(sharing="single_task", backbone="resnet", stages=3, width=width, backbone_options={"pool": pool})
    network = Network(recipe, [TASKS["grade"]], IMAGE)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    plains = [plain_of(network, theta, row, pool) for row in range(2)]
    trained = [theta[slot] for slot in network.layout.trained]
    for _ in range(2):
        x = torch.randn(2, 1, 6, 3 * 9 * 8, requires_grad=True)
        logits = network(theta, x, ForwardContext(training=True))[0]
        weights = torch.randn_like(logits)
        found = torch.autograd.grad((logits * weights).sum(), [x, *trained])
        for row, plain in enumerate(plains):
            image = x[row, 0].detach().view(-1, *IMAGE).requires_grad_()
            expected = plain(image).T
            torch.testing.assert_close(logits[row, 0], expected, rtol=1e-10, atol=1e-10)
            leaves = [image, *plain.parameters()]
            gradients = torch.autograd.grad((expected * weights[row, 0]).sum(), leaves)
            for one, other in zip(found, gradients, strict=True):
                torch.testing.assert_close(one[row].reshape(other.shape), other, rtol=1e-10, atol=1e-10)
            kept = [b for name, b in plain.named_buffers() if "running" in name]
            for slot, other in zip(network.layout.buffers, kept, strict=True):
                torch.testing.assert_close(theta[slot][row, 0], other, rtol=1e-10, atol=1e-10)
    x = torch.randn(2, 1, 6, 3 * 9 * 8)
    for row, plain in enumerate(plains):
        expected = plain.eval()(x[row, 0].view(-1, *IMAGE)).T
        torch.testing.assert_close(network(theta, x)[0][row, 0], expected, rtol=1e-10, atol=1e-10)


def test_a_shared_copy_normalises_all_tasks_examples_as_one_batch() -> None:
    world = images(own=True)
    recipe = Recipe(backbone="resnet", depth=1, stages=2, width=4)
    network = Network(recipe, world.tasks, world.shape)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    x = torch.randn(2, 3, 10, 48) + torch.tensor([0.0, 5.0, 10.0]).view(3, 1, 1)
    network(theta, x, ForwardContext(training=True))
    buffers = {slot.name: theta[slot] for slot in network.layout.buffers}
    weight = next(theta[slot] for slot in network.layout.trained if slot.name == "stage0.shortcut.weight")
    everything = torch.einsum("rgbs,roq->rogbs", x, weight.detach().flatten(1, 2).flatten(2)).flatten(2)
    torch.testing.assert_close(buffers["stage0.shortcut.norm.mean"][:, 0], 0.1 * everything.mean(dim=2))
    assert buffers["stage1.first.norm.mean"].shape[1] == 3


def test_the_selected_epochs_statistics_are_those_that_score() -> None:
    world = images(("grade",), examples=200)
    recipe = Recipe(sharing="single_task", backbone="resnet", stages=2, width=4, batch_size=32, epochs=6)
    everyone = rows(4, learning_rate=[3e-3, 0.1])
    network = Network(recipe, world.tasks, world.shape)
    outcomes = fit(recipe, world, everyone)
    earlier = [outcome for outcome in outcomes if outcome.selected_epoch < outcome.epochs - 1]
    assert earlier, "every row selected its last epoch: nothing was tested"
    test = Examples(world.examples.inputs[:50] * 1.5, world.examples.targets[:50])
    for outcome in earlier:
        row = next(row for row in everyone if row.key == outcome.key)
        selected, buffers = outcome.selected, slice(network.layout.num_trained, None)
        assert not torch.equal(selected[buffers], outcome.state["parameters"][buffers])
        (score,) = score_examples_on(recipe, world, test, [row], selected[None])
        plain = plain_of(network, network.layout.theta(network.layout.unpack(selected[None])), 0)
        preparation = prepare(world, row.seed)
        x = (test.inputs - preparation.input_shift) * preparation.input_scale
        found = plain.eval()(x.view(-1, *world.shape)).argmax(dim=1)
        assert torch.equal(torch.from_numpy(score.example_scores[0]), (found == test.targets[:, 0]).float())


def test_one_pixel_has_no_statistics() -> None:
    assert "one pixel" in (why_infeasible(Recipe(backbone="resnet", depth=1), images(image=(3, 1, 1))) or "")
    assert why_infeasible(Recipe(backbone="resnet", depth=1), images(image=(3, 1, 2))) is None
