"""The task descriptor as a shift of pre-activations; that it equals ``concat`` stands in ``test_concat.py``."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import shaken
from tests.mtl_core.sharing.harness import (
    THREE,
    assert_rows_equal_plain,
    batch,
    logits_of,
    network_for,
)
from tests.mtl_core.sharing.plain.additive import Plain
from tests.mtl_core.worlds import development

OPTIONS: list[dict[str, Any]] = [
    {},
    {"every_stage": True},
    {"descriptors": {"ant": [0.0, 1.0], "bee": [0.5, -0.5], "cow": [2.0, 1.0]}},
]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", OPTIONS[:2], ids=["first", "every"])
def test_rows_are_ordinary_networks(options: dict[str, Any]) -> None:
    assert_rows_equal_plain(Plain, network_for("additive", **options), depth=None, **options)


@pytest.mark.usefixtures("double")
def test_a_one_hot_vector_of_a_users_is_the_default() -> None:
    """Rows of one shared W_z instead of private copies: the same functions."""
    vectors = {task.name: [float(task is other) for other in THREE] for task in THREE}
    default, given = network_for("additive"), network_for("additive", descriptors=vectors)
    theta = shaken(default)
    values = {slot.name: value.detach() for slot, value in theta.items()}
    copied = {
        slot: values[slot.name].unsqueeze(1) if slot.name == "stage0.descriptor" else values[slot.name]
        for slot in given.layout.slots
    }
    torch.testing.assert_close(default(theta, batch())[0], given(copied, batch())[0])


def test_a_task_that_rests_keeps_its_shift() -> None:
    """With one-hot descriptors a row of W_z is the task's own; a user's vectors share W_z."""
    layout = network_for("additive").layout
    owners = {slot.name: [copy.users for copy in slot.copies] for slot in layout.slots}
    assert owners["stage0.descriptor"] == [{"ant"}, {"bee"}, {"cow"}]
    layout = network_for("additive", descriptors=OPTIONS[2]["descriptors"]).layout
    assert {slot.name: len(slot.copies) for slot in layout.slots}["stage0.descriptor"] == 1


def test_shifts_start_like_further_columns() -> None:
    network = network_for("additive")
    slot = next(slot for slot in network.layout.slots if slot.name == "stage0.descriptor")
    values = torch.stack([slot.initialise(torch.Generator().manual_seed(seed)) for seed in range(200)])
    assert 0.97 < values.abs().max() * (5 + 3) ** 0.5 <= 1


def test_only_the_first_stage_is_shifted_unless_all_are_wanted() -> None:
    names = [slot.name for slot in network_for("additive").layout.slots]
    assert [name for name in names if "descriptor" in name] == ["stage0.descriptor"]
    names = [slot.name for slot in network_for("additive", every_stage=True).layout.slots]
    assert sum("descriptor" in name for name in names) == 3


@pytest.mark.parametrize("sharing", ["additive", "multiplicative", "low_rank"])
def test_stages_that_do_not_show_their_pre_activations_are_a_reason(
    sharing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(sharing=sharing, depth=1)
    assert why_infeasible(recipe, development()) is None
    monkeypatch.setattr("mtl_core.backbones.mlp.MLP.adaptable", False)
    assert "pre-activations" in (why_infeasible(recipe, development()) or "")


def test_tasks_are_told_apart() -> None:
    network = network_for("additive")
    outputs = logits_of(network, shaken(network), batch())
    assert (outputs[:, 0] - outputs[:, 1]).abs().max() > 1e-3
