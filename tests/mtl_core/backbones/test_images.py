"""What every backbone for images promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from mtl_core.layers.bank import SHARED, private
from mtl_core.layers.dropout import noise_of
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.cost import cost_of
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.registry import find
from mtl_core.training import checkpoint
from mtl_core.training.trainer import fit
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, images, rows

NAMES = ("price", "sold", "grade")
BACKBONES = ("convnet", "resnet")
every_backbone = pytest.mark.parametrize("backbone", BACKBONES)
every_way = pytest.mark.parametrize(
    ("sharing", "depth"), [("hard", 1), ("hard", 2), ("hard", 3), ("independent", None), ("single_task", None)]
)


def recipe(backbone: str, **changes: Any) -> Recipe:
    settings = {"depth": 2, "stages": 3, "width": 8, "batch_size": 31, "epochs": 2}
    return Recipe(backbone=backbone, **(settings | changes))


def network_of(chosen: Recipe, own: bool = False) -> Network:
    world = images(NAMES[: 1 if chosen.sharing == "single_task" else 3], own=own)
    return Network(chosen, world.tasks, world.shape)


def theta_of(network: Network, rows: int = 2):
    return network.layout.theta(network.layout.unpack(network.layout.initialise(range(rows))))


def inputs(signals: int = 1, examples: int = 9) -> torch.Tensor:
    return torch.randn(2, signals, examples, 48, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    ("backbone", "places"),
    [
        ("convnet", [(8, 12), (4, 6), (2, 3), (2, 3), (2, 3)]),
        ("convnet", [(5, 7), (2, 3), (2, 3), (2, 3), (2, 3)]),
        ("resnet", [(8, 12), (8, 12), (4, 6), (2, 3), (2, 3)]),
        ("resnet", [(5, 7), (5, 7), (3, 4), (3, 4), (3, 4)]),
    ],
)
def test_stages_shrink_images_until_little_is_left(backbone: str, places: list[tuple[int, int]]) -> None:
    image = (3, *places[0])
    net = find("backbones", backbone).cls(image, 4, 6)
    assert [net.places_at(level) for level in range(-1, 4)] == places
    h = net.enter(torch.randn(2, 1, 3, net.num_inputs))
    assert h.shape[3:] == image
    for level in range(4):
        stage = net.stage(level, (SHARED,))
        theta = {s: s.initialise(torch.Generator()).expand(2, 1, *s.shape).contiguous() for s in stage.slots}
        before, h = h, stage(theta, h, ForwardContext())
        assert h.shape == (2, 1, 3, net.channels_at(level), *net.places_at(level))
        assert net.fit_to(before, level).shape[4:] == h.shape[4:]
        assert h.shape[net.feature_axis] == net.channels_at(level) == stage.conditioned.outputs
        assert net.shrinks(level) == (before.shape[4:] != h.shape[4:])
    assert net.leave(h).shape == (2, 1, 3, net.num_features)


@every_backbone
@pytest.mark.parametrize("image", [(1, 1, 3), (1, 1, 9), (2, 2, 2), (1, 3, 40)])
def test_small_images_pass_any_number_of_stages(backbone: str, image: tuple[int, int, int]) -> None:
    world = images(image=image)
    deep = recipe(backbone, stages=6, depth=5)
    assert why_infeasible(deep, world) is None
    network = Network(deep, world.tasks, world.shape)
    x = torch.randn(2, 1, 9, world.num_inputs)
    assert all(logits.isfinite().all() for logits in network(theta_of(network), x, ForwardContext(training=True)))


@every_backbone
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("training", [False, True])
@every_way
def test_every_parameter_gets_a_gradient_from_those_who_use_it(
    backbone: str, sharing: str, depth: int | None, own: bool, training: bool
) -> None:
    network = network_of(recipe(backbone, sharing=sharing, depth=depth))
    owners, reached = network.layout.owners(), torch.zeros(network.layout.num_trained, dtype=torch.bool)
    for bank_number, bank in enumerate(network.heads):
        for place, member in enumerate(bank.members):
            theta = theta_of(network)
            outputs = network(theta, inputs(len(network.tasks) if own else 1, 40), ForwardContext(training=training))
            objective = outputs[bank_number][:, place].square().sum()
            gradient = network.layout.pack(network.layout.gradient(objective, theta))
            assert (gradient[:, (owners != 0) & (owners != 1 + member)] == 0).all()
            reached |= (gradient != 0).any(dim=0)
    pieces = reached.split(network.layout.sizes[: len(network.layout.trained)])
    for slot, piece in zip(network.layout.trained, pieces, strict=True):
        assert piece.view(len(slot.copies), -1).any(dim=1).all(), slot.name


@every_backbone
@every_way
def test_tasks_with_inputs_of_their_own_pass_the_same_stages(backbone: str, sharing: str, depth: int | None) -> None:
    """Task i's outputs for its own inputs are what it would say if all tasks saw these."""
    network = network_of(recipe(backbone, sharing=sharing, depth=depth))
    theta, x = theta_of(network), inputs(len(network.tasks))
    own = network(theta, x)
    for bank_number, bank in enumerate(network.heads):
        for place, member in enumerate(bank.members):
            common = network(theta, x[:, member : member + 1])
            torch.testing.assert_close(own[bank_number][:, place], common[bank_number][:, place])


