"""Going through frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.records.frames import each, groups

FRAME = pd.DataFrame({"arm": ["b", "a", "b", "c"], "depth": [np.nan, 1.0, np.nan, np.nan], "skill": [1, 2, 3, 4]})


def test_rows_have_their_columns_as_attributes() -> None:
    assert [(row.arm, row.skill) for row in each(FRAME)] == [("b", 1), ("a", 2), ("b", 3), ("c", 4)]


def test_groups_come_in_the_order_of_their_first_rows_and_keep_missing_values() -> None:
    found = list(groups(FRAME, ["arm", "depth"]))
    assert [facts["arm"] for facts, _ in found] == ["b", "a", "c"]
    assert [list(facts) for facts, _ in found] == [["arm", "depth"]] * 3
    assert np.isnan(found[0][0]["depth"])
    assert found[0][1]["skill"].tolist() == [1, 3]


def test_one_key_gives_its_value_and_no_tuple() -> None:
    assert [facts for facts, _ in groups(FRAME, ["arm"])] == [{"arm": "b"}, {"arm": "a"}, {"arm": "c"}]
