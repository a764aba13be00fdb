"""An own loss that equals the kind's trains the same, and rows of a fused array stay apart to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mtl_core.data.losses import example_losses
from mtl_core.data.own_losses.own_loss import own_function, runs_as_one
from mtl_core.data.preprocessing import prepare
from mtl_core.data.stacked_tasks import alike
from mtl_core.data.task import Kind
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.testing.devices import check_device
from mtl_core.testing.replicas import differences, varied_replicas
from mtl_core.testing.small_tasks import small_tasks
from mtl_core.training.trainer import Outcome, fit
from tests.mtl_core.data.metrics.predictions import predictions
from tests.mtl_core.data.own_losses import functions

FUNCTIONS = "tests.mtl_core.data.own_losses.functions"
SAME = {"price": "squared", "sold": "two_class_entropy", "grade": "entropy", "colour": "entropy", "fee": "squared"}
RECIPE = Recipe(depth=1, stages=2, width=16, batch_size=31, epochs=3)


def path_of(function: str) -> str:
    return f"{FUNCTIONS}:{function}"


def with_losses(data: Development, losses: dict[str, str]) -> Development:
    tasks = (replace(task, loss=path_of(losses[task.name]) if task.name in losses else None) for task in data.tasks)
    return replace(data, tasks=tuple(tasks))


def trained(data: Development, recipe: Recipe = RECIPE, rows: int = 3) -> list[Outcome]:
    return fit(recipe, data, varied_replicas(recipe, len(data.tasks), rows))


@pytest.mark.parametrize("own", [["price"], ["fee"], ["price", "fee"]], ids=" ".join)
@pytest.mark.parametrize("weighting", ["equal", "pcgrad"])
def test_the_squared_error_written_as_a_function_trains_the_same_bits(own: list[str], weighting: str) -> None:
    data = small_tasks(list(SAME), missing=0.3)
    recipe = replace(RECIPE, weighting=weighting)
    built_in, by_path = trained(data, recipe), trained(with_losses(data, {name: SAME[name] for name in own}), recipe)
    for one, other in zip(built_in, by_path, strict=True):
        assert not differences(one, other)
        np.testing.assert_allclose(one.trivial_loss, other.trivial_loss, rtol=1e-6)
        np.testing.assert_array_equal(one.trivial_metric, other.trivial_metric)


@pytest.mark.parametrize("weight", [None, "balanced", (1.0, 7.0)], ids=["alike", "balanced", "stated"])
def test_cross_entropies_written_as_functions_train_the_same_but_for_rounding_and_weights_multiply_them(weight) -> None:
    """The function has classes behind examples, whose softmax sums in another order."""
    data = small_tasks(list(SAME), missing=0.3)
    data = replace(
        data, tasks=tuple(replace(one, class_weight=weight if one.num_classes == 2 else None) for one in data.tasks)
    )
    for one, other in zip(trained(data), trained(with_losses(data, SAME)), strict=True):
        for curve in ("train_loss", "validation_loss"):
            np.testing.assert_allclose(one.curves[curve], other.curves[curve], rtol=2e-6)
        np.testing.assert_allclose(one.state["parameters"], other.state["parameters"], atol=1e-6)
        np.testing.assert_allclose(one.trivial_loss, other.trivial_loss, rtol=2e-2)


@pytest.mark.parametrize("kind", ["count", "ordinal"])
def test_counts_are_seen_as_logarithms_and_ordered_classes_as_logits(kind: Kind) -> None:
    outputs, targets = predictions(kind, 50)
    if kind == "count":
        outputs = outputs.clamp(min=0.1).log()
    function = {"count": "deviance", "ordinal": "entropy"}[kind]
    found, expected = (example_losses(kind, outputs, targets, own) for own in (path_of(function), None))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_of_a_vector_it_sees_all_numbers() -> None:
    outputs, targets = torch.randn(2, 3, 5, 4, 8)
    found = example_losses("regression", outputs, targets, path_of("squared_of_vector"))
    torch.testing.assert_close(found, example_losses("regression", outputs, targets))


@pytest.mark.parametrize("function", ["squared", "binary_entropy", "pinball"])
def test_the_bits_of_a_row_do_not_depend_on_its_neighbours(function: str) -> None:
    name = "sold" if function == "binary_entropy" else "price"
    data = with_losses(small_tasks([name, "grade"], missing=0.2), {name: function})
    rows = varied_replicas(RECIPE, 2, 9)
    together = fit(RECIPE, data, rows)
    for chosen in ([4], [8, 2], [0, 1, 2, 3, 4]):
        for place, outcome in zip(chosen, fit(RECIPE, data, [rows[place] for place in chosen]), strict=True):
            assert not differences(outcome, together[place]), f"row {place} in {chosen}"


def test_other_rows_losses_do_not_move_with_a_row() -> None:
    outputs, targets = torch.randn(2, 4, 2, 1, 9)
    moved = outputs.clone()
    moved[2] = torch.nan
    before, after = (example_losses("regression", z, targets.squeeze(2), path_of("squared")) for z in (outputs, moved))
    assert torch.equal(before[[0, 1, 3]], after[[0, 1, 3]])
    assert after[2].isnan().all()


def test_one_call_serves_all_rows_unless_last_bits_would_depend_on_neighbours() -> None:
    outputs, targets = torch.randn(2, 6, 2, 1, 9)
    example_losses("regression", outputs, targets.squeeze(2), path_of("noted"))
    functions.CALLS.clear()
    example_losses("regression", outputs, targets.squeeze(2), path_of("noted"))
    assert functions.CALLS == [(6 * 2 * 9,)]
    like = (1, True, False, torch.float32, torch.float32)
    assert runs_as_one(path_of("two_class_entropy"), *like)
    assert not runs_as_one(path_of("binary_entropy"), *like)


def test_a_missing_label_never_reaches_the_function() -> None:
    data = with_losses(small_tasks(["price", "sold"], missing=0.4), {"price": "noted"})
    functions.CALLS.clear()
    outcome = trained(data)[0]
    assert functions.CALLS
    assert np.isfinite(outcome.curves["train_loss"]).all()


def test_a_step_keeps_to_its_device() -> None:
    """The trial of a function runs on the host, once a process, and not within a step."""
    data = with_losses(small_tasks(["price", "grade", "fee"], missing=0.2), {"price": "pinball", "grade": "entropy"})
    trained(data, replace(RECIPE, epochs=1))
    check_device(RECIPE, data)


def test_pinball_at_a_tenth_leaves_nine_tenths_of_the_labels_above() -> None:
    """On the training labels, which is what the loss promises; 320 of them have a standard error of 1.7 points."""
    data = with_losses(small_tasks(["price", "fee"], columns=3, examples=400), {"price": "pinball"})
    noise = torch.randn(400, 2, generator=torch.Generator().manual_seed(1))
    data = replace(data, examples=replace(data.examples, targets=data.examples.targets + 2 * noise))
    recipe = replace(RECIPE, epochs=60, batch_size=64)
    outcome, preparation = trained(data, recipe, 1)[0], prepare(data, 0)
    network = Network(recipe, data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(torch.stack([outcome.state["parameters"]] * 2)))
    x = (data.examples.inputs[preparation.train] - preparation.input_shift) * preparation.input_scale
    (outputs,) = network(theta, x.expand(2, 1, -1, -1))
    targets = (data.examples.targets - preparation.target_shift) * preparation.target_scale
    above = (outputs[0, :, 0] < targets[preparation.train].T).float().mean(dim=1)
    assert 0.82 < above[0] < 0.96
    assert 0.35 < above[1] < 0.65
    assert preparation.constants[0].for_loss.item() == pytest.approx(
        targets[preparation.train, 0].quantile(0.1).item(), abs=0.1
    )
    assert preparation.constants[0].for_metric.item() == pytest.approx(
        data.examples.targets[preparation.train, 0].mean().item(), abs=1e-5
    )


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("no_such_module_at_all:f", "cannot be imported"),
        (path_of("missing"), "has no missing"),
        (path_of("NUMBER"), "it is int and no function"),
    ],
)
def test_what_is_no_function_is_refused(path: str, found: str) -> None:
    with pytest.raises(UserError, match=found):
        own_function(path)


@pytest.mark.parametrize(("level", "expected"), [("pinball", 0.1), ("squared", None)])
def test_skill_is_measured_from_the_constant_of_loss_or_kind_that_an_own_metric_likes_better(level, expected) -> None:
    data = with_losses(small_tasks(["price", "fee"], examples=400), {"price": level})
    judged = replace(data.tasks[0], metric="tests.mtl_core.data.own_losses.test_own_loss:judge_pinball")
    data = replace(data, tasks=(judged, data.tasks[1]))
    preparation = prepare(data, 0)
    labels = data.examples.targets[preparation.train, 0]
    wanted = labels.mean() if expected is None else labels.quantile(expected)
    assert preparation.constants[0].for_metric.item() == pytest.approx(wanted.item(), abs=0.1 * labels.std().item())


def test_single_task_networks_share_an_array_with_those_of_the_same_loss_only() -> None:
    names = ["price", "fee", "bonus"]
    data = with_losses(small_tasks(names), {"price": "pinball", "fee": "pinball"})
    assert alike(RECIPE, data, names) == [("price", "fee"), ("bonus",)]


def judge_pinball(targets: np.ndarray, predictions: np.ndarray) -> float:
    error = targets - predictions
    return float(np.maximum(0.1 * error, -0.9 * error).mean())


judge_pinball.perfect = 0.0  # pyright: ignore[reportFunctionMemberAccess]
