"""Every step can be captured and replayed; what could not be is listed, and what must not pass is planted."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from mtl_core.data.task_set import Development
from mtl_core.layers.dropout import Dropout
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from mtl_core.testing.captured import check_captured
from mtl_core.testing.cases import BACKBONE_OPTIONS, cases_of
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.weighting.dwa import DWA
from mtl_core.weighting.scheduled import Scheduled
from tests.mtl_core.sharing.cases import SHARING_OPTIONS
from tests.mtl_core.testing.test_devices import NOWHERE

RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=16, epochs=6)
WAITS = ("aligned",)
"""Weighting methods that make a GPU wait for the host in every step: torch looks whether eigenvalues were found."""


@cache
def data(*, own_inputs: bool = False, missing: float = 0.0) -> Development:
    return small_tasks(MIXED, own_inputs=own_inputs, examples=48, missing=missing)


SHARINGS, BACKBONES = list(entries("sharing")), list(entries("backbones"))
PAIRS = [
    pytest.param(sharing, backbone, marks=[] if place % len(BACKBONES) == number else pytest.mark.slow)
    for place, sharing in enumerate(SHARINGS)
    for number, backbone in enumerate(BACKBONES)
]
"""Every architecture with a backbone in turn; with the others in the slow suite."""


@pytest.mark.parametrize(("sharing", "backbone"), PAIRS)
def test_every_architecture_can_be_captured(sharing: str, backbone: str) -> None:
    """Common and own inputs take turns."""
    own = {"backbone_options": BACKBONE_OPTIONS.get(backbone, {}), "sharing_options": SHARING_OPTIONS.get(sharing, {})}
    cases = cases_of(sharing, backbone, stages=2, width=8, batch_size=64, epochs=6, **own)
    if not (trained := [case for case in cases if case.trains]):
        assert (sharing, backbone) in NOWHERE
        return
    turn = SHARINGS.index(sharing) + BACKBONES.index(backbone)
    case = trained[turn % len(trained)]
    assert check_captured(case.recipe, case.data) == ""


@pytest.mark.parametrize("weighting", entries("weighting"))
def test_every_weighting_method_can_be_captured_or_is_known_not_to_be(weighting: str) -> None:
    """Labels are missing and tasks are sampled, so that methods see absent tasks."""
    why_not = check_captured(replace(RECIPE, weighting=weighting, tasks_per_step=2), data(missing=0.3))
    if weighting in WAITS:
        assert why_not == "a step cannot be captured: _linalg_eigh is not permitted while a step is captured."
    else:
        assert why_not in ("", "the weighting method solves its problem on the host")


@pytest.mark.parametrize(
    "options",
    [
        {"clip_norm": 1.0},
        {"optimiser": "sgd", "schedule": "constant"},
        {"weighting": "imtl_g", "gradients": "representation"},
        {"weighting": "imtl_g", "gradients": "last_stage"},
        {"weighting": "imtl_g", "gramian_rows": 8},
        {"tasks_per_step": 1, "sampling": "proportional"},
    ],
    ids=str,
)
@pytest.mark.parametrize("own_inputs", [False, True], ids=["common", "own"])
def test_every_option_of_a_step_can_be_captured(options: dict[str, Any], own_inputs: bool) -> None:
    recipe, pool = replace(RECIPE, **options), data(own_inputs=own_inputs, missing=0.0 if own_inputs else 0.3)
    if (reason := why_infeasible(recipe, pool)) is not None:
        assert own_inputs, reason
        return
    assert check_captured(recipe, pool) == ""


# what the contract must catch, planted


def test_a_number_that_python_counts_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    weigh, steps = Scheduled.weigh, []

    def counting(self: Scheduled, step: Any) -> Any:
        steps.append(step)
        return weigh(self, step) + torch.tensor([len(steps), 0.0, 0.0, 0.0])

    monkeypatch.setattr(Scheduled, "weigh", counting)
    with pytest.raises(AssertionError, match=" differs by "):
        check_captured(replace(RECIPE, weighting="scheduled"), data())


def test_a_memory_that_is_made_anew_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    after_epoch = DWA.after_epoch

    def forgetting(self: DWA, losses: Any, seen: Any, state: Any) -> None:
        kept = {name: value.clone() for name, value in state.items()}
        after_epoch(self, losses, seen, kept)
        state.update(kept)

    monkeypatch.setattr(DWA, "after_epoch", forgetting)
    with pytest.raises(AssertionError, match=" differs by "):
        check_captured(replace(RECIPE, weighting="dwa"), data())


def test_masks_that_depend_on_the_place_of_the_step_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Dropout((0, 1), (0.5, 0.5))
    first.begin(torch.zeros(1, 2, dtype=torch.int64))
    monkeypatch.setattr(Dropout, "alone", lambda self, numbers: first.at(0))
    with pytest.raises(AssertionError, match=" differs by "):
        check_captured(RECIPE, data())


def test_a_number_that_is_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    weigh = Scheduled.weigh

    def reading(self: Scheduled, step: Any) -> Any:
        assert float(step.losses.sum()) > 0
        return weigh(self, step)

    monkeypatch.setattr(Scheduled, "weigh", reading)
    assert "_local_scalar_dense" in check_captured(replace(RECIPE, weighting="scheduled"), data())
