"""Groups that are probably one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtl_core.data.tabular.near_groups import remarks_on_near_groups
from tests.mtl_core.data.tabular.files import column


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["p1", "P1", "p2"], "'P1', 'p1'"),
        (["p1 ", "p1", "p2"], "'p1', 'p1 '"),
        (["A", "01", "1", None], "'01', '1'"),
        ([0.3, 0.1 + 0.2, 1.0], "0.3 and 0.30000000000000004"),
        (["p1", "p2"], ""),
        ([1e9, 1e9 + 3.0, None], ""),
        ([1, 2, 10**15, 10**15 + 1], ""),
    ],
)
def test_names_that_differ_by_little_are_said(names: list[Any], said: str) -> None:
    told = " ".join(remark.text for remark in remarks_on_near_groups(column(names)))
    assert (said in told) if said else not told


def test_codes_in_float64_are_no_rounding() -> None:
    assert remarks_on_near_groups(column(2_000_000_001.0 + np.arange(9))) == []
