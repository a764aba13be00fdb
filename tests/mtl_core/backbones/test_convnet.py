"""The convolutional network, against ordinary modules."""

from __future__ import annotations

import pytest
import torch

from mtl_core.backbones.convnet import ConvNet
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from tests.mtl_core.backbones.reference import Plain, values_of
from tests.mtl_core.worlds import TASKS

IMAGE = (3, 9, 8)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("pool", ["flatten", "mean"])
@pytest.mark.parametrize("width", [5, 8])
def test_it_is_what_ordinary_modules_compute(width: int, pool: str) -> None:
    recipe = Recipe(sharing="single_task", backbone="convnet", stages=3, width=width, backbone_options={"pool": pool})
    network = Network(recipe, [TASKS["grade"]], IMAGE)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    x = torch.randn(2, 1, 6, 3 * 9 * 8, requires_grad=True)
    logits = network(theta, x, ForwardContext(training=True))[0]
    weights = torch.randn_like(logits)
    found = torch.autograd.grad((logits * weights).sum(), [x, *(theta[slot] for slot in network.layout.trained)])
    for row in range(2):
        plain = Plain(network.trunk.backbone, "convnet", pool).load(values_of(theta, row))
        image = x[row, 0].detach().view(-1, *IMAGE).requires_grad_()
        expected = plain(image).T
        torch.testing.assert_close(logits[row, 0], expected, rtol=1e-10, atol=1e-10)
        leaves = [image, *plain.parameters()]
        gradients = torch.autograd.grad((expected * weights[row, 0]).sum(), leaves)
        for one, other in zip(found, gradients, strict=True):
            torch.testing.assert_close(one[row].reshape(other.shape), other, rtol=1e-10, atol=1e-10)


def test_where_something_stands_matters_to_flattened_places_and_not_to_their_mean() -> None:
    left, right = torch.zeros(2, 1, 1, 1, 4, 8, 12).unbind()
    left[..., 3:5, 2:4], right[..., 3:5, 8:10] = 1.0, 1.0
    for pool, differs in (("flatten", True), ("mean", False)):
        net = ConvNet((1, 8, 12), 1, 4, pool=pool)
        assert torch.equal(net.leave(left), net.leave(right)) != differs
