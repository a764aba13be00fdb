"""Low-rank corrections that tasks compose of shared factors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.testing.cases import fresh, shaken
from tests.mtl_core.sharing.harness import (
    STAGES,
    assert_own_inputs_pass_the_same_network,
    assert_rows_equal_plain,
    batch,
    network_for,
    recipe_for,
)
from tests.mtl_core.sharing.plain.mtl_lora import Plain
from tests.mtl_core.worlds import development

OPTIONS: list[dict[str, Any]] = [{}, {"rank": 2, "ups": 1}, {"rank": 9, "ups": 4, "temperature": 0.5}]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("depth", [1, 2, STAGES])
def test_rows_are_ordinary_networks(depth: int, options: dict[str, Any]) -> None:
    assert_rows_equal_plain(Plain, network_for("mtl_lora", depth, **options), depth=depth, **options)


def test_it_starts_at_hard() -> None:
    network, hard = network_for("mtl_lora", 2), network_for("hard", 2)
    torch.testing.assert_close(network(fresh(network), batch())[0], hard(fresh(hard), batch())[0])


@pytest.mark.usefixtures("double")
def test_tasks_that_turn_and_mix_alike_share_their_stages() -> None:
    """Then W + A Λ Σ s_n B_n is one matrix, and the network hard sharing with it."""
    network, hard = network_for("mtl_lora", STAGES), network_for("hard", STAGES)
    theta, others = shaken(network), shaken(hard)
    with torch.no_grad():
        named = {slot.name: value for slot, value in theta.items()}
        target = {slot.name: value for slot, value in others.items()}
        for level in range(STAGES):
            stage = f"stage{level}"
            for part in ("turn", "mixing"):
                named[f"{stage}.{part}"].copy_(named[f"{stage}.{part}"][:, :1].expand_as(named[f"{stage}.{part}"]))
            shares = named[f"{stage}.mixing"][:, :1].softmax(dim=2)
            up = torch.einsum("rcn,rnqo->rcqo", shares, named[f"{stage}.up"])
            correction = named[f"{stage}.down"] @ named[f"{stage}.turn"][:, :1] @ up
            assert correction.abs().max() > 0.01
            target[f"{stage}.weight"].copy_(named[f"{stage}.weight"] + correction)
            target[f"{stage}.bias"].copy_(named[f"{stage}.bias"])
        for name in ("head.multiclass3.weight", "head.multiclass3.bias"):
            target[name].copy_(named[name])
    torch.testing.assert_close(network(theta, batch())[0], hard(others, batch())[0], rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("double")
def test_tasks_with_inputs_of_their_own_pass_the_same_network() -> None:
    network = network_for("mtl_lora", 2)
    assert_own_inputs_pass_the_same_network(network, shaken(network))


def test_factors_are_shared_and_turns_and_mixtures_private() -> None:
    network = network_for("mtl_lora", 1)
    users = {slot.name: [len(network.layout.users(copy)) for copy in slot.copies] for slot in network.layout.slots}
    assert (users["stage0.down"], users["stage0.up"]) == ([3], [3, 3, 3])
    assert (users["stage0.turn"], users["stage0.mixing"]) == ([1, 1, 1], [1, 1, 1])


def test_what_cannot_be_says_why() -> None:
    def reason(**options: Any) -> str:
        return why_infeasible(recipe_for("mtl_lora", 2, **options), development()) or ""

    assert reason() == reason(rank=1, ups=1, temperature=0.1) == ""
    assert "hard" in reason(rank=0)
    assert "found 0" in reason(ups=0)
    assert "above 0" in reason(temperature=0.0)
