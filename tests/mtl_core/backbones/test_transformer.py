"""The transformer equals ordinary modules, and its rows do not meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.backbones import extend
from mtl_core.backbones.transformer import Transformer
from mtl_core.data.task_set import Development
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import SHARED, private
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.cost import cost_of
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.sharing import Chain
from mtl_core.training.trainer import fit
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, own_inputs, rows

TABLE, IMAGE = (5,), (2, 5, 3)


class Plain(nn.Module):
    """A transformer of torch's own layers, with the head that reads the first token left to the caller."""

    def __init__(self, inputs: Sequence[int], stages: int, width: int, heads: int, expansion: int, patch: int) -> None:
        super().__init__()
        self.inputs, self.patch = inputs, patch
        if len(inputs) == 3:
            self.kernel = nn.Parameter(torch.zeros(width, inputs[0] * patch**2))
            self.bias = nn.Parameter(torch.zeros(width))
            places = -(-inputs[1] // patch) * -(-inputs[2] // patch)
            self.positions = nn.Parameter(torch.zeros(places, width))
        else:
            self.weight, self.bias = (nn.Parameter(torch.zeros(inputs[0], width)) for _ in range(2))
        self.first = nn.Parameter(torch.zeros(width))
        layer = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(width, heads, expansion * width, **layer) for _ in range(stages)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        if len(self.inputs) == 3:
            images = x.view(-1, *self.inputs)
            fill = (0, -self.inputs[2] % self.patch, 0, -self.inputs[1] % self.patch)
            kernel = self.kernel.view(-1, self.inputs[0], self.patch, self.patch)
            maps = nn.functional.conv2d(nn.functional.pad(images, fill), kernel, self.bias, stride=self.patch)
            tokens = maps.flatten(2).transpose(1, 2) + self.positions
        else:
            tokens = x.unsqueeze(2) * self.weight + self.bias
        h = torch.cat([self.first.expand(len(x), 1, -1), tokens], dim=1)
        for block in self.blocks:
            h = block(h)
        return self.norm(h)[:, 0]

    def named(self) -> dict[str, tuple[Tensor, bool]]:
        """The engine's name of every parameter, and whether it stands transposed there."""
        found = {"stage0.cls": (self.first, False), f"stage{len(self.blocks) - 1}.norm.gain": (self.norm.weight, False)}
        found[f"stage{len(self.blocks) - 1}.norm.shift"] = (self.norm.bias, False)
        if len(self.inputs) == 3:
            found |= {"stage0.tokens.weight": (self.kernel, True), "stage0.positions": (self.positions, False)}
        else:
            found["stage0.tokens.weight"] = (self.weight, False)
        found["stage0.tokens.bias"] = (self.bias, False)
        for level, block in enumerate(self.blocks):
            assert isinstance(block, nn.TransformerEncoderLayer)
            for name, layer in (("attention.norm", block.norm1), ("mlp.norm", block.norm2)):
                found[f"stage{level}.{name}.gain"] = (layer.weight, False)
                found[f"stage{level}.{name}.shift"] = (layer.bias, False)
            attention = block.self_attn
            found[f"stage{level}.attention.projections.weight"] = (attention.in_proj_weight, True)
            found[f"stage{level}.attention.projections.bias"] = (attention.in_proj_bias, False)
            affine = {"attention.output": attention.out_proj, "mlp.hidden": block.linear1, "mlp.output": block.linear2}
            for name, layer in affine.items():
                found[f"stage{level}.{name}.weight"] = (layer.weight, True)
                found[f"stage{level}.{name}.bias"] = (layer.bias, False)
        return found


def image_world(**settings: Any) -> Development:
    return replace(development(inputs=30, **settings), image=IMAGE)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("inputs", [TABLE, IMAGE])
@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize("options", [{"heads": 2}, {"heads": 1, "expansion": 3, "patch": 3}], ids=str)
def test_values_and_gradients_are_those_of_ordinary_modules(
    inputs: tuple[int, ...], stages: int, options: Mapping[str, int]
) -> None:
    options = {"heads": 4, "expansion": 2, "patch": 2, **options}
    backbone = Transformer(inputs, stages, 6, **options)
    chain = Chain(backbone, range(stages), private(("a", "b")))
    layout = Layout(chain.slots, ("a", "b"))
    theta = layout.theta(layout.unpack(layout.initialise((0, 1))))
    x = torch.randn(2, 2, 4, backbone.num_inputs, requires_grad=True)
    found = backbone.leave(chain(theta, backbone.enter(x), EVALUATION))
    cotangent = torch.randn(2, 2, 4, 6)
    leaves = {slot.name: theta[slot] for slot in layout.trained}
    gradients = torch.autograd.grad((found * cotangent).sum(), [x, *leaves.values()])
    for row in range(2):
        for place in range(2):
            plain = Plain(inputs, stages, 6, **options)
            named = plain.named()
            assert named.keys() == leaves.keys()
            with torch.no_grad():
                for name, (parameter, transposed) in named.items():
                    value = leaves[name][row, place]
                    parameter.copy_(value.T if transposed else value)
            own = x.detach()[row, place].requires_grad_()
            expected = plain(own)
            torch.testing.assert_close(found[row, place], expected, rtol=1e-10, atol=1e-10)
            parameters = [parameter for parameter, _ in named.values()]
            wanted = torch.autograd.grad((expected * cotangent[row, place]).sum(), [own, *parameters])
            torch.testing.assert_close(gradients[0][row, place], wanted[0], rtol=1e-10, atol=1e-10)
            by_name = dict(zip(leaves, gradients[1:], strict=True))
            for (name, (_, transposed)), other in zip(named.items(), wanted[1:], strict=True):
                torch.testing.assert_close(
                    by_name[name][row, place], other.T if transposed else other, rtol=1e-10, atol=1e-10
                )


@pytest.mark.parametrize("inputs", [TABLE, IMAGE])
def test_every_affine_layer_offers_itself_to_an_architecture(inputs: tuple[int, ...]) -> None:
    backbone, seen = Transformer(inputs, 2, 8), []
    stages = [backbone.stage(level, (SHARED,)) for level in range(2)]
    layout = Layout([slot for stage in stages for slot in stage.slots], ("a",))
    theta = layout.theta(layout.unpack(layout.initialise((0, 1))))

    def adapt(layer: Any, theta: Any, x: Tensor, y: Tensor) -> Tensor:
        assert y.shape[layer.feature_axis] == layer.outputs
        assert layer.low_rank((SHARED,), 2)(zeros(layer.low_rank((SHARED,), 2)), x).shape == y.shape
        seen.append(layer)
        return y

    def zeros(correction: Any) -> Any:
        return _Everything(correction.slots)

    h = backbone.enter(torch.randn(2, 1, 3, backbone.num_inputs))
    for level, stage in enumerate(stages):
        assert h.shape[backbone.feature_axis] == backbone.channels_at(level - 1)
        h = stage(theta, h, ForwardContext().adapted(adapt))
    assert seen == [layer for stage in stages for layer in stage.layers]
    assert all(stage.conditioned in stage.layers for stage in stages)
    assert all(stage.conditioned.name == f"stage{level}.mlp.hidden" for level, stage in enumerate(stages))


class _Everything(dict):  # type: ignore[type-arg]
    """Zeros for slots that are equal in shape, if not in identity, to those that were asked for."""

    def __init__(self, slots: Sequence[Any]) -> None:
        super().__init__({slot.name: torch.zeros(2, 1, *slot.shape) for slot in slots})

    def __getitem__(self, slot: Any) -> Tensor:
        return super().__getitem__(slot.name)


@pytest.mark.parametrize(("inputs", "tokens"), [(TABLE, 7), (IMAGE, 6)])
def test_further_features_are_tokens_of_a_table_and_channels_of_an_image(inputs: tuple[int, ...], tokens: int) -> None:
    """Two further ones: table 5 + 2 columns, image 3 · 2 patches as before."""
    backbone = Transformer(inputs, 1, 8)
    wider = backbone.extended(2)
    x = extend(torch.randn(2, 1, 4, backbone.num_inputs), FixedTensor(torch.eye(2)), inputs)
    assert wider.inputs == (inputs[0] + 2, *inputs[1:])
    chain = Chain(wider, range(1), (SHARED,))
    layout = Layout(chain.slots, ("a",))
    theta = layout.theta(layout.unpack(layout.initialise((0, 1))))
    assert chain(theta, wider.enter(x), EVALUATION).shape == (2, 2, 4, tokens + 1, 8)


RECIPE = Recipe(depth=1, stages=2, width=6, batch_size=31, epochs=2, backbone="transformer")


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("images", [False, True])
def test_a_row_has_the_same_bits_in_any_array(images: bool, heads: int) -> None:
    data = image_world(examples=90) if images else development(examples=90)
    recipe, everyone = replace(RECIPE, backbone_options={"heads": heads}), rows(5, dropout=[0.0, 0.3])
    together = fit(recipe, data, everyone)
    for chosen in ([3], [4, 1], [2, 1, 0]):
        for i, outcome in zip(chosen, fit(recipe, data, [everyone[i] for i in chosen]), strict=True):
            assert same(outcome, together[i]), f"row {i} in {chosen}"
    assert all(same(one, other) for one, other in zip(fit(recipe, data, everyone, max_rows=2), together, strict=True))


@pytest.mark.parametrize("data", [development(), image_world(), own_inputs()], ids=["table", "image", "own inputs"])
def test_it_learns(data: Development) -> None:
    recipe = replace(RECIPE, width=16, epochs=12)
    for outcome in fit(recipe, data, rows(2, learning_rate=1e-2, dropout=0.1)):
        assert outcome.status == "finished"
        losses = outcome.curves["train_loss"].mean(axis=1)
        assert losses[-1] < 0.85 * losses[0]
    assert cost_of(recipe, data).multiply_adds > 0


def test_what_cannot_be_built_says_why() -> None:
    def reason(width: int = 12, **options: Any) -> str:
        return why_infeasible(replace(RECIPE, width=width, backbone_options=options), development()) or ""

    assert reason() == reason(heads=3) == ""
    assert "divide its width, 10" in reason(width=10)
    assert "found heads 0, patch -1" in reason(heads=0, patch=-1)
