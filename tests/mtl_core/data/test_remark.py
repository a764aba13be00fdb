"""Remarks: of a known kind, in the order of their consequences."""

from __future__ import annotations

import json

import pytest

from mtl_core.data.remark import KINDS, Remark, ordered

CONSEQUENCES = ["verdict", "number", "information"]


def test_remarks_come_in_the_order_of_what_they_could_change() -> None:
    ranks = [CONSEQUENCES.index(remark.consequence) for remark in ordered([Remark(k, "", "") for k in sorted(KINDS)])]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}


def test_remarks_of_a_kind_keep_their_order() -> None:
    assert [remark.subject for remark in ordered([Remark("leak", name, "") for name in "bca"])] == ["b", "c", "a"]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind of remark"):
        Remark("leek", "x", "Column 'x'.")


def test_facts_are_json() -> None:
    facts = Remark("leak", "x", "Column 'x' is y.").facts()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["consequence"] == "verdict"
