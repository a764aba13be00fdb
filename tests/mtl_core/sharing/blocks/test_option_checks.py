"""Invalid options of experts and gates, and the reasons that the plan gives."""

from __future__ import annotations

from mtl_core.sharing.blocks.option_checks import expert_name_clash, invalid_count, invalid_gate_dropout


def test_what_cannot_be_says_why() -> None:
    for number in (1, 0, -3, 2.5, "4", None):
        assert "from 2" in (invalid_count({"experts": number}, "experts", 2, "why") or "")
        assert repr(number) in (invalid_count({"experts": number}, "experts", 2, "why") or "")
    assert invalid_count({"experts": 2}, "experts", 2, "why") is None
    valid = [invalid_gate_dropout({"gate_dropout": rate}) is None for rate in (-0.1, 0, 0.5, 1)]
    assert valid == [False, True, True, False]


def test_a_task_may_not_bear_the_name_of_an_expert() -> None:
    """Both would draw the same random numbers."""
    assert "shared 2" in (expert_name_clash(("a", "shared 2"), 2) or "")
    assert expert_name_clash(("a", "shared 2"), 1) is None
    assert "'a 2'" in (expert_name_clash(("a", "a 2"), 1, 2) or "")
    assert expert_name_clash(("a", "b"), 3, 3) is None