@every_backbone
@every_way
@pytest.mark.parametrize("own", [False, True])
def test_the_cost_is_that_of_the_network(backbone: str, sharing: str, depth: int | None, own: bool) -> None:
    chosen = recipe(backbone, sharing=sharing, depth=depth)
    world = images(NAMES[: 1 if sharing == "single_task" else 3], own=own)
    cost, network = cost_of(chosen, world), Network(chosen, world.tasks, world.shape)
    assert cost.parameters_total == sum(len(slot.copies) * slot.numel for slot in network.layout.trained)
    assert cost.parameters_shared == int(network.layout.shared.sum())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(theta_of(network), inputs(len(world.tasks) if own else 1, examples=7))
    assert counter.get_total_flops() == 2 * cost.multiply_adds * 2 * 7


@every_backbone
def test_large_networks_are_measured_without_memory(backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small = cost_of(recipe(backbone), images())
    monkeypatch.setattr("mtl_core.network.cost.MANY_PARAMETERS", 0)
    assert cost_of(recipe(backbone), images()).multiply_adds == small.multiply_adds


@every_backbone
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"depth": 1, "width": 3, "batch_size": 13, "optimiser": "sgd"},
        {"sharing": "independent", "depth": None, "width": 9, "backbone_options": {"pool": "mean"}},
        {"depth": 3, "width": 16, "weighting": "uncertainty", "backbone_options": {"pool": "flatten"}},
    ],
    ids=str,
)
def test_a_rows_bits_do_not_depend_on_its_array(backbone: str, own: bool, changes: dict[str, Any]) -> None:
    chosen, world, everyone = recipe(backbone, **changes), images(own=own), rows(4, dropout=[0.0, 0.3])
    together = fit(chosen, world, everyone)
    assert {outcome.status for outcome in together} == {"finished"}
    for order, max_rows in (([2], 16), ([3, 0, 1], 2)):
        found = fit(chosen, world, [everyone[i] for i in order], max_rows=max_rows)
        assert all(same(one, together[i]) for one, i in zip(found, order, strict=True))


@every_backbone
def test_pausing_and_resuming_elsewhere_changes_nothing(backbone: str, tmp_path) -> None:
    chosen, world, everyone = recipe(backbone, epochs=3), images(), rows(4, dropout=0.2)
    straight = fit(chosen, world, everyone)
    paused = fit(chosen, world, everyone, until=1)
    checkpoint.save(tmp_path / "rung.safetensors", {outcome.key: outcome.state for outcome in paused})
    survivors = [everyone[i] for i in (3, 1)]
    resumed = fit(chosen, world, survivors, states=checkpoint.load(tmp_path / "rung.safetensors"))
    assert all(same(one, straight[i]) for one, i in zip(resumed, (3, 1), strict=True))


