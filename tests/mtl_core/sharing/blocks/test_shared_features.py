"""The shared layer between attentions: one map for all tasks, with each task's own statistics."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import batch_norm, conv2d

from mtl_core.backbones import Backbone
from mtl_core.backbones.convnet import ConvNet
from mtl_core.backbones.mlp import MLP
from mtl_core.layers.bank import Theta
from mtl_core.layers.feature_norm import Norm
from mtl_core.sharing.blocks.shared_features import SharedFeatures

TASKS, WIDTH = ("ant", "bee", "cow"), 8


def layer_of(backbone: Backbone, norm: Norm) -> tuple[SharedFeatures, Theta]:
    layer, generator = SharedFeatures("features1", backbone, 1, norm, TASKS), torch.Generator().manual_seed(3)
    return layer, {slot: torch.randn(2, len(slot.copies), *slot.shape, generator=generator) for slot in layer.slots}


def by_hand(theta: Theta, g: Tensor, norm: str) -> Tensor:
    """One row's and task's signal: features, or an image's maps."""
    values = {slot.name.removeprefix("features1"): value for slot, value in theta.items()}
    weight, bias = values[".weight"], values[".bias"]
    y = g @ weight + bias if g.ndim == 2 else conv2d(g, weight, bias, padding=1)
    if norm == "batch":
        y = batch_norm(y, None, None, values[".norm.gain"], values[".norm.shift"], training=True)
    return torch.relu(y)


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize(
    ("backbone", "places"),
    [(MLP((5,), 2, WIDTH), ()), (ConvNet((1, 8, 12), 2, WIDTH), (4, 6))],
    ids=["features", "maps"],
)
def test_every_tasks_signal_passes_the_same_map(backbone: Backbone, places: tuple[int, ...], norm: Norm) -> None:
    layer, theta = layer_of(backbone, norm)
    g = torch.randn(2, 3, 6, WIDTH, *places, generator=torch.Generator().manual_seed(4))
    found = layer(theta, g, training=True)
    assert found.shape == g.shape
    for row in range(2):
        for task in range(3):
            own = {slot: value[row, 0] for slot, value in theta.items()}
            torch.testing.assert_close(found[row, task], by_hand(own, g[row, task], norm), rtol=1e-4, atol=1e-4)


def test_a_tasks_features_do_not_depend_on_the_other_tasks_signals() -> None:
    layer, theta = layer_of(MLP((5,), 2, WIDTH), "batch")
    g = torch.randn(2, 3, 6, WIDTH).requires_grad_()
    (slope,) = torch.autograd.grad(layer(theta, g, training=True)[:, 0].square().sum(), g)
    assert slope[:, 0].ne(0).any()
    assert not slope[:, 1:].any()
