"""Options of experts and gates that cannot be, and why, in words."""

from __future__ import annotations

from mtl_core.sharing.blocks.option_checks import miscounted, misdropped, namesake


def test_what_cannot_be_says_why() -> None:
    for number in (1, 0, -3, 2.5, "4", None):
        assert "from 2" in (miscounted({"experts": number}, "experts", 2, "why") or "")
        assert repr(number) in (miscounted({"experts": number}, "experts", 2, "why") or "")
    assert miscounted({"experts": 2}, "experts", 2, "why") is None
    assert [misdropped({"gate_dropout": rate}) is None for rate in (-0.1, 0, 0.5, 1)] == [False, True, True, False]


def test_a_task_may_not_bear_the_name_of_an_expert() -> None:
    """Both would draw the same random numbers."""
    assert "shared 2" in (namesake(("a", "shared 2"), 2) or "")
    assert namesake(("a", "shared 2"), 1) is None
    assert "'a 2'" in (namesake(("a", "a 2"), 1, 2) or "")
    assert namesake(("a", "b"), 3, 3) is None
