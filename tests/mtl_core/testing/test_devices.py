"""The device contract, put to every architecture, backbone and weighting method, and seen to fail where it must.

Every pair of an architecture and a backbone is there, and every weighting method several times; the test marked slow
has every pair of an architecture and a weighting method too.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.data.task_set import Development
from mtl_core.layers.dropout import Dropout
from mtl_core.layers.linear import Linear
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.registry import entries, find
from mtl_core.testing.cases import BACKBONE_OPTIONS, Case, cases_of
from mtl_core.testing.devices import META, array_on, check_device, strictly
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.training.optimisers.optimiser import Optimiser
from mtl_core.training.task_scores import TaskScores
from mtl_core.training.train_epoch import EpochTrainer
from mtl_core.weighting.dwa import DWA
from tests.mtl_core.sharing.cases import SHARING_OPTIONS

ON_HOST = ("cagrad", "cr_mogm", "dualproj", "fairgrad", "mgda", "nash", "upgrad")
"""Weighting methods that solve their problem on the CPU: each decides by intermediate results how to go on."""
ON_DEVICE = [name for name in entries("weighting") if name not in ON_HOST]
NOWHERE = {(sharing, "custom") for sharing in ("additive", "low_rank", "mtl_lora", "multiplicative", "sluice")}
"""Architectures that change pre-activations, or features, and a backbone that shows neither."""
RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=64, epochs=2)


def cases_on(sharing: str, backbone: str) -> list[Case]:
    """The cases that are trained elsewhere, with one step an epoch: the batch is larger than the pool."""
    own = {"backbone_options": BACKBONE_OPTIONS.get(backbone, {}), "sharing_options": SHARING_OPTIONS.get(sharing, {})}
    cases = cases_of(sharing, backbone, stages=2, width=8, batch_size=64, epochs=2, **own)
    return [case for case in cases if case.trains]


@cache
def data(*, own_inputs: bool = False, missing: float = 0.0) -> Development:
    return small_tasks(MIXED, own_inputs=own_inputs, examples=48, missing=missing)


@pytest.mark.parametrize("backbone", entries("backbones"))
@pytest.mark.parametrize("sharing", entries("sharing"))
def test_every_architecture_trains_on_a_device_without_the_host(sharing: str, backbone: str) -> None:
    """Common and own inputs and the weighting methods take turns."""
    if not (cases := cases_on(sharing, backbone)):
        assert (sharing, backbone) in NOWHERE
        return
    turn = 5 * list(entries("sharing")).index(sharing) + list(entries("backbones")).index(backbone)
    case = cases[(turn // 5 + turn) % len(cases)]
    turned = [*ON_DEVICE[turn % len(ON_DEVICE) :], "equal"]
    recipes = (replace(case.recipe, weighting=name, probes=2) for name in turned)
    check_device(next(one for one in recipes if why_infeasible(one, case.data) is None), case.data)


@pytest.mark.parametrize("weighting", ON_DEVICE)
def test_every_weighting_method_works_on_a_device_without_the_host(weighting: str) -> None:
    """Labels are missing and tasks are sampled, so that methods see absent tasks."""
    check_device(replace(RECIPE, weighting=weighting, tasks_per_step=2), data(missing=0.3))


@pytest.mark.parametrize(
    "options",
    [
        {"clip_norm": 1.0},
        {"optimiser": "sgd", "schedule": "constant"},
        {"patience": 1, "probes": 2, "train_fraction": 0.5},
        {"weighting": "imtl_g", "gradients": "representation"},
        {"weighting": "imtl_g", "gradients": "last_stage"},
        {"weighting": "imtl_g", "gramian_rows": 8},
        {"weighting": "imtl_g", "depth": 2},
        {"weighting": "imtl_g", "depth": 2, "gradients": "representation"},
        {"tasks_per_step": 1, "sampling": "proportional"},
        {"precision": "bf16", "probes": 2},
        {"precision": "bf16", "weighting": "imtl_g"},
        {"precision": "bf16", "weighting": "imtl_g", "gradients": "representation"},
    ],
    ids=str,
)
@pytest.mark.parametrize("own_inputs", [False, True], ids=["common", "own"])
def test_every_option_of_a_step_works_on_a_device(options: dict[str, Any], own_inputs: bool) -> None:
    recipe, pool = replace(RECIPE, **options), data(own_inputs=own_inputs, missing=0.0 if own_inputs else 0.3)
    if (reason := why_infeasible(recipe, pool)) is not None:
        assert own_inputs, reason
        assert "no single representation" in reason
        return
    check_device(recipe, pool)


def test_every_metric_is_evaluated_on_a_device() -> None:
    for name in entries("metrics"):
        metric = find("metrics", name).cls()
        kinds = [task for task in data().tasks if task.kind in metric.kinds]
        for task in kinds:
            tasks = tuple(replace(one, metric=name) if one == task else one for one in data().tasks)
            check_device(RECIPE, replace(data(), tasks=tasks))


def test_methods_that_solve_on_the_host_are_those_that_are_declared() -> None:
    declared = {name for name in entries("weighting") if find("weighting", name).cls(data().tasks).solves_on_host}
    assert declared == set(ON_HOST)


@pytest.mark.parametrize("weighting", ON_HOST)
def test_a_method_that_is_declared_to_solve_on_the_host_could_not_do_without(
    weighting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPE, weighting=weighting)
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        check_device(recipe, data())
    for name in ON_HOST:
        monkeypatch.setattr(find("weighting", name).cls, "solves_on_host", False, raising=False)
    with pytest.raises((RuntimeError, NotImplementedError)) as refused:
        check_device(recipe, data())
    assert "Cannot copy out of meta tensor" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("sharing", entries("sharing"))
def test_every_architecture_with_every_weighting_method(sharing: str) -> None:
    cases = cases_on(sharing, "mlp")
    for number, weighting in enumerate(ON_DEVICE):
        case = cases[number % len(cases)]
        recipe = replace(case.recipe, weighting=weighting)
        if why_infeasible(recipe, case.data) is None:
            check_device(recipe, case.data)


# what the contract must catch, planted


def planted(owner: type, method: str, act: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``act`` see the result of a method before it is returned."""
    original = getattr(owner, method)

    def instead(*args: Any, **kwargs: Any) -> Any:
        return act(original(*args, **kwargs))

    monkeypatch.setattr(owner, method, instead)


