"""A shared trunk with a low-rank correction for every task."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.testing.cases import fresh, shaken
from tests.mtl_core.sharing.harness import (
    STAGES,
    assert_rows_equal_plain,
    batch,
    network_for,
    recipe_for,
)
from tests.mtl_core.sharing.plain.low_rank import Plain
from tests.mtl_core.worlds import development

every_option = pytest.mark.parametrize(
    "options", [{"rank": 2}, {"rank": 9}, {"rank": 3, "own_biases": True}], ids=["two", "full", "biases"]
)


@pytest.mark.usefixtures("double")
@every_option
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_rows_are_ordinary_networks(depth: int, options: dict[str, Any]) -> None:
    assert_rows_equal_plain(Plain, network_for("low_rank", depth, **options), depth=depth, **options)


@pytest.mark.parametrize("signals", [1, 3])
@pytest.mark.parametrize("depth", [1, 3])
def test_rank_zero_is_hard_bit_for_bit(depth: int, signals: int) -> None:
    low_rank, hard = network_for("low_rank", depth, rank=0), network_for("hard", depth)
    assert [slot.name for slot in low_rank.layout.slots] == [slot.name for slot in hard.layout.slots]
    one, other = (n(fresh(n), batch(signals))[0] for n in (low_rank, hard))
    assert torch.equal(one, other)


def test_it_starts_at_hard() -> None:
    low_rank, hard = network_for("low_rank", 2), network_for("hard", 2)
    one, other = (n(fresh(n), batch())[0] for n in (low_rank, hard))
    torch.testing.assert_close(one, other)


@pytest.mark.usefixtures("double")
def test_full_rank_with_own_biases_can_be_independent() -> None:
    """A B = W_i − W, the smaller side of which is the identity, and a bias b_i − b."""
    independent = network_for("independent")
    low_rank = network_for("low_rank", STAGES, rank=6, own_biases=True)
    theta, copied = shaken(independent), shaken(low_rank)
    values = {slot.name: value.detach() for slot, value in theta.items()}
    named = {slot.name: value.detach() for slot, value in copied.items()}
    for level in range(STAGES):
        stage = f"stage{level}"
        wanted = values[f"{stage}.weight"] - named[f"{stage}.weight"]
        down, up = named[f"{stage}.down"], named[f"{stage}.up"]
        assert down.shape[-1] == min(wanted.shape[2:])
        down.copy_(torch.eye(down.shape[-1]) if wanted.shape[2] < wanted.shape[3] else wanted)
        up.copy_(wanted if wanted.shape[2] < wanted.shape[3] else torch.eye(up.shape[-1]))
        named[f"{stage}.own_bias"].copy_(values[f"{stage}.bias"] - named[f"{stage}.bias"])
    for name in ("head.multiclass3.weight", "head.multiclass3.bias"):
        named[name].copy_(values[name])
    torch.testing.assert_close(low_rank(copied, batch())[0], independent(theta, batch())[0], rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_tasks_differ_by_a_matrix_of_the_rank(rank: int) -> None:
    """Of a linear stage, the maps of two tasks differ by at most the two tasks' ranks together."""
    network = network_for("low_rank", 1, rank=rank)
    values = {slot.name: value.detach() for slot, value in shaken(network).items()}
    correction = values["stage0.down"] @ values["stage0.up"]
    assert torch.linalg.matrix_rank(correction).eq(rank).all()


def test_a_rank_beyond_a_layers_size_is_cut_there() -> None:
    shapes = {slot.name: slot.shape for slot in network_for("low_rank", 2, rank=50).layout.slots}
    assert shapes["stage0.down"] == (5, 5)
    assert shapes["stage0.up"] == (5, 6)
    assert shapes["stage1.down"] == (6, 6)


def test_impossible_ones_say_why() -> None:
    data = development()
    assert why_infeasible(recipe_for("low_rank", 1), data) is None
    assert why_infeasible(recipe_for("low_rank", 1, rank=0, own_biases=True), data) is None
    assert "hard" in (why_infeasible(recipe_for("low_rank", 1, rank=0), data) or "")
    assert "-2" in (why_infeasible(recipe_for("low_rank", 1, rank=-2), data) or "")
    assert "independent" in (why_infeasible(recipe_for("low_rank", 0), data) or "")
