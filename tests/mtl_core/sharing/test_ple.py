"""Progressive layered extraction."""

from __future__ import annotations

import pytest

from mtl_core.network.feasibility import why_infeasible
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    STAGES,
    assert_rows_equal_plain,
    network_for,
)
from tests.mtl_core.sharing.plain.ple import Plain
from tests.mtl_core.sharing.trained import (
    NAMES,
    expect_curves,
    trained_recipe,
    worlds,
)
from tests.mtl_core.worlds import development, rows


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", [{}, {"shared_experts": 3, "own_experts": 2}, {"own_experts": 3}], ids=str)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_is_what_ordinary_modules_do(depth: int, options: dict[str, int]) -> None:
    assert_rows_equal_plain(Plain, network_for("ple", depth, **options), depth=depth, **options)


@pytest.mark.parametrize("own", [False, True])
def test_one_level_is_cgc_to_the_last_bit(own: bool) -> None:
    data, everyone = worlds()[own], rows(2, dropout=0.3, gate_dropout=0.3)
    options = {"shared_experts": 2, "own_experts": 2}
    expect_curves(
        fit(trained_recipe("ple", 1, **options), data, everyone),
        fit(trained_recipe("cgc", 1, **options), data, everyone),
        0,
    )


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_one_own_expert_and_no_shared_one_train_like_independent(depth: int) -> None:
    data, everyone = development(NAMES), rows(2, dropout=0.3)
    found = fit(trained_recipe("ple", depth, shared_experts=0, own_experts=1), data, everyone)
    expect_curves(found, fit(trained_recipe("independent", None), data, everyone), 1e-12)


def test_only_the_last_levels_own_experts_are_private() -> None:
    network = network_for("ple", STAGES)
    private = {
        slot.name for slot in network.layout.slots if all(copy.users and len(copy.users) == 1 for copy in slot.copies)
    }
    assert {name for name in private if "weight" in name} == {
        "gate1.weight", "gate2.weight", "stage2.weight", "head.multiclass3.weight",
    }  # fmt: skip
    assert not [slot for slot in network.layout.slots if slot.name.startswith("shared_gate2")]


def test_what_cannot_be_says_why() -> None:
    data = development(NAMES)
    assert why_infeasible(trained_recipe("ple"), data) is None
    assert "nothing is shared" in (why_infeasible(trained_recipe("ple", shared_experts=0), data) or "")
    assert "own_experts" in (why_infeasible(trained_recipe("ple", own_experts=0), data) or "")
    assert "gate_dropout" in (why_infeasible(trained_recipe("ple", gate_dropout=2), data) or "")