@every_backbone
@pytest.mark.parametrize("own", [False, True])
def test_it_learns(backbone: str, own: bool) -> None:
    chosen = recipe(backbone, epochs=25, batch_size=16)
    for outcome in fit(chosen, images(own=own), rows(2, learning_rate=1e-2)):
        assert outcome.status == "finished"
        first, last = outcome.curves["train_loss"][[0, -1]]
        assert (last < 0.9 * first).all()


@every_backbone
def test_independent_trains_what_single_task_networks_train_alone(backbone: str) -> None:
    """To rounding: how many copies a batched product takes may decide how it rounds."""
    settings = {"depth": None, "scale": "native", "width": 16}
    world, everyone = images(), rows(2, dropout=0.2)
    together = fit(recipe(backbone, sharing="independent", **settings), world, everyone)
    for place, name in enumerate(NAMES):
        alone = fit(recipe(backbone, sharing="single_task", **settings), world.only(name), everyone)
        for one, loop in zip(alone, together, strict=True):
            for curve in ("train_loss", "validation_loss"):
                found, expected = one.curves[curve][:, 0], loop.curves[curve][:, place]
                np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@every_backbone
def test_further_input_channels_are_the_first_stages_alone(backbone: str) -> None:
    net = find("backbones", backbone).cls((2, 6, 8), 3, 5)
    more = net.extended(4)
    assert more.inputs == (6, 6, 8)
    assert type(more) is type(net)
    assert more.num_features == net.num_features
    copies = private(NAMES)
    sizes = [[[s.numel for s in made.stage(level, copies).slots] for level in range(3)] for made in (net, more)]
    assert sizes[0][0] != sizes[1][0]
    assert sizes[0][1:] == sizes[1][1:]


@every_backbone
def test_every_affine_layer_passes_the_adapter(backbone: str) -> None:
    network, seen = network_of(recipe(backbone, sharing="independent", depth=None)), []

    def adapt(layer, theta, x, y):
        assert y.shape[layer.feature_axis] == layer.outputs == layer.weight.shape[0]
        seen.append(layer)
        return y * 1

    theta, plain = theta_of(network), ForwardContext()
    for one, other in zip(network(theta, inputs(), plain.adapted(adapt)), network(theta, inputs()), strict=True):
        torch.testing.assert_close(one, other)
    layers = [layer for stage in network.trunk.networks.stages for layer in stage.layers]
    assert set(seen) == set(layers)
    assert len(seen) == len(layers)
    assert all(stage.conditioned in stage.layers for stage in network.trunk.networks.stages)


@every_backbone
def test_every_stage_drops_some_of_its_output(backbone: str) -> None:
    network = network_of(recipe(backbone, depth=3))
    theta, x = theta_of(network), network.trunk.backbone.enter(inputs())
    noise = noise_of([0, 1], [0, 0], [0.0, 0.5])
    for stage in network.trunk.trunk.stages:
        kept, dropped = stage(theta, x, ForwardContext()), stage(theta, x, ForwardContext(noise=noise))
        assert torch.equal(kept[0], dropped[0])
        torch.testing.assert_close(dropped[1], torch.where(dropped[1] == 0, 0.0, 2 * kept[1]))
        share = (dropped[1] == 0)[kept[1] != 0].float().mean().item()
        assert share == pytest.approx(0.5, abs=0.1)
        x = kept


@every_backbone
def test_tables_are_no_images(backbone: str) -> None:
    assert "needs images" in (why_infeasible(recipe(backbone), development(NAMES)) or "")
    assert why_infeasible(recipe(backbone), images()) is None


@pytest.mark.parametrize("own", [False, True])
def test_a_perceptron_takes_images_as_rows_of_pixels(own: bool) -> None:
    world, everyone = images(own=own), rows(2)
    outcomes = fit(recipe("mlp"), world, everyone)
    flat = fit(recipe("mlp"), world.__class__(**{**world.__dict__, "image": None}), everyone)
    assert all(same(one, other) for one, other in zip(outcomes, flat, strict=True))
