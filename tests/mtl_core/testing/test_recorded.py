"""Every step has a program that trains the same bits; what has none is listed, and what must not pass is planted."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from mtl_core.data.task_set import Development
from mtl_core.layers.dropout import Dropout
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from mtl_core.testing.cases import BACKBONE_OPTIONS, cases_of
from mtl_core.testing.recorded import check_recorded
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.training.optimisers.on_host import HostOptimiser
from mtl_core.training.recorded_steps.program import Program
from mtl_core.training.recorded_steps.recorded_steps import RecordedSteps
from mtl_core.training.step_inputs import StepInputs
from mtl_core.training.train_epoch import EpochTrainer
from mtl_core.weighting.dwa import DWA
from tests.mtl_core.sharing.cases import SHARING_OPTIONS

RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=16, epochs=6)
BACKBONES = [name for name in entries("backbones") if name != "custom"]
NUMBERS_ARE_READ = ("cagrad", "cr_mogm", "dualproj", "fairgrad", "mgda", "nash", "upgrad")
"""Weighting methods that decide in Python by numbers that they find."""


@cache
def data(*, own_inputs: bool = False, missing: float = 0.0) -> Development:
    return small_tasks(MIXED, own_inputs=own_inputs, examples=48, missing=missing)


@pytest.mark.parametrize("sharing", entries("sharing"))
def test_the_program_of_every_architecture_trains_the_same_bits(sharing: str) -> None:
    """Backbones, and common and own inputs, take turns."""
    turn = list(entries("sharing")).index(sharing)
    backbone = BACKBONES[turn % len(BACKBONES)]
    own = {"backbone_options": BACKBONE_OPTIONS.get(backbone, {}), "sharing_options": SHARING_OPTIONS.get(sharing, {})}
    cases = [
        case for case in cases_of(sharing, backbone, stages=2, width=8, batch_size=16, epochs=6, **own) if case.trains
    ]
    case = cases[turn // len(BACKBONES) % len(cases)]
    assert check_recorded(case.recipe, case.data) == ""


@pytest.mark.parametrize("weighting", entries("weighting"))
def test_the_program_of_every_weighting_method_trains_the_same_bits(weighting: str) -> None:
    why_not = check_recorded(replace(RECIPE, weighting=weighting), data())
    assert "numbers" in why_not if weighting in NUMBERS_ARE_READ else why_not == ""


@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_program_of_every_backbone_trains_the_same_bits_with_inputs_of_the_tasks_own(backbone: str) -> None:
    (*_, case) = cases_of("hard", backbone, stages=2, width=8, batch_size=16, epochs=6)
    assert check_recorded(case.recipe, case.data) == ""


@pytest.mark.parametrize(
    "options",
    [
        {"clip_norm": 1.0},
        {"optimiser": "sgd", "schedule": "constant"},
        {"weighting": "imtl_g", "gradients": "representation"},
        {"weighting": "famo", "depth": 2},
        {"width": 64, "batch_size": 32},  # oneDNN multiplies, and rows take a call of the optimiser each
        {"backbone_options": {"activation": "tanh", "residual": True}},
    ],
    ids=str,
)
def test_the_program_of_every_option_of_a_step_trains_the_same_bits(options: dict[str, Any]) -> None:
    assert check_recorded(replace(RECIPE, **options), data()) == ""


@pytest.mark.parametrize("weighting", ["equal", "famo", "pcgrad", "adatask"])
@pytest.mark.parametrize(("missing", "batch_size"), [(0.3, 16), (0.5, 6)])
def test_steps_that_lack_a_task_are_taken_as_usual_between_those_of_a_program(
    missing: float, batch_size: int, weighting: str
) -> None:
    pool, taken = small_tasks(MIXED, own_inputs=False, examples=240, missing=missing), []
    take = EpochTrainer._take

    def counting(self: EpochTrainer, inputs: StepInputs, noise: Any) -> None:
        taken.append(inputs.trains_all)
        take(self, inputs, noise)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EpochTrainer, "_take", counting)
        assert check_recorded(replace(RECIPE, weighting=weighting, batch_size=batch_size), pool, steps=60) == ""
    absent = taken.count(False)
    assert absent % 3 == 0, "all three trainings lacked tasks in the same steps"
    assert (absent > 0) == (missing == 0.5)
    assert len(taken) < 0.6 * (3 * 60), "a program did the others"


def test_a_row_that_has_lacked_a_task_is_recorded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parameters have been updated more or less often from then on, and a call of a kernel takes one number."""
    pool, recipe = small_tasks(MIXED, own_inputs=False, examples=240, missing=0.5), replace(RECIPE, batch_size=6)
    assert check_recorded(recipe, pool, steps=60) == ""
    monkeypatch.setattr(HostOptimiser, "decided", lambda self: None)
    with pytest.raises(AssertionError, match=" differs by "):
        check_recorded(recipe, pool, steps=60)


def test_steps_of_a_part_of_the_tasks_have_no_program() -> None:
    assert check_recorded(replace(RECIPE, tasks_per_step=2), data()) == "no step trained every task"


def test_code_of_the_users_own_has_no_program() -> None:
    recipe = replace(RECIPE, backbone="custom", backbone_options={"modules": (torch.nn.Tanh, torch.nn.Tanh)})
    assert check_recorded(recipe, data()) == "code of the user's own"


# what the contract must catch, planted


def test_masks_that_are_none_of_the_inputs_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Program, "same_as", lambda self, other: True)
    monkeypatch.setattr(Dropout, "asked_masks", lambda self, place: [])
    with pytest.raises(AssertionError, match=" differs by "):
        check_recorded(RECIPE, data())


def test_a_memory_that_is_made_anew_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    after_epoch = DWA.after_epoch

    def forgetting(self: DWA, losses: Any, seen: Any, state: Any) -> None:
        kept = {name: value.clone() for name, value in state.items()}
        after_epoch(self, losses, seen, kept)
        state.update(kept)

    monkeypatch.setattr(DWA, "after_epoch", forgetting)
    assert check_recorded(replace(RECIPE, weighting="dwa"), data()) == ""
    monkeypatch.setattr(RecordedSteps, "_places_now", lambda self: [])
    with pytest.raises(AssertionError, match=" differs by "):
        check_recorded(replace(RECIPE, weighting="dwa"), data())
