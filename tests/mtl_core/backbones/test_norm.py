"""Norms inside the stages of every backbone that has the choice: against ordinary modules, under every way to share."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from mtl_core.testing.cases import Case, cases_of
from mtl_core.testing.training import check_training
from tests.mtl_core.backbones.reference import Values, values_of
from tests.mtl_core.worlds import TASKS

IMAGE = (3, 9, 8)
NORMS = ("layer", "batch")


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of every place."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.movedim(1, -1)).movedim(-1, 1)


def plain(backbone: str, norm: str, width: int) -> nn.Sequential:
    """Two stages and a head of three classes."""
    if backbone == "mlp":
        norms = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}[norm]
        layers = [
            nn.Linear(3 * 9 * 8, width),
            norms(width),
            nn.ReLU(),
            nn.Linear(width, width),
            norms(width),
            nn.ReLU(),
        ]
        return nn.Sequential(*layers, nn.Linear(width, 3))
    norms, inputs = {"layer": ChannelNorm, "batch": nn.BatchNorm2d}[norm], 3
    layers: list[nn.Module] = []
    for _ in range(2):
        layers += [nn.Conv2d(inputs, width, 3, padding=1), norms(width), nn.ReLU(), nn.MaxPool2d(2)]
        inputs = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * 2 * 2, 3))


def load(network: nn.Sequential, values: Values) -> None:
    """Take over the engine's parameters: weights of linear stages are transposed there."""
    level = -1
    for layer in network:
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer.weight.shape[0] != 3:
            level += 1
            weight = values[f"stage{level}.weight"]
            layer.weight.data.copy_(weight.T if isinstance(layer, nn.Linear) else weight)
            layer.bias.data.copy_(values[f"stage{level}.bias"])
        elif isinstance(layer, nn.Linear):
            layer.weight.data.copy_(values["head.multiclass3.weight"])
            layer.bias.data.copy_(values["head.multiclass3.bias"])
        elif isinstance(layer, nn.LayerNorm | nn.BatchNorm1d | nn.BatchNorm2d):
            layer.weight.data.copy_(values[f"stage{level}.norm.gain"])
            layer.bias.data.copy_(values[f"stage{level}.norm.shift"])


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("backbone", ["mlp", "convnet"])
def test_stages_are_what_ordinary_modules_compute_in_training_and_in_evaluation(backbone: str, norm: str) -> None:
    recipe = Recipe(sharing="single_task", backbone=backbone, stages=2, width=8, backbone_options={"norm": norm})
    network = Network(recipe, [TASKS["grade"]], IMAGE)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for slot in network.layout.trained:
            theta[slot].add_(0.1 * torch.randn(theta[slot].shape, generator=generator))
    modules = [plain(backbone, norm, 8) for _ in range(2)]
    for row, module in enumerate(modules):
        load(module, values_of(theta, row))
    for training in (True, True, False):
        x = torch.randn(2, 1, 6, 3 * 9 * 8, generator=generator)
        found = network(theta, x, ForwardContext(training=True) if training else EVALUATION)[0]
        for row, module in enumerate(modules):
            module.train(training)
            expected = module(x[row, 0] if backbone == "mlp" else x[row, 0].view(-1, *IMAGE)).T
            torch.testing.assert_close(found[row, 0], expected, rtol=1e-9, atol=1e-9)


CASES = [
    case
    for sharing in entries("sharing")
    for backbone, norm in (("mlp", "batch"), ("convnet", "batch"), ("convnet", "layer"))
    for case in cases_of(sharing, backbone, stages=2, width=8, batch_size=13, epochs=2, backbone_options={"norm": norm})
    if case.trains
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_way_to_share_trains_with_it_and_no_row_sees_its_neighbours(case: Case) -> None:
    check_training(case)