def asks(value: Tensor) -> Tensor:
    return value * value.sum().item()


def adds_ones(value: Tensor) -> Tensor:
    return value * torch.ones(value.shape)


def scales(value: Tensor) -> Tensor:
    """A single number on the CPU, which a device would take without a word."""
    return value * torch.ones(())


def picks(value: Tensor) -> Tensor:
    return value.index_select(0, torch.tensor([0, 1]))


def indexes(value: Tensor) -> Tensor:
    return value[torch.tensor([0, 1])]


PLACES = {
    "layer": (Linear, "__call__"),
    "weighting method": (DWA, "weigh"),
    "masks": (Dropout, "mask"),
    "evaluation": (TaskScores, "metric"),
}
MISTAKES = {"item": asks, "ones": adds_ones, "number": scales, "index_select": picks, "index": indexes}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("place", PLACES)
def test_a_planted_mistake_is_caught(place: str, mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, method = PLACES[place]
    planted(owner, method, MISTAKES[mistake], monkeypatch)
    with pytest.raises((AssertionError, RuntimeError)):
        check_device(replace(RECIPE, weighting="dwa"), data())


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_planted_in_the_optimiser_is_caught(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Optimiser.step

    def instead(self: Optimiser, gradients: Any, *others: Any) -> None:
        original(self, [MISTAKES[mistake](gradient) for gradient in gradients], *others)

    monkeypatch.setattr(Optimiser, "step", instead)
    with pytest.raises((AssertionError, RuntimeError)):
        check_device(RECIPE, data())


def test_a_tensor_that_is_made_of_numbers_in_a_step_is_caught() -> None:
    """On a GPU it would be copied from the host at every step."""
    makers = (torch.tensor, torch.as_tensor, torch.asarray, torch.ones(2, device=META).new_tensor)
    for make in makers:
        with pytest.raises(AssertionError, match=r"tensor.* makes a tensor of numbers of the host|asarray makes"):
            strictly(make, [1.0, 2.0])


@pytest.mark.parametrize(
    ("weighting", "options"),
    [
        ("fixed", {"weights": [0.1, 0.2, 0.3, 0.4]}),
        ("stch", {"preference": {"price": 2.0}, "ideal": {"sold": 0.1}, "on": "raw"}),
        ("worst_case", {"on": "excess", "baseline": dict.fromkeys(MIXED, 0.1)}),
        ("cr_mogm", {"around": "stch", "options": {"preference": {"price": 2.0}}}),
    ],
    ids=str,
)
def test_constants_of_a_methods_options_are_made_once(weighting: str, options: dict[str, Any]) -> None:
    check_device(replace(RECIPE, weighting=weighting, weighting_options=options), data(missing=0.3))


def test_the_order_of_an_epoch_is_laid_out_on_the_device() -> None:
    epoch = EpochTrainer(array_on(RECIPE, data())).begin()
    laid_out = [
        *epoch.orders,
        epoch.schedule.numbers,
        epoch.schedule.progress,
        epoch.schedule.rates,
        epoch.sums.weights,
    ]
    assert {value.device for value in laid_out} == {META}
