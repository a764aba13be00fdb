"""A user's modules train as they would alone, and their rows do not meet."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.backbones.custom import Custom
from mtl_core.errors import UserError
from mtl_core.layers.bank import Theta, private
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.cost import cost_of
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import Streams
from mtl_core.randomness.seeding import generator
from mtl_core.recipe import Recipe
from mtl_core.registry import find
from mtl_core.training import checkpoint
from mtl_core.training.trainer import fit
from study.planning.options import checked_options
from tests.mtl_core.backbones import example_modules as user
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, own_inputs, rows

HERE = "tests.mtl_core.backbones.example_modules"
COPIES = private(("a", "b"))
SEEDS = (0, 1, 2)
TABLE, IMAGE, WIDTH = (6,), (2, 4, 4), 5
KINDS: dict[str, tuple[Callable[..., nn.Module], tuple[int, ...]]] = {
    "affine": (user.affine, TABLE),
    "convolution": (user.convolution, IMAGE),
    "maps": (user.maps, IMAGE),
    "normalised": (user.normalised, TABLE),
    "batch_norm": (user.batch_norm, TABLE),
    "Attending": (user.Attending, TABLE),
    "overwriting": (user.overwriting, TABLE),
    "Recurrent": (user.Recurrent, TABLE),
    "Looking": (user.Looking, TABLE),
    "Masking": (user.Masking, TABLE),
    "Tied": (user.Tied, TABLE),
    "Counting": (user.Counting, TABLE),
    "Visiting": (user.Visiting, TABLE),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def alone(kind: str, seed: int, task: str) -> nn.Module:
    """The module as its user would make it, from the seed that the engine gives the copy."""
    factory, inputs = KINDS[kind]
    asked = {"inputs": inputs, "width": WIDTH}
    torch.manual_seed(generator(seed, "init", "stage0", task).initial_seed())
    names = {"Tied": ["inputs"], "Recurrent": ["width"]}.get(kind, ["inputs", "width"])
    return factory(**{name: asked[name] for name in names})


def bank_of(kind: str, seeds: tuple[int, ...] = SEEDS) -> tuple[Custom, Any, Theta]:
    backbone = Custom(KINDS[kind][1], 1, WIDTH, modules=(f"{HERE}:{kind}",))
    bank = backbone.stage(0, COPIES)
    layout = Layout(bank.slots, ("a", "b"))
    return backbone, bank, layout.theta(layout.unpack(layout.initialise(seeds)))


@pytest.mark.usefixtures("double")
@every_kind
def test_training_is_plain_training_of_the_module(kind: str) -> None:
    backbone, bank, theta = bank_of(kind)
    data = torch.randn(4, len(SEEDS), 2, 7, *KINDS[kind][1])
    plain = {(row, place): alone(kind, seed, "ab"[place]) for row, seed in enumerate(SEEDS) for place in range(2)}
    optimisers = {at: torch.optim.SGD(module.parameters(), lr=0.2) for at, module in plain.items()}
    trained = [slot for slot in bank.slots if slot.trained]
    for x in data:
        y = bank(theta, backbone.enter(x.flatten(3)), ForwardContext(training=True))
        gradients = torch.autograd.grad(y.square().flatten(3).mean(dim=(2, 3)).sum(), [theta[slot] for slot in trained])
        with torch.no_grad():
            for slot, gradient in zip(trained, gradients, strict=True):
                theta[slot].sub_(0.2 * gradient)
        for (row, place), module in plain.items():
            expected = module(x[row, place].clone())
            torch.testing.assert_close(y[row, place], expected, rtol=1e-10, atol=1e-10)
            optimisers[row, place].zero_grad()
            expected.square().mean().backward()
            optimisers[row, place].step()
    x = data[0]
    y = bank(theta, backbone.enter(x.flatten(3)), EVALUATION)
    for (row, place), module in plain.items():
        held = dict(module.named_parameters()) | dict(module.named_buffers())
        assert {f"stage0.{name}" for name in held} == {slot.name for slot in bank.slots}
        for slot in bank.slots:
            expected = held[slot.name.removeprefix("stage0.")].detach().double()
            torch.testing.assert_close(theta[slot][row, place].detach(), expected, rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(y[row, place], module.eval()(x[row, place].clone()), rtol=1e-10, atol=1e-10)


@every_kind
def test_a_step_has_the_same_bits_in_any_array(kind: str) -> None:
    backbone, _, _ = bank_of(kind)
    x = torch.randn(len(SEEDS), 2, 7, backbone.num_inputs)

    def step(chosen: list[int], training: bool) -> list[Tensor]:
        _, bank, theta = bank_of(kind, tuple(SEEDS[row] for row in chosen))
        y = bank(theta, backbone.enter(x[chosen]), ForwardContext(training=training))
        wanted = [theta[slot] for slot in bank.slots if slot.trained]
        found = torch.autograd.grad(y.square().sum(), wanted)
        return [y.detach(), *found, *(theta[slot].detach() for slot in bank.slots)]

    for training in (True, False):
        whole = step([0, 1, 2], training)
        for chosen in ([2, 0], [1, 2], [2, 1, 0]):
            for part, other in zip(step(chosen, training), whole, strict=True):
                assert torch.equal(part, other[chosen])


def test_evaluation_changes_no_buffer_and_no_input() -> None:
    for kind in ("convolution", "Counting", "overwriting", "Visiting"):
        backbone, bank, theta = bank_of(kind)
        before = {slot: theta[slot].detach().clone() for slot in bank.slots}
        x = backbone.enter(torch.randn(len(SEEDS), 2, 7, backbone.num_inputs))
        kept = x.clone()
        bank(theta, x, EVALUATION)
        assert torch.equal(x, kept)
        assert all(torch.equal(theta[slot], value) for slot, value in before.items())


def test_how_a_stage_runs_is_said_with_the_reason() -> None:
    said = {kind: " ".join(bank_of(kind)[0].remarks()) for kind in KINDS}
    for kind in ("affine", "Tied", "overwriting"):
        assert "at once" in said[kind]
    reasons = {"Recurrent": "lstm", "Looking": ".item()", "Masking": "vmap refuses", "Attending": "performance drop"}
    reasons |= {"normalised": "last bits of silu", "batch_norm": "depend on its neighbours"}
    for kind, reason in reasons.items():
        assert "one replica after another" in said[kind]
        assert reason in said[kind]
    assert "Counting" in said["Counting"]
    assert "dropout" in said["affine"]


def test_a_verdict_does_not_depend_on_what_the_process_has_warned_of_before() -> None:
    for width in (2, 3):
        backbone = Custom(TABLE, 1, width, modules=(f"{HERE}:Attending",))
        assert "after another: vmap refuses it" in " ".join(backbone.remarks())


def test_modules_that_draw_draw_the_rows_own_numbers() -> None:
    backbone = Custom(TABLE, 1, WIDTH, modules=(f"{HERE}:dropping",))
    assert "draws random numbers" in " ".join(backbone.remarks())
    bank = backbone.stage(0, COPIES)
    layout = Layout(bank.slots, ("a", "b"))
    x = torch.ones(len(SEEDS), 2, 50, TABLE[0])

    def outputs(seeds: tuple[int, ...], step: int) -> Tensor:
        theta = layout.theta(layout.unpack(layout.initialise(seeds)))
        streams = Streams(seeds, "sharing").at([step] * len(seeds))
        return bank(theta, x[: len(seeds)], ForwardContext(training=True, streams=streams)).detach()

    before = torch.get_rng_state()
    whole = outputs(SEEDS, 3)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(outputs((2, 0), 3), whole[[2, 0]])
    kept = whole != 0
    assert 0.4 < kept.double().mean() < 0.6
    masks = [kept[0, 0], kept[0, 1], kept[1, 0], outputs(SEEDS, 4)[0, 0] != 0]
    assert not any(torch.equal(one, other) for i, one in enumerate(masks) for other in masks[:i])
    theta = layout.theta(layout.unpack(layout.initialise(SEEDS)))
    assert (bank(theta, x, EVALUATION) != 0).all()


@pytest.mark.parametrize("given", ["given by path", "given in Python"])
def test_pretrained_weights_are_taken_as_they_are(given: str) -> None:
    entry = f"{HERE}:PRETRAINED" if given == "given by path" else user.PRETRAINED
    backbone = Custom(TABLE, 1, WIDTH, modules=(entry,))
    kept = copy.deepcopy(user.PRETRAINED.state_dict())
    bank = backbone.stage(0, COPIES)
    layout = Layout(bank.slots, ("a", "b"))
    theta = layout.theta(layout.unpack(layout.initialise(SEEDS)))
    for slot in bank.slots:
        assert torch.equal(theta[slot], kept[slot.name.removeprefix("stage0.")].expand(3, 2, *slot.shape))
    with torch.no_grad():
        for value in theta.values():
            value.zero_()
    assert all(torch.equal(kept[name], value) for name, value in user.PRETRAINED.state_dict().items())
    assert any("weights it was given" in remark for remark in backbone.remarks())


def test_a_module_that_can_be_reset_is_drawn_for_each_seed_and_copy() -> None:
    layer = nn.Linear(6, 5)
    given = layer.weight.detach().clone()
    bank = Custom(TABLE, 1, WIDTH, modules=(layer,)).stage(0, COPIES)
    layout = Layout(bank.slots, ("a", "b"))
    weight = layout.theta(layout.unpack(layout.initialise((0, 1))))[bank.slots[0]]
    assert len({tuple(value.flatten().tolist()) for value in (*weight.flatten(0, 1), layer.weight)}) == 5
    assert torch.equal(given, layer.weight)
    again = Layout(bank.slots, ("a", "b")).initialise((1,))
    assert torch.equal(again[0, : bank.slots[0].numel], weight[1, 0].flatten())


STAGES = (f"{HERE}:affine", f"{HERE}:normalised", f"{HERE}:dropping")
RECIPE = Recipe(depth=2, stages=3, width=7, batch_size=31, epochs=2, backbone="custom")
RECIPE = replace(RECIPE, backbone_options={"modules": STAGES})


@pytest.mark.parametrize("data", [development(examples=90), own_inputs(sizes=(70, 50, 40))], ids=["common", "own"])
@pytest.mark.parametrize("sharing", ["hard", "independent"])
def test_a_row_has_the_same_bits_in_any_array(data: Any, sharing: str) -> None:
    recipe, everyone = replace(RECIPE, sharing=sharing), rows(4, dropout=[0.0, 0.3])
    together = fit(recipe, data, everyone)
    for chosen in ([3], [2, 1]):
        for i, outcome in zip(chosen, fit(recipe, data, [everyone[i] for i in chosen]), strict=True):
            assert same(outcome, together[i]), f"row {i} in {chosen}"


def test_resuming_changes_nothing(tmp_path) -> None:
    data, everyone = development(examples=90), rows(3)
    straight, paused = fit(RECIPE, data, everyone), fit(RECIPE, data, everyone, until=1)
    checkpoint.save(tmp_path / "rung.safetensors", {outcome.key: outcome.state for outcome in paused})
    resumed = fit(RECIPE, data, everyone[::-1], states=checkpoint.load(tmp_path / "rung.safetensors"))
    assert all(same(one, other) for one, other in zip(resumed[::-1], straight, strict=True))


def test_it_learns_and_has_a_cost() -> None:
    recipe, data = replace(RECIPE, epochs=8, width=16), development()
    for outcome in fit(recipe, data, rows(2, learning_rate=1e-2)):
        assert outcome.curves["train_loss"][-1].mean() < 0.8 * outcome.curves["train_loss"][0].mean()
    affine, normalised = 12 * 16 + 16, 2 * 16 + (16 * 16 + 16) + 2 * 16
    sizes = cost_of(recipe, data)
    assert sizes.parameters_shared == affine + normalised
    assert sizes.multiply_adds > 12 * 16


def test_large_modules_are_tried_with_few_copies() -> None:
    backbone = Custom(TABLE, 2, WIDTH, modules=(nn.Linear(6, 20_000), nn.Linear(20_000, 3)))
    assert sum("at once" in remark for remark in backbone.remarks()) == 2


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        ([], "none. Name one module for each stage"),
        ([f"{HERE}:affine"] * 3, "3 for 2 stages"),
        ([f"{HERE}:affine", "no.such.package:thing"], "stage 2: no.such.package cannot be imported"),
        ([f"{HERE}:affine", f"{HERE}:missing"], "has no missing"),
        ([f"{HERE}.affine", f"{HERE}:affine"], "is no path"),
        ([f"{HERE}:affine", f"{HERE}:HERE"], "has no HERE"),
        ([f"{HERE}:affine", f"{HERE}:__name__"], "is str"),
        ([f"{HERE}:affine", f"{HERE}:nothing"], "gives NoneType"),
        ([f"{HERE}:affine", f"{HERE}:greedy"], "cannot be made (TypeError"),
        ([f"{HERE}:affine", "torch.nn:Flatten"], None),
        ([nn.Linear(12, 4), nn.Linear(5, 4)], "stage 2: Linear refuses examples [b, 4]"),
        ([nn.Linear(12, 4), nn.LSTM(4, 4)], "LSTM gives tuple"),
        ([nn.Linear(12, 4), nn.Flatten(0)], "gives [28] for 7 examples"),
        ([nn.Linear(12, 4), nn.LazyLinear(4)], "has no shape"),
        ([nn.Linear(12, 4), nn.Linear(4, 4, dtype=torch.complex64)], "is complex"),
        ([nn.Linear(12, 4), 3], "is int"),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_what_cannot_be_a_stage_says_why(modules: list[Any], reason: str | None) -> None:
    recipe = replace(RECIPE, stages=2, backbone_options={"modules": modules})
    found = why_infeasible(recipe, development())
    assert (found is None) == (reason is None)
    assert (reason or "") in (found or "")
    if reason:
        with pytest.raises(UserError, match="custom"):
            Network(recipe, development().tasks, (12,))


def test_it_shows_architectures_its_features_but_no_affine_layer() -> None:
    backbone = Custom(IMAGE, 2, WIDTH, modules=(f"{HERE}:maps", nn.Flatten()))
    assert not backbone.adaptable
    assert [backbone.channels_at(level) for level in (-1, 0, 1)] == [2, 5, 80]
    assert backbone.num_features == 80
    assert backbone.stage(0, COPIES).layers == ()
    wider = backbone.extended(1)
    assert (wider.inputs, wider.channels_at(0), wider.num_features) == ((3, 4, 4), 5, 80)


def test_an_earlier_output_is_fitted_to_later_places() -> None:
    pooling = nn.AvgPool2d(2)
    backbone = Custom(IMAGE, 3, WIDTH, modules=(f"{HERE}:maps", pooling, nn.Flatten()))
    h = torch.randn(2, 1, 3, 5, 4, 4)
    assert backbone.fit_to(h, 0) is h
    torch.testing.assert_close(backbone.fit_to(h, 1), pooling(h.flatten(0, 2)).view(2, 1, 3, 5, 2, 2))
    torch.testing.assert_close(backbone.fit_to(h, 2), h.mean(dim=(4, 5)))


def test_a_study_file_names_modules_as_a_list() -> None:
    entry = find("backbones", "custom")
    assert checked_options(entry, {"modules": ["a:b", "c:d"]}, "options") == {"modules": ("a:b", "c:d")}
    with pytest.raises(UserError):
        checked_options(entry, {"modules": 3}, "options")
