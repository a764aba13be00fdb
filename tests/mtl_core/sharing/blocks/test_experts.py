"""Banks of experts, and how a level mixes them, for signals of any shape."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.layers.activations import ACTIVATIONS
from mtl_core.layers.bank import SHARED, Copy, Theta
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.layers.linear import Linear
from mtl_core.layers.parameter_layout import Layout
from mtl_core.sharing import Sharing
from mtl_core.sharing.blocks.experts import OwnExperts, SharedExperts, level_input
from mtl_core.sharing.cgc import CGC
from mtl_core.sharing.dselect_k import DSelectK
from mtl_core.sharing.mmoe import MMoE
from mtl_core.sharing.omoe import OMoE
from mtl_core.sharing.ple import PLE

TASKS = ("a", "b", "c")


class Places(Backbone):
    """Two features at each of twelve inputs' six places; features last (tokens) or before their places (images)."""

    def __init__(self, axis: int) -> None:
        super().__init__((12,), 3, 5)
        self.feature_axis = axis

    def channels_at(self, level: int) -> int:
        return self.width if level >= 0 else 2

    def enter(self, x: Tensor) -> Tensor:
        return x.unflatten(3, (6, 2)) if self.feature_axis == -1 else x.unflatten(3, (2, 3, 2))

    def leave(self, h: Tensor) -> Tensor:
        return h.movedim(self.feature_axis, -1).flatten(3, -2).mean(dim=3)

    @property
    def num_features(self) -> int:
        return self.width

    def stage(self, level: int, copies: tuple[Copy, ...]) -> Stage:
        return Stage(self, level, copies)


class Stage:
    """An affine map of the features of each place."""

    def __init__(self, backbone: Places, level: int, copies: tuple[Copy, ...]) -> None:
        self.copies, self._axis = copies, backbone.feature_axis
        self.conditioned = Linear(f"stage{level}", copies, backbone.channels_at(level - 1), backbone.width)
        self.layers, self.slots = (self.conditioned,), self.conditioned.slots

    def __call__(self, theta: Theta, x: Tensor, context: ForwardContext) -> Tensor:
        y = self.conditioned(theta, x.movedim(self._axis, -1), ACTIVATIONS["tanh"])
        return context.drop(y.movedim(-1, self._axis), self.copies)


def shaken(parts, rows: int = 2) -> Theta:
    layout = Layout([slot for part in parts for slot in part.slots], TASKS)
    generator = torch.Generator().manual_seed(1)
    return {slot: 0.7 * torch.randn(rows, len(slot.copies), *slot.shape, generator=generator) for slot in layout.slots}


def inputs(signals: int) -> Tensor:
    return torch.randn(2, signals, 7, 12, generator=torch.Generator().manual_seed(2))


ARCHITECTURES = [
    (MMoE, {"experts": 3}),  # as many experts as tasks: neither may pass for the other
    (MMoE, {"experts": 2}),
    (OMoE, {"experts": 3}),
    (CGC, {"shared_experts": 2, "own_experts": 2}),
    (CGC, {"shared_experts": 1, "own_experts": 3}),
    (PLE, {"shared_experts": 2, "own_experts": 2}),
    (PLE, {"shared_experts": 3, "own_experts": 1}),
    (DSelectK, {"experts": 4}),
    (DSelectK, {"experts": 4, "gate": "example"}),
]


@pytest.mark.parametrize("axis", [-1, 3], ids=["tokens", "images"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(("sharing", "options"), ARCHITECTURES, ids=str)
def test_own_inputs_pass_as_common_ones_would(sharing: type[Sharing], options, depth: int, axis: int) -> None:
    architecture = sharing(Places(axis), TASKS, depth, **options)
    theta, x = shaken(architecture.parts), inputs(3)
    own = architecture(theta, x, EVALUATION)
    assert own.shape == (2, 3, 7, 5)
    for task in range(3):
        common = architecture(theta, x[:, task : task + 1], EVALUATION).expand(-1, 3, -1, -1)
        torch.testing.assert_close(own[:, task], common[:, task])


@pytest.mark.parametrize("number", [1, 2, 3])
def test_shared_experts_see_every_signal(number: int) -> None:
    experts = SharedExperts(Places(-1), range(2), number)
    theta, x = shaken([experts]), Places(-1).enter(inputs(3))
    found = experts(theta, x, EVALUATION)
    assert found.shape == (2, number, 3, 7, 6, 5)
    for expert in range(number):
        h = x
        for slot in (0, 2):
            weight, bias = (theta[experts.slots[slot + part]][:, expert] for part in (0, 1))
            h = torch.tanh(torch.einsum("rtbni,rio->rtbno", h, weight) + bias.view(2, 1, 1, 1, -1))
        torch.testing.assert_close(found[:, expert], h)


@pytest.mark.parametrize("signals", [1, 3])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_own_experts_see_their_tasks_signal(number: int, signals: int) -> None:
    experts = OwnExperts(Places(-1), range(1), TASKS, number, reached=False)
    theta, x = shaken([experts]), Places(-1).enter(inputs(signals))
    found = experts(theta, x, EVALUATION)
    assert found.shape == (2, number, 3, 7, 6, 5)
    for task in range(3):
        for expert in range(number):
            weight, bias = (theta[slot][:, task * number + expert] for slot in experts.slots)
            h = torch.einsum("rbni,rio->rbno", x[:, task % signals], weight) + bias.view(2, 1, 1, -1)
            torch.testing.assert_close(found[:, expert, task], torch.tanh(h))


def test_the_first_of_each_kind_has_the_name_that_it_has_elsewhere() -> None:
    shared = SharedExperts(Places(-1), range(1), 3)
    assert [copy.name for copy in shared.slots[0].copies] == [SHARED.name, "shared 2", "shared 3"]
    own = OwnExperts(Places(-1), range(1), TASKS[:2], 2, reached=False)
    assert [copy.name for copy in own.slots[0].copies] == ["a", "a 2", "b", "b 2"]
    assert [copy.users for copy in own.slots[0].copies] == [{"a"}, {"a"}, {"b"}, {"b"}]
    reached = OwnExperts(Places(-1), range(1), TASKS[:2], 1, reached=True)
    assert [copy.users for copy in reached.slots[0].copies] == [None, None]


def test_gates_see_the_mean_over_places() -> None:
    h = torch.randn(2, 3, 7, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    images, tokens, features = level_input(h, 3), level_input(h[..., 0], -1), level_input(h[..., 0, 0], -1)
    torch.testing.assert_close(images.gates, h.mean(dim=(4, 5)))
    torch.testing.assert_close(tokens.gates, h[..., 0].mean(dim=3))
    assert features.gates is features.experts
    assert images.experts is h
